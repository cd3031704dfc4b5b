// SPDX-License-Identifier: Apache-2.0
#include "packets.h"

#include <netinet/ip.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <unistd.h>

#include <cstring>

namespace sluice::sender {
namespace {

constexpr std::uint16_t kOwnPort = 40000;

template <class Header>
Packet join(const Header& header, Bytes payload) {
  Packet out(sizeof header + payload.size());
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + sizeof header, payload.data(), payload.size());
  return out;
}

std::uint16_t checksum(Bytes data) {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < data.size(); i += 2)
    sum += std::to_integer<std::uint32_t>(data[i]) << 8 | std::to_integer<std::uint32_t>(data[i + 1]);
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return htons(static_cast<std::uint16_t>(~sum));
}

}  // namespace

in_addr remote_address(const Job& job) {
  return reinterpret_cast<const sockaddr_in*>(job.to.get())->sin_addr;
}

in_addr local_address(const Job& job) {
  const int asked = static_cast<int>(done(socket(AF_INET, SOCK_DGRAM, 0), "socket"));
  done(connect(asked, job.to.get(), job.to.size), "connect");
  sockaddr_in own{};
  socklen_t size = sizeof own;
  done(getsockname(asked, reinterpret_cast<sockaddr*>(&own), &size), "getsockname");
  close(asked);
  return own.sin_addr;
}

Packet udp_packet(const Job& job, Bytes payload) {
  udphdr header{};
  header.source = htons(kOwnPort);
  header.dest = htons(job.port);
  header.len = htons(static_cast<std::uint16_t>(sizeof header + payload.size()));
  return join(header, payload);
}

Packet tcp_segment(const Job& job, Bytes payload) {
  tcphdr header{};
  header.source = htons(kOwnPort);
  header.dest = htons(job.port);
  header.seq = htonl(1);
  header.ack_seq = htonl(1);
  header.doff = sizeof header / 4;
  header.psh = 1;
  header.ack = 1;
  header.window = htons(1024);
  return join(header, payload);
}

Packet ipv4_packet(in_addr from, in_addr to, std::uint8_t protocol, Bytes payload) {
  iphdr header{};
  header.version = 4;
  header.ihl = sizeof header / 4;
  header.ttl = 64;
  header.protocol = protocol;
  header.tot_len = htons(static_cast<std::uint16_t>(sizeof header + payload.size()));
  header.saddr = from.s_addr;
  header.daddr = to.s_addr;
  header.check = checksum(std::as_bytes(std::span{&header, 1}));
  return join(header, payload);
}

}  // namespace sluice::sender
