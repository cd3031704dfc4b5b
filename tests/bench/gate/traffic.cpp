// SPDX-License-Identifier: Apache-2.0
// Traffic for the gate benchmark. `serve PORT` answers on every connection by its first byte: 'e' echoes
// messages of 200 bytes, 's' swallows bytes to the end and answers one byte. `echo HOST PORT N` prints the
// median and the 99th percentile of N round trips in ns; `bulk HOST PORT BYTES FLOWS` prints bytes a second,
// to the last byte's acknowledgement by the server.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kMessage = 200;
constexpr std::size_t kBlock = 256U << 10U;

[[noreturn]] void die(const char* what) {
  std::perror(what);
  std::exit(1);
}

void send_all(int fd, const char* data, std::size_t size) {
  while (size != 0) {
    const ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
    if (n <= 0) die("send");
    data += n;
    size -= static_cast<std::size_t>(n);
  }
}

bool receive_all(int fd, char* data, std::size_t size) {
  while (size != 0) {
    const ssize_t n = recv(fd, data, size, 0);
    if (n <= 0) return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

void no_delay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

void answer(int fd) {
  std::vector<char> block(kBlock);
  no_delay(fd);
  char kind = 0;
  if (receive_all(fd, &kind, 1)) {
    if (kind == 'e')
      while (receive_all(fd, block.data(), kMessage)) send_all(fd, block.data(), kMessage);
    else
      while (recv(fd, block.data(), block.size(), 0) > 0) continue;
    if (kind == 's') send_all(fd, "k", 1);
  }
  close(fd);
}

int serve(std::uint16_t port) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(listener, 64) != 0)
    die("listen");
  std::puts("serving");
  std::fflush(stdout);
  for (;;) {
    const int fd = accept(listener, nullptr, nullptr);
    if (fd < 0) die("accept");
    std::thread{answer, fd}.detach();
  }
}

int dial(const char* host, const char* port, char kind) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(port)));
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) die("address");
  if (connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) die("connect");
  no_delay(fd);
  send_all(fd, &kind, 1);
  return fd;
}

int echo(const char* host, const char* port, std::size_t rounds) {
  const int fd = dial(host, port, 'e');
  std::string message(kMessage, 'm');
  std::vector<std::int64_t> times;
  for (std::size_t i = 0; i < rounds + rounds / 10; ++i) {
    const auto began = Clock::now();
    send_all(fd, message.data(), message.size());
    if (!receive_all(fd, message.data(), message.size())) die("recv");
    if (i >= rounds / 10) times.push_back(std::chrono::nanoseconds{Clock::now() - began}.count());
  }
  std::ranges::sort(times);
  std::printf("%ld %ld\n", times[times.size() / 2], times[times.size() * 99 / 100]);
  return 0;
}

void bulk_flow(const char* host, const char* port, std::uint64_t bytes) {
  const int fd = dial(host, port, 's');
  // Words, not zeros: what the detectors see in a real transfer of text.
  std::string block;
  while (block.size() < kBlock) block += "the quick brown fox jumps over the lazy dog and runs away\n";
  for (std::uint64_t sent = 0; sent < bytes; sent += block.size()) send_all(fd, block.data(), block.size());
  shutdown(fd, SHUT_WR);
  char done = 0;
  if (!receive_all(fd, &done, 1)) die("the server did not confirm");
  close(fd);
}

int bulk(const char* host, const char* port, std::uint64_t bytes, unsigned flows) {
  const auto began = Clock::now();
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < flows; ++i) threads.emplace_back(bulk_flow, host, port, bytes / flows);
  for (std::thread& thread : threads) thread.join();
  std::printf("%.0f\n",
              static_cast<double>(bytes) / std::chrono::duration<double>(Clock::now() - began).count());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string verb = argc > 1 ? argv[1] : "";
  if (verb == "serve" && argc == 3) return serve(static_cast<std::uint16_t>(std::atoi(argv[2])));
  if (verb == "echo" && argc == 5) return echo(argv[2], argv[3], std::strtoul(argv[4], nullptr, 10));
  if (verb == "bulk" && argc == 6)
    return bulk(argv[2], argv[3], std::strtoull(argv[4], nullptr, 10),
                static_cast<unsigned>(std::atoi(argv[5])));
  std::fputs("usage: gate_traffic serve PORT | echo HOST PORT N | bulk HOST PORT BYTES FLOWS\n", stderr);
  return 2;
}
