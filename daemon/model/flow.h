// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string_view>

#include "base/ids.h"
#include "base/ip.h"

namespace sluice {

/// IP protocol numbers; values beside these occur too (raw sockets).
enum class Protocol : std::uint8_t { icmp = 1, tcp = 6, udp = 17, icmpv6 = 58, udplite = 136 };

constexpr std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::icmp:
      return "icmp";
    case Protocol::tcp:
      return "tcp";
    case Protocol::udp:
      return "udp";
    case Protocol::icmpv6:
      return "icmpv6";
    case Protocol::udplite:
      return "udplite";
  }
  return "ip";
}
/// Identity of one direction of communication. A TCP socket is one flow and its peer stays zero here; a
/// datagram socket (UDP, ping, raw IP) has one flow a peer.
struct FlowKey {
  SocketCookie cookie{};
  Endpoint peer;  // datagram sockets only
  auto operator<=>(const FlowKey&) const = default;
};

/// The gate's treatment of a flow (design: trusted, watched, held, blocked).
enum class FlowState : std::uint8_t { trusted = 1, watched = 2, held = 3, blocked = 4 };

constexpr std::string_view to_string(FlowState state) {
  switch (state) {
    case FlowState::trusted:
      return "trusted";
    case FlowState::watched:
      return "watched";
    case FlowState::held:
      return "held";
    case FlowState::blocked:
      return "blocked";
  }
  return "unknown";
}

/// Who wrote to a flow, as the kernel saw it in process context. pid 0 = not yet known.
struct Owner {
  Tgid pid{};
  Uid uid{};
  Gid gid{};
  CgroupId cgroup{};
  std::uint64_t start_ns = 0;
  auto operator<=>(const Owner&) const = default;
};

/// Facts of a flow that every record of the gate carries, so that the loss of one record loses no identity.
struct FlowFacts {
  FlowKey key;
  std::uint32_t epoch = 0;  // counts connections made on one socket
  Protocol protocol = Protocol::tcp;
  FlowState state = FlowState::watched;  // as the gate applied it to this record
  Endpoint local;
  Endpoint remote;
  Owner owner;
  std::uint64_t socket_inode = 0;  // inode of the socket's file, 0 if no process holds it
  std::uint32_t netns = 0;         // inode of the network namespace
  std::uint32_t ifindex = 0;       // device, in that namespace, by which the packet left
  bool raw = false;                // a raw IP socket: payload is all behind the IP header
  std::uint8_t tos = 0;            // IPv4 TOS or IPv6 traffic class of this packet
  std::uint16_t segment_size = 0;  // UDP: this packet is several datagrams of this size (UDP_SEGMENT)
                                   /// Messages instead of a stream: held by dropping and sending again.
  [[nodiscard]] bool is_datagram() const { return raw || protocol != Protocol::tcp; }
};

}  // namespace sluice
