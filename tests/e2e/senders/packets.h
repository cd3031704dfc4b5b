// SPDX-License-Identifier: Apache-2.0
// Packets made by hand, for the ways that take them.
#pragma once

#include <netinet/in.h>

#include <vector>

#include "sender.h"

namespace sluice::sender {

using Packet = std::vector<std::byte>;

/// The address of this host on the way to the job's destination.
in_addr local_address(const Job& job);
in_addr remote_address(const Job& job);

/// UDP header and payload; no checksum, which IPv4 allows.
Packet udp_packet(const Job& job, Bytes payload);
/// One TCP segment that belongs to no connection.
Packet tcp_segment(const Job& job, Bytes payload);
/// IPv4 header before `payload`.
Packet ipv4_packet(in_addr from, in_addr to, std::uint8_t protocol, Bytes payload);

}  // namespace sluice::sender
