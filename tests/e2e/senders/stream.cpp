// SPDX-License-Identifier: Apache-2.0
// TCP by each system call that copies the bytes, and by the variants of the protocol.
#include <linux/mptcp.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "sender.h"

namespace sluice::sender {
namespace {

constexpr std::size_t kPieces = 4;
constexpr std::size_t kSmall = 1000;
#ifndef SOL_MPTCP
constexpr int SOL_MPTCP = 284;
#endif

iovec to_iovec(Bytes data) {
  return {.iov_base = const_cast<std::byte*>(data.data()),
          .iov_len = data.size()};  // the kernel only reads it
}

/// The bytes in kPieces buffers, as a gathering call takes them.
std::array<iovec, kPieces> gather(Bytes data) {
  std::array<iovec, kPieces> out{};
  const std::size_t step = data.size() / kPieces;
  for (std::size_t i = 0; i < kPieces; ++i)
    out[i] = to_iovec(data.subspan(i * step, i + 1 == kPieces ? std::dynamic_extent : step));
  return out;
}

void by_write(int socket, const Job& job) {
  send_all(job.data, "write", [&](Bytes rest) { return write(socket, rest.data(), rest.size()); });
}

void by_writev(int socket, const Job& job) {
  send_all(job.data, "writev", [&](Bytes rest) { return writev(socket, gather(rest).data(), kPieces); });
}

void by_pwritev2(int socket, const Job& job) {
  send_all(job.data, "pwritev2",
           [&](Bytes rest) { return pwritev2(socket, gather(rest).data(), kPieces, -1, 0); });
}

void by_send(int socket, const Job& job) {
  send_all(job.data, "send", [&](Bytes rest) { return send(socket, rest.data(), rest.size(), 0); });
}

void by_sendto(int socket, const Job& job) {
  // A connected stream ignores the address.
  send_all(job.data, "sendto", [&](Bytes rest) {
    return sendto(socket, rest.data(), rest.size(), 0, job.to.get(), job.to.size);
  });
}

void by_sendmsg(int socket, const Job& job) {
  send_all(job.data, "sendmsg", [&](Bytes rest) {
    auto pieces = gather(rest);
    const msghdr message{.msg_iov = pieces.data(), .msg_iovlen = pieces.size()};
    return sendmsg(socket, &message, 0);
  });
}

void by_sendmmsg(int socket, const Job& job) {
  auto pieces = gather(job.data);
  std::array<mmsghdr, kPieces> messages{};
  for (std::size_t i = 0; i < kPieces; ++i) messages[i].msg_hdr = {.msg_iov = &pieces[i], .msg_iovlen = 1};
  for (std::size_t sent = 0; sent < kPieces;)
    sent += static_cast<std::size_t>(
        done(sendmmsg(socket, &messages[sent], static_cast<unsigned>(kPieces - sent), 0), "sendmmsg"));
  for (std::size_t i = 0; i < kPieces; ++i)
    if (messages[i].msg_len != pieces[i].iov_len) failed("sendmmsg took a part only");
}

/// Every piece with its last byte marked urgent; the far side reads urgent bytes in line.
void by_urgent(int socket, const Job& job) {
  send_all(job.data, "send MSG_OOB", [&](Bytes rest) {
    return send(socket, rest.data(), std::min(rest.size(), 10 * kSmall), MSG_OOB);
  });
}

bool is_connected(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  done(getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
  return info.tcpi_state == TCP_ESTABLISHED;
}

/// Each byte in a segment of its own, when the far side has the one before.
void byte_by_byte(int socket, const Job& job) {
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
  send_all(job.data, "send", [&](Bytes rest) {
    for (int left = 1; left > 0 && is_connected(socket); sched_yield())
      done(ioctl(socket, SIOCOUTQ, &left), "SIOCOUTQ");
    return send(socket, rest.data(), 1, 0);
  });
}

void by_more(int socket, const Job& job) {
  send_all(job.data, "send MSG_MORE", [&](Bytes rest) {
    const std::size_t n = std::min(rest.size(), kSmall);
    return send(socket, rest.data(), n, n < rest.size() ? MSG_MORE : 0);
  });
}

void expect_option(int socket, int name, std::string_view what) {
  // A kick takes the cork away for an instant, so one look may be unlucky.
  for (int look = 0; look < 200; ++look) {
    int value = 0;
    socklen_t size = sizeof value;
    done(getsockopt(socket, IPPROTO_TCP, name, &value, &size), what);
    if (value != 0) return;
    const timespec moment{.tv_sec = 0, .tv_nsec = 1'000'000};
    nanosleep(&moment, nullptr);
  }
  errno = EINVAL;
  failed(what);
}

template <int Option>
void by_small_writes(int socket, const Job& job) {
  set_option(socket, IPPROTO_TCP, Option, 1, "set the option");
  send_all(job.data, "send",
           [&](Bytes rest) { return send(socket, rest.data(), std::min(rest.size(), kSmall), 0); });
  expect_option(socket, Option, "the option was lost while the bytes were sent");
}

/// The first bytes travel in the SYN.
void fast_open(const Job& job) {
  const int made = static_cast<int>(done(socket(job.to.family(), SOCK_STREAM, 0), "socket"));
  announce(getpid());
  send_all(job.data, "sendto MSG_FASTOPEN", [&, first = true](Bytes rest) mutable {
    if (!std::exchange(first, false)) return send(made, rest.data(), rest.size(), 0);
    return offered(sendto(made, rest.data(), rest.size(), MSG_FASTOPEN, job.to.get(), job.to.size),
                   "fast open");
  });
  finish(made);
}

void multipath(const Job& job) {
  const int made = connect_tcp(job, IPPROTO_MPTCP);
  mptcp_info info{};
  socklen_t size = sizeof info;
  offered(getsockopt(made, SOL_MPTCP, MPTCP_INFO, &info, &size), "MPTCP_INFO");
  if (info.mptcpi_flags & MPTCP_INFO_FLAG_FALLBACK) not_offered("the far side speaks plain TCP");
  announce(getpid());
  by_send(made, job);
  finish(made);
}

/// An IPv6 socket that speaks IPv4.
void mapped(const Job& job) {
  Job other = job;
  other.to = to_address("::ffff:" + job.host, job.port);
  over_tcp<by_send>(other);
}

void with_ip_options(const Job& job) {
  const int made = static_cast<int>(done(socket(AF_INET, SOCK_STREAM, 0), "socket"));
  const std::array<std::uint8_t, 4> no_operations{1, 1, 1, 0};  // RFC 791, 3.1
  offered(setsockopt(made, IPPROTO_IP, IP_OPTIONS, no_operations.data(), no_operations.size()), "IP_OPTIONS");
  done(connect(made, job.to.get(), job.to.size), "connect");
  announce(getpid());
  by_send(made, job);
  finish(made);
}

constexpr std::array kPaths{
    Path{"write", over_tcp<by_write>},
    Path{"writev", over_tcp<by_writev>},
    Path{"pwritev2", over_tcp<by_pwritev2>},
    Path{"send", over_tcp<by_send>},
    Path{"sendto", over_tcp<by_sendto>},
    Path{"sendmsg", over_tcp<by_sendmsg>},
    Path{"sendmmsg", over_tcp<by_sendmmsg>},
    Path{"urgent", over_tcp<by_urgent>},
    Path{"byte-by-byte", over_tcp<byte_by_byte>},
    Path{"more", over_tcp<by_more>},
    Path{"cork", over_tcp<by_small_writes<TCP_CORK>>},
    Path{"nodelay", over_tcp<by_small_writes<TCP_NODELAY>>},
    Path{"fastopen", fast_open},
    Path{"mptcp", multipath},
    Path{"tcp6", over_tcp<by_send>},
    Path{"mapped", mapped},
    Path{"ip-options", with_ip_options},
};

}  // namespace

std::span<const Path> stream_paths() { return kPaths; }

}  // namespace sluice::sender
