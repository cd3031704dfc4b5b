// SPDX-License-Identifier: Apache-2.0
// IP without a transport of the kernel: ping sockets, raw sockets, IPv6 with headers that the application
// asks for.
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "packets.h"

namespace sluice::sender {
namespace {

constexpr int kExperimental = 253;  // RFC 3692

int open_socket(int family, int type, int protocol) {
  return static_cast<int>(offered(socket(family, type, protocol), "socket"));
}

/// To the host, without the port: a raw socket takes it for a protocol.
void send_to_host(int socket, const Job& job, Bytes packet) {
  const Address to = to_address(job.host, 0);
  done(sendto(socket, packet.data(), packet.size(), 0, to.get(), to.size), "sendto");
}

Packet echo_request(const Job& job) {
  Packet out(sizeof(icmphdr) + job.data.size());
  out[0] = static_cast<std::byte>(job.to.family() == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
  std::memcpy(out.data() + sizeof(icmphdr), job.data.data(), job.data.size());
  return out;
}

void ping(const Job& job) {
  const int protocol =
      job.to.family() == AF_INET ? static_cast<int>(IPPROTO_ICMP) : static_cast<int>(IPPROTO_ICMPV6);
  const int made = socket(job.to.family(), SOCK_DGRAM, protocol);
  if (made < 0 && errno == EACCES) not_offered("net.ipv4.ping_group_range");
  offered(made, "socket");
  announce(getpid());
  send_to_host(made, job, echo_request(job));
  linger();
}

/// The kernel writes the IP header.
template <int Protocol>
void raw(const Job& job) {
  const int made = open_socket(job.to.family(), SOCK_RAW, Protocol);
  announce(getpid());
  if constexpr (Protocol == IPPROTO_UDP)
    send_to_host(made, job, udp_packet(job, job.data));
  else if constexpr (Protocol == IPPROTO_TCP)
    send_to_host(made, job, tcp_segment(job, job.data));
  else if constexpr (Protocol == IPPROTO_ICMP)
    send_to_host(made, job, echo_request(job));
  else
    send_to_host(made, job, job.data);
  linger();
}

/// The application writes the IP header.
void with_own_header(const Job& job) {
  const int made = open_socket(AF_INET, SOCK_RAW, IPPROTO_RAW);
  announce(getpid());
  send_to_host(made, job,
               ipv4_packet(local_address(job), remote_address(job), IPPROTO_UDP, udp_packet(job, job.data)));
  linger();
}

/// A destination options header, RFC 8200, 4.6: padding only, which tells nothing and hides the transport
/// from who does not follow it.
void add_destination_options(int socket) {
  constexpr std::uint8_t kPadN = 1;
  const std::array<std::uint8_t, 8> header{0, 0, kPadN, 4, 0, 0, 0, 0};
  offered(setsockopt(socket, IPPROTO_IPV6, IPV6_DSTOPTS, header.data(), header.size()), "IPV6_DSTOPTS");
}

void tcp_with_options(const Job& job) {
  const int made = open_socket(AF_INET6, SOCK_STREAM, 0);
  add_destination_options(made);
  done(connect(made, job.to.get(), job.to.size), "connect");
  announce(getpid());
  send_all(job.data, "send", [&](Bytes rest) { return send(made, rest.data(), rest.size(), 0); });
  finish(made);
}

void udp_with_options(const Job& job) {
  const int made = open_socket(AF_INET6, SOCK_DGRAM, 0);
  add_destination_options(made);
  announce(getpid());
  done(sendto(made, job.data.data(), job.data.size(), 0, job.to.get(), job.to.size), "sendto");
  linger();
}

constexpr std::array kPaths{
    Path{"ping", ping},
    Path{"ping6", ping},
    Path{"raw-udp", raw<IPPROTO_UDP>},
    Path{"raw-tcp", raw<IPPROTO_TCP>},
    Path{"raw-icmp", raw<IPPROTO_ICMP>},
    Path{"raw-other", raw<kExperimental>},
    Path{"raw6-other", raw<kExperimental>},
    Path{"raw-own-header", with_own_header},
    Path{"tcp6-dstopts", tcp_with_options},
    Path{"udp6-dstopts", udp_with_options},
};

}  // namespace

std::span<const Path> raw_paths() { return kPaths; }

}  // namespace sluice::sender
