// SPDX-License-Identifier: Apache-2.0
#include "enforce/socket_access.h"

#include <dirent.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
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

/// N of "socket:[N]", or 0.
std::uint64_t socket_inode(std::string_view link) {
  constexpr std::string_view kKind = "socket:[";
  std::uint64_t inode = 0;
  if (link.starts_with(kKind)) std::from_chars(link.data() + kKind.size(), link.data() + link.size(), inode);
  return inode;
}

// A process that opens one connection after the other gets one descriptor after the other.
constexpr int kGuesses = 4;

}  // namespace

SocketAccess::Process* SocketAccess::process(Tgid pid) {
  if (const auto known = processes_.find(pid); known != processes_.end()) return &known->second;
  if (processes_.size() >= kMaxProcesses) processes_.clear();  // cheap to find again
  UniqueFd pidfd{static_cast<int>(syscall(SYS_pidfd_open, static_cast<pid_t>(pid), 0))};
  if (!pidfd) return nullptr;
  return &processes_.emplace(pid, Process{.pidfd = std::move(pidfd), .sockets = {}}).first->second;
}

UniqueFd SocketAccess::try_descriptor(const Process& process, int fd, SocketCookie cookie) {
  if (fd < 0) return {};
  UniqueFd copy{static_cast<int>(syscall(SYS_pidfd_getfd, process.pidfd.get(), fd, 0))};
  return copy && is_socket(copy.get(), cookie) ? std::move(copy) : UniqueFd{};
}

UniqueFd SocketAccess::guess(Process& process, const FlowFacts& flow) {
  if (const auto known = process.sockets.find(flow.socket_inode); known != process.sockets.end()) {
    if (UniqueFd fd = try_descriptor(process, known->second, flow.key.cookie)) return fd;
    process.sockets.erase(known);
  }
  for (int fd = process.newest; fd <= process.newest + kGuesses; ++fd) {
    UniqueFd copy = try_descriptor(process, fd, flow.key.cookie);
    if (!copy) continue;
    process.newest = fd;
    if (process.sockets.size() < kMaxSockets) process.sockets.insert_or_assign(flow.socket_inode, fd);
    return copy;
  }
  return {};
}

bool SocketAccess::list(Tgid pid, Process& process) {
  const std::uint64_t began_ns = clock_.boottime_ns();
  if (began_ns < process.list_again_ns) return false;
  const std::string directory = "/proc/" + std::to_string(std::to_underlying(pid)) + "/fd";
  const std::unique_ptr<DIR, int (*)(DIR*)> dir{opendir(directory.c_str()), &closedir};
  if (!dir) return false;
  process.sockets.clear();
  while (const dirent* entry = readdir(dir.get())) {
    if (process.sockets.size() >= kMaxSockets) break;
    char link[64];
    const ssize_t n = readlinkat(dirfd(dir.get()), entry->d_name, link, sizeof link);
    const std::uint64_t inode = n > 0 ? socket_inode({link, static_cast<std::size_t>(n)}) : 0;
    if (inode == 0) continue;
    const std::string_view name{entry->d_name};
    int fd = -1;
    std::from_chars(name.data(), name.data() + name.size(), fd);
    process.sockets.insert_or_assign(inode, fd);
    process.newest = std::max(process.newest, fd);
  }
  const std::uint64_t ended_ns = clock_.boottime_ns();
  process.list_again_ns = ended_ns + 10 * (ended_ns - began_ns);
  return true;
}

Result<UniqueFd> SocketAccess::duplicate(const FlowFacts& flow) {
  if (flow.owner.pid == Tgid{}) return fail(ESRCH, "the flow's owner is not known yet");
  Process* owner = process(flow.owner.pid);
  if (owner == nullptr) return fail(errno, "open the owner's pidfd");
  if (UniqueFd fd = guess(*owner, flow)) return fd;
  if (list(flow.owner.pid, *owner))
    if (UniqueFd fd = guess(*owner, flow)) return fd;
  return fail(ESRCH, "no descriptor of the owner refers to the socket");
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
