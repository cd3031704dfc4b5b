// SPDX-License-Identifier: Apache-2.0
// Policy to kernel tables: what the connect hook must know to refuse a destination before any byte.
#pragma once

#include <cstdint>
#include <vector>

#include "base/ip.h"
#include "policy/policy.h"

namespace sluice::policy {

/// One entry of the longest-prefix table. Since only the longest prefix answers, each entry already holds the
/// union of the denials of all networks that contain it.
struct DeniedNetwork {
  static constexpr std::size_t kMaxPorts = 8;
  Network network;
  bool all_ports = false;
  std::vector<PortRange> ports;  // merged, at most kMaxPorts ranges (checked at load)
  std::uint32_t rule = 0;        // index into Policy::connections, of the narrowest network that denies
};

[[nodiscard]] std::vector<DeniedNetwork> compile_connections(const Policy& policy);

}  // namespace sluice::policy
