// SPDX-License-Identifier: Apache-2.0
// UDP. After the bytes are handed over the socket stays open until stdin ends, as that of a client that waits
// for an answer does; `udp-orphan` ends at once.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>

#include "sender.h"

namespace sluice::sender {
namespace {

constexpr std::size_t kDatagram = 400;                // the test cuts what it expects alike
constexpr std::uint8_t kTypeOfService = 0x48;         // the test looks for it
constexpr const char* kSecondAddress = "198.18.0.9";  // the test gives it to this host

#ifndef IPPROTO_UDPLITE
constexpr int IPPROTO_UDPLITE = 136;
#endif

enum class Connected { no, yes };

int open_datagram(const Job& job, Connected connected, int protocol = 0) {
  const int made = static_cast<int>(offered(socket(job.to.family(), SOCK_DGRAM, protocol), "socket"));
  if (connected == Connected::yes) done(connect(made, job.to.get(), job.to.size), "connect");
  announce(getpid());
  return made;
}

template <class F>
void each_datagram(Bytes data, std::string_view what, F send_one) {
  for (; !data.empty(); data = data.subspan(std::min(kDatagram, data.size())))
    done(send_one(data.first(std::min(kDatagram, data.size()))), what);
}

iovec to_iovec(Bytes data) {
  return {.iov_base = const_cast<std::byte*>(data.data()), .iov_len = data.size()};
}

void send_each(int socket, const Job& job) {
  each_datagram(job.data, "sendto", [&](Bytes one) {
    return sendto(socket, one.data(), one.size(), 0, job.to.get(), job.to.size);
  });
}

void unconnected(const Job& job) {
  send_each(open_datagram(job, Connected::no), job);
  linger();
}

void orphan(const Job& job) { send_each(open_datagram(job, Connected::no), job); }

void connected(const Job& job) {
  const int made = open_datagram(job, Connected::yes);
  each_datagram(job.data, "send", [&](Bytes one) { return send(made, one.data(), one.size(), 0); });
  linger();
}

/// With this option a sender hears of drops on its own host, too; resolvers set it.
void with_errors_told(const Job& job) {
  const int made = open_datagram(job, Connected::yes);
  set_option(made, IPPROTO_IP, IP_RECVERR, 1, "IP_RECVERR");
  each_datagram(job.data, "send", [&](Bytes one) { return send(made, one.data(), one.size(), 0); });
  linger();
}

void by_write(const Job& job) {
  const int made = open_datagram(job, Connected::yes);
  each_datagram(job.data, "write", [&](Bytes one) { return write(made, one.data(), one.size()); });
  linger();
}

void by_sendmmsg(const Job& job) {
  const int made = open_datagram(job, Connected::yes);
  std::vector<iovec> pieces;
  for (Bytes rest = job.data; !rest.empty(); rest = rest.subspan(std::min(kDatagram, rest.size())))
    pieces.push_back(to_iovec(rest.first(std::min(kDatagram, rest.size()))));
  std::vector<mmsghdr> messages(pieces.size());
  for (std::size_t i = 0; i < pieces.size(); ++i)
    messages[i].msg_hdr = {.msg_iov = &pieces[i], .msg_iovlen = 1};
  for (std::size_t sent = 0; sent < messages.size();)
    sent += static_cast<std::size_t>(
        done(sendmmsg(made, &messages[sent], static_cast<unsigned>(messages.size() - sent), 0), "sendmmsg"));
  linger();
}

/// One call, cut into datagrams by the kernel.
void segmented(const Job& job) {
  const int made = open_datagram(job, Connected::yes);
  set_option(made, IPPROTO_UDP, UDP_SEGMENT, kDatagram, "UDP_SEGMENT");
  done(send(made, job.data.data(), job.data.size(), 0), "send");
  linger();
}

template <class Value>
long send_one_with(int socket, const Job& job, Bytes one, int level, int name, const Value& value) {
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(Value))> control{};
  iovec piece = to_iovec(one);
  msghdr message{.msg_name = const_cast<sockaddr*>(job.to.get()),
                 .msg_namelen = job.to.size,
                 .msg_iov = &piece,
                 .msg_iovlen = 1,
                 .msg_control = control.data(),
                 .msg_controllen = control.size()};
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = level;
  header->cmsg_type = name;
  header->cmsg_len = CMSG_LEN(sizeof value);
  std::memcpy(CMSG_DATA(header), &value, sizeof value);
  return sendmsg(socket, &message, 0);
}

template <class Value>
void send_with(int socket, const Job& job, int level, int name, const Value& value) {
  each_datagram(job.data, "sendmsg",
                [&](Bytes one) { return send_one_with(socket, job, one, level, name, value); });
}

/// As segmented(), asked for with the call and not for the socket.
void segmented_once(const Job& job) {
  const int made = open_datagram(job, Connected::no);
  const std::uint16_t size = kDatagram;
  offered(send_one_with(made, job, job.data, IPPROTO_UDP, UDP_SEGMENT, size), "UDP_SEGMENT");
  linger();
}

void with_type_of_service(const Job& job) {
  const int value = kTypeOfService;
  send_with(open_datagram(job, Connected::no), job, IPPROTO_IP, IP_TOS, value);
  linger();
}

/// The source address is chosen a datagram, as servers on a wildcard address do.
void with_packet_info(const Job& job) {
  in_pktinfo info{};
  inet_pton(AF_INET, kSecondAddress, &info.ipi_spec_dst);
  send_with(open_datagram(job, Connected::no), job, IPPROTO_IP, IP_PKTINFO, info);
  linger();
}

/// One datagram, longer than any link takes: the kernel fragments it behind the gate.
void whole(const Job& job) {
  const int made = open_datagram(job, Connected::no);
  done(sendto(made, job.data.data(), job.data.size(), 0, job.to.get(), job.to.size), "sendto");
  linger();
}

/// One datagram put together from several calls.
void corked(const Job& job) {
  const int made = open_datagram(job, Connected::yes);
  set_option(made, IPPROTO_UDP, UDP_CORK, 1, "UDP_CORK");
  each_datagram(job.data, "send", [&](Bytes one) { return send(made, one.data(), one.size(), 0); });
  set_option(made, IPPROTO_UDP, UDP_CORK, 0, "UDP_CORK off");
  linger();
}

/// The next datagram is begun while the last one waits for its clearance, on the same socket.
void corked_again(const Job& job) {
  const int made = open_datagram(job, Connected::yes);
  each_datagram(job.data, "send", [&](Bytes one) {
    const std::size_t half = one.size() / 2;
    done(send(made, one.data(), half, MSG_MORE), "send MSG_MORE");
    const timespec moment{.tv_sec = 0, .tv_nsec = 50'000'000};
    nanosleep(&moment, nullptr);  // long enough for the clearance of the one before
    return send(made, one.data() + half, one.size() - half, 0);
  });
  linger();
}

/// The datagram's pages are the sender's own and may change after the call.
void zerocopy(const Job& job) {
  const int made = open_datagram(job, Connected::yes);
  set_option(made, SOL_SOCKET, SO_ZEROCOPY, 1, "SO_ZEROCOPY");
  done(send(made, job.data.data(), job.data.size(), MSG_ZEROCOPY), "send MSG_ZEROCOPY");
  linger();
}

void by_sendfile(const Job& job) {
  const int made = open_datagram(job, Connected::yes);
  const int file = static_cast<int>(done(open(job.file.c_str(), O_RDONLY | O_CLOEXEC), "open the file"));
  done(sendfile(made, file, nullptr, job.data.size()), "sendfile");
  linger();
}

void lite(const Job& job) {
  send_each(open_datagram(job, Connected::no, IPPROTO_UDPLITE), job);
  linger();
}

constexpr std::array kPaths{
    Path{"udp-sendto", unconnected},
    Path{"udp-send", connected},
    Path{"udp-write", by_write},
    Path{"udp-sendmmsg", by_sendmmsg},
    Path{"udp-gso", segmented},
    Path{"udp-gso-cmsg", segmented_once},
    Path{"udp-cork-next", corked_again},
    Path{"udp-recverr", with_errors_told},
    Path{"udp-tos", with_type_of_service},
    Path{"udp-pktinfo", with_packet_info},
    Path{"udp-fragments", whole},
    Path{"udp-cork", corked},
    Path{"udp-zerocopy", zerocopy},
    Path{"udp-sendfile", by_sendfile},
    Path{"udp-orphan", orphan},
    Path{"udp6", unconnected},
    Path{"udplite", lite},
};

}  // namespace

std::span<const Path> datagram_paths() { return kPaths; }

}  // namespace sluice::sender
