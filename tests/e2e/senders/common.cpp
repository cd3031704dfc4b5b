// SPDX-License-Identifier: Apache-2.0
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "sender.h"

namespace sluice::sender {
namespace {

constexpr int kNotOffered = 77;

[[noreturn]] void end(int code, std::string_view what) {
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(), std::strerror(errno));
  std::fflush(nullptr);
  _exit(code);
}

bool means_not_offered(int error) {
  switch (error) {
    case ENOSYS:
    case EOPNOTSUPP:
    case EPROTONOSUPPORT:
    case EAFNOSUPPORT:
    case ESOCKTNOSUPPORT:
    case ENOPROTOOPT:
    case ENODEV:
    case ENXIO:
    case ENOENT:
      return true;
    default:
      return false;
  }
}

}  // namespace

void not_offered(std::string_view what) { end(kNotOffered, what); }
void failed(std::string_view what) { end(EXIT_FAILURE, what); }

long done(long result, std::string_view what) {
  if (result < 0) failed(what);
  return result;
}

long offered(long result, std::string_view what) {
  if (result < 0 && means_not_offered(errno)) not_offered(what);
  return done(result, what);
}

void set_option(int socket, int level, int name, int value, std::string_view what) {
  offered(setsockopt(socket, level, name, &value, sizeof value), what);
}

void announce(pid_t writer) {
  std::printf("writer %d\n", writer);
  std::fflush(stdout);
}

Address to_address(const std::string& host, std::uint16_t port) {
  Address out;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    out.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    out.size = sizeof *v6;
  } else {
    errno = EINVAL;
    failed("read the address");
  }
  return out;
}

int connect_tcp(const Job& job, int protocol) {
  const int made = static_cast<int>(offered(socket(job.to.family(), SOCK_STREAM, protocol), "socket"));
  done(connect(made, job.to.get(), job.to.size), "connect");
  return made;
}

void finish(int socket) {
  done(shutdown(socket, SHUT_WR), "shutdown");
  char ignored[4096];
  while (done(read(socket, ignored, sizeof ignored), "wait for the far side") > 0) {
  }
  close(socket);
}

void linger() {
  char ignored = 0;
  while (read(STDIN_FILENO, &ignored, 1) > 0) {
  }
}

void end_as(pid_t child) {
  int status = 0;
  done(waitpid(child, &status, 0), "wait for the child");
  _exit(WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE);
}

}  // namespace sluice::sender
