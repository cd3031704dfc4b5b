// SPDX-License-Identifier: Apache-2.0
#include "enforce/socket_access.h"

#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <charconv>
#include <memory>
#include <string>
#include <string_view>

namespace sluice::enforce {
namespace {

bool is_socket(int fd, SocketCookie cookie) {
  std::uint64_t found = 0;
  socklen_t size = sizeof found;
  return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &found, &size) == 0 && SocketCookie{found} == cookie;
}

/// Walks /proc/PID/fd for the socket's inode: 60 to 200 us, so only when the remembered descriptor is wrong.
int find_descriptor(Tgid pid, std::uint64_t inode) {
  const std::string directory = "/proc/" + std::to_string(std::to_underlying(pid)) + "/fd";
  const std::unique_ptr<DIR, int (*)(DIR*)> dir{opendir(directory.c_str()), &closedir};
  if (!dir) return -1;
  const std::string wanted = "socket:[" + std::to_string(inode) + "]";
  while (const dirent* entry = readdir(dir.get())) {
    char link[64];
    const ssize_t n = readlinkat(dirfd(dir.get()), entry->d_name, link, sizeof link);
    if (n <= 0 || std::string_view{link, static_cast<std::size_t>(n)} != wanted) continue;
    const std::string_view name{entry->d_name};
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    return fd;
  }
  return -1;
}

}  // namespace

int SocketAccess::pidfd(Tgid pid) {
  if (const auto known = pidfds_.find(pid); known != pidfds_.end()) return known->second.get();
  if (pidfds_.size() >= kMaxPidfds) pidfds_.clear();  // cheap to reopen
  UniqueFd fd{static_cast<int>(syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0))};
  if (!fd) return -1;
  return pidfds_.emplace(pid, std::move(fd)).first->second.get();
}

UniqueFd SocketAccess::try_place(const Place& place, SocketCookie cookie) {
  const int process = pidfd(place.pid);
  if (process < 0 || place.fd < 0) return {};
  UniqueFd fd{static_cast<int>(syscall(SYS_pidfd_getfd, process, place.fd, 0))};
  if (fd && is_socket(fd.get(), cookie)) return fd;
  if (!fd && errno == ESRCH) pidfds_.erase(place.pid);
  return {};
}

Result<UniqueFd> SocketAccess::duplicate(const FlowFacts& flow) {
  const SocketCookie cookie = flow.key.cookie;
  if (const auto known = fds_.find(cookie); known != fds_.end() && known->second.pid == flow.owner.pid) {
    if (UniqueFd fd = try_place(known->second, cookie)) return fd;
    fds_.erase(known);
  }
  if (flow.owner.pid == Tgid{}) return fail(ESRCH, "the flow's owner is not known yet");
  const Place place{flow.owner.pid, find_descriptor(flow.owner.pid, flow.socket_inode)};
  UniqueFd fd = try_place(place, cookie);
  if (!fd) return fail(ESRCH, "no descriptor of the owner refers to the socket");
  if (fds_.size() >= kMaxPlaces) fds_.clear();
  fds_.emplace(cookie, place);
  return fd;
}

Result<bool> kick(int socket) {
  int corked = 0;
  socklen_t size = sizeof corked;
  if (getsockopt(socket, IPPROTO_TCP, TCP_CORK, &corked, &size) != 0) return fail(errno, "read TCP_CORK");
  if (corked != 0) return false;
  const int off = 0;
  if (setsockopt(socket, IPPROTO_TCP, TCP_CORK, &off, sizeof off) != 0) return fail(errno, "push held bytes");
  return true;
}

Result<> disconnect(int socket) {
  sockaddr unspecified{};
  unspecified.sa_family = AF_UNSPEC;
  if (connect(socket, &unspecified, sizeof unspecified) != 0) return fail(errno, "disconnect the socket");
  return {};
}

}  // namespace sluice::enforce
