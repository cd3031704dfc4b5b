// SPDX-License-Identifier: Apache-2.0
// TCP by the calls that hand over pages instead of copying bytes: the packet refers to the page cache or to
// the sender's own memory.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "sender.h"

namespace sluice::sender {
namespace {

struct Pipe {
  int read_end = -1;
  int write_end = -1;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  done(pipe(ends.data()), "pipe");
  return {.read_end = ends[0], .write_end = ends[1]};
}

int open_file(const Job& job) {
  return static_cast<int>(done(open(job.file.c_str(), O_RDONLY | O_CLOEXEC), "open the file"));
}

/// Everything that is in the pipe goes to the socket.
void drain(const Pipe& from, int socket, std::size_t n) {
  while (n > 0)
    n -= static_cast<std::size_t>(
        done(splice(from.read_end, nullptr, socket, nullptr, n, SPLICE_F_MOVE), "splice to the socket"));
}

void by_sendfile(int socket, const Job& job) {
  const int file = open_file(job);
  for (std::size_t left = job.data.size(); left > 0;)
    left -= static_cast<std::size_t>(done(sendfile(socket, file, nullptr, left), "sendfile"));
}

void by_splice(int socket, const Job& job) {
  const int file = open_file(job);
  const Pipe pipe = make_pipe();
  for (std::size_t left = job.data.size(); left > 0;) {
    const auto n = static_cast<std::size_t>(
        done(splice(file, nullptr, pipe.write_end, nullptr, left, SPLICE_F_MOVE), "splice from the file"));
    drain(pipe, socket, n);
    left -= n;
  }
}

void by_tee(int socket, const Job& job) {
  const Pipe first = make_pipe();
  const Pipe second = make_pipe();
  send_all(job.data, "tee", [&](Bytes rest) {
    const auto written = write(first.write_end, rest.data(), std::min<std::size_t>(rest.size(), 16384));
    const auto n = static_cast<std::size_t>(done(written, "write to the pipe"));
    done(tee(first.read_end, second.write_end, n, 0), "tee");
    drain(second, socket, n);
    std::vector<char> ignored(n);
    return read(first.read_end, ignored.data(), n);
  });
}

void by_vmsplice(int socket, const Job& job) {
  const Pipe pipe = make_pipe();
  send_all(job.data, "vmsplice", [&](Bytes rest) {
    const iovec piece{.iov_base = const_cast<std::byte*>(rest.data()), .iov_len = rest.size()};
    const auto n = done(vmsplice(pipe.write_end, &piece, 1, 0), "vmsplice");
    drain(pipe, socket, static_cast<std::size_t>(n));
    return n;
  });
}

void by_zerocopy(int socket, const Job& job) {
  set_option(socket, SOL_SOCKET, SO_ZEROCOPY, 1, "SO_ZEROCOPY");
  send_all(job.data, "send MSG_ZEROCOPY",
           [&](Bytes rest) { return send(socket, rest.data(), rest.size(), MSG_ZEROCOPY); });
}

/// Bytes that were never in the sender's buffers: a mapping of the file.
void by_mapping(int socket, const Job& job) {
  void* const mapped = mmap(nullptr, job.data.size(), PROT_READ, MAP_SHARED, open_file(job), 0);
  if (mapped == MAP_FAILED) failed("mmap");
  send_all({static_cast<const std::byte*>(mapped), job.data.size()}, "send",
           [&](Bytes rest) { return send(socket, rest.data(), rest.size(), 0); });
}

constexpr std::array kPaths{
    Path{"sendfile", over_tcp<by_sendfile>}, Path{"splice", over_tcp<by_splice>},
    Path{"tee", over_tcp<by_tee>},           Path{"vmsplice", over_tcp<by_vmsplice>},
    Path{"zerocopy", over_tcp<by_zerocopy>}, Path{"mmap", over_tcp<by_mapping>},
};

}  // namespace

std::span<const Path> page_paths() { return kPaths; }

}  // namespace sluice::sender
