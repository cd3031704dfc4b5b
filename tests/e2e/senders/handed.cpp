// SPDX-License-Identifier: Apache-2.0
// TCP on a socket that changed hands, or whose process changed place, between its making and the sending.
#include <netinet/in.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "sender.h"

namespace sluice::sender {
namespace {

void send_bytes(int socket, const Job& job) {
  announce(getpid());
  send_all(job.data, "send", [&](Bytes rest) { return send(socket, rest.data(), rest.size(), 0); });
}

void send_and_finish(int socket, const Job& job) {
  send_bytes(socket, job);
  finish(socket);
}

std::array<int, 2> make_pair() {
  std::array<int, 2> ends{};
  done(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), "socketpair");
  return ends;
}

void inherited(const Job& job) {
  const int made = connect_tcp(job);
  const pid_t child = static_cast<pid_t>(done(fork(), "fork"));
  if (child != 0) end_as(child);
  send_and_finish(made, job);
}

/// The connecting process is gone before its child sends.
void outlived(const Job& job) {
  const int made = connect_tcp(job);
  const auto ends = make_pair();
  const pid_t child = static_cast<pid_t>(done(fork(), "fork"));
  if (child != 0) _exit(EXIT_SUCCESS);
  close(ends[0]);
  char ignored = 0;
  done(read(ends[1], &ignored, 1), "wait for the parent's end");
  send_and_finish(made, job);
}

void pass_descriptor(int channel, int descriptor) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  char byte = 0;
  iovec piece{.iov_base = &byte, .iov_len = 1};
  msghdr message{
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.data(), .msg_controllen = control.size()};
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof descriptor);
  std::memcpy(CMSG_DATA(header), &descriptor, sizeof descriptor);
  done(sendmsg(channel, &message, 0), "pass the socket");
}

int take_descriptor(int channel) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  char byte = 0;
  iovec piece{.iov_base = &byte, .iov_len = 1};
  msghdr message{
      .msg_iov = &piece, .msg_iovlen = 1, .msg_control = control.data(), .msg_controllen = control.size()};
  done(recvmsg(channel, &message, 0), "take the socket");
  const cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr) failed("no socket came");
  int descriptor = -1;
  std::memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
  return descriptor;
}

void passed(const Job& job) {
  const auto ends = make_pair();
  const pid_t child = static_cast<pid_t>(done(fork(), "fork"));
  if (child == 0) {
    send_and_finish(take_descriptor(ends[1]), job);
    _exit(EXIT_SUCCESS);
  }
  const int made = connect_tcp(job);
  pass_descriptor(ends[0], made);
  close(made);
  end_as(child);
}

/// The child takes a duplicate; the parent keeps its own descriptor and never sends.
void taken(const Job& job) {
  const auto ends = make_pair();
  const pid_t parent = getpid();
  const pid_t child = static_cast<pid_t>(done(fork(), "fork"));
  if (child == 0) {
    int theirs = -1;
    done(read(ends[1], &theirs, sizeof theirs), "read the number");
    const auto process = offered(syscall(SYS_pidfd_open, parent, 0), "pidfd_open");
    send_and_finish(static_cast<int>(offered(syscall(SYS_pidfd_getfd, process, theirs, 0), "pidfd_getfd")),
                    job);
    _exit(EXIT_SUCCESS);
  }
  const int made = connect_tcp(job);
  done(write(ends[0], &made, sizeof made), "tell the number");
  end_as(child);
}

/// The test starts the daemon between the two.
void opened_before(const Job& job) {
  const int made = connect_tcp(job);
  done(write(STDOUT_FILENO, "connected\n", 10), "say so");
  char ignored = 0;
  done(read(STDIN_FILENO, &ignored, 1), "wait for the word");
  send_and_finish(made, job);
}

/// This process is the server; the test connects to the port that it prints.
void accepted(const Job& job) {
  const int listener = static_cast<int>(done(socket(AF_INET, SOCK_STREAM, 0), "socket"));
  done(listen(listener, 1), "listen");
  sockaddr_in own{};
  socklen_t size = sizeof own;
  done(getsockname(listener, reinterpret_cast<sockaddr*>(&own), &size), "getsockname");
  std::printf("listening %d\n", ntohs(own.sin_port));
  std::fflush(stdout);
  send_and_finish(static_cast<int>(done(accept(listener, nullptr, nullptr), "accept")), job);
}

std::string own_cgroup() {
  std::string line;
  std::string mount;
  for (std::ifstream mounts{"/proc/self/mounts"}; std::getline(mounts, line);) {
    const auto where = line.find(' ') + 1;
    const auto type = line.find(' ', where) + 1;
    if (line.compare(type, 8, "cgroup2 ") == 0) mount = line.substr(where, type - where - 1);
  }
  for (std::ifstream groups{"/proc/self/cgroup"}; std::getline(groups, line);)
    if (line.starts_with("0::")) return mount + line.substr(3);
  errno = ENOENT;
  not_offered("cgroup v2");
}

void moved_cgroup(const Job& job) {
  const int made = connect_tcp(job);
  const std::string group = own_cgroup() + "/moved";
  if (mkdir(group.c_str(), 0755) != 0 && errno != EEXIST) failed("make a cgroup");
  std::ofstream procs{group + "/cgroup.procs"};
  if (!(procs << getpid() << std::flush)) failed("move to the cgroup");
  send_and_finish(made, job);
}

void moved_netns(const Job& job) {
  const int made = connect_tcp(job);
  done(unshare(CLONE_NEWNET), "unshare the network namespace");
  send_and_finish(made, job);
}

void orphan(const Job& job) {
  const int made = connect_tcp(job);
  send_bytes(made, job);
  close(made);
}

void other_user(const Job& job) {
  const int made = connect_tcp(job);
  constexpr uid_t kNobody = 65534;
  done(setresuid(kNobody, kNobody, kNobody), "setuid");
  send_and_finish(made, job);
}

constexpr std::array kPaths{
    Path{"accepted", accepted},
    Path{"inherited", inherited},
    Path{"outlived", outlived},
    Path{"scm-rights", passed},
    Path{"pidfd-getfd", taken},
    Path{"before-daemon", opened_before},
    Path{"moved-cgroup", moved_cgroup},
    Path{"moved-netns", moved_netns},
    Path{"orphan", orphan},
    Path{"setuid", other_user},
};

}  // namespace

std::span<const Path> handed_paths() { return kPaths; }

}  // namespace sluice::sender
