// SPDX-License-Identifier: Apache-2.0
// The sender: hands a file's bytes to HOST PORT by one named way out of the kernel. It ends with 0 when the
// bytes were taken (TCP: and the far side closed without a reset), 1 when they were refused, 77 when this
// kernel does not offer the way; the reason stands on stderr. Before the bytes it prints `writer PID`: the
// process that hands them over.
#pragma once

#include <sys/socket.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::sender {

using Bytes = std::span<const std::byte>;

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
  [[nodiscard]] int family() const { return storage.ss_family; }
};

struct Job {
  std::string host;
  std::uint16_t port = 0;
  std::string file;
  std::vector<std::byte> data;  // what the file holds
  Address to;
};

struct Path {
  std::string_view name;
  void (*run)(const Job&);
};

// One table a family.
std::span<const Path> stream_paths();
std::span<const Path> page_paths();
std::span<const Path> uring_paths();
std::span<const Path> handed_paths();
std::span<const Path> datagram_paths();
std::span<const Path> raw_paths();
std::span<const Path> link_paths();

/// A failed call ends the program, with the error's text. `offered` ends it with 77 where the error says that
/// this kernel does not have what was asked for.
[[noreturn]] void not_offered(std::string_view what);
[[noreturn]] void failed(std::string_view what);
long done(long result, std::string_view what);
long offered(long result, std::string_view what);
void set_option(int socket, int level, int name, int value, std::string_view what);

void announce(pid_t writer);

/// Numeric addresses only.
Address to_address(const std::string& host, std::uint16_t port);
int connect_tcp(const Job& job, int protocol = 0);
/// Ends the sending side and waits until the far side has read everything.
void finish(int socket);
/// Keeps the socket open until stdin ends, as a client that waits for an answer does.
void linger();
/// Waits for a child that does the sending and ends as it did.
void end_as(pid_t child);

/// Calls `send_some(rest)`, which returns the bytes it took, until nothing is left.
template <class F>
void send_all(Bytes data, std::string_view what, F send_some) {
  while (!data.empty()) data = data.subspan(static_cast<std::size_t>(done(send_some(data), what)));
}

template <void (*Write)(int socket, const Job&)>
void over_tcp(const Job& job) {
  const int socket = connect_tcp(job);
  announce(getpid());
  Write(socket, job);
  finish(socket);
}

}  // namespace sluice::sender
