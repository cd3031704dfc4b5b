// SPDX-License-Identifier: Apache-2.0
#include "policy/compile.h"

#include <algorithm>
#include <map>

namespace sluice::policy {
namespace {

/// Sorts, and joins ranges that overlap or touch.
std::vector<PortRange> merged(std::vector<PortRange> ranges) {
  std::ranges::sort(ranges, {}, [](const PortRange& r) { return std::pair{r.first, r.last}; });
  std::vector<PortRange> out;
  for (const PortRange& range : ranges) {
    if (!out.empty() && range.first <= out.back().last + 1) {
      out.back().last = std::max(out.back().last, range.last);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

void deny(DeniedNetwork& entry, const DestinationRule& destination) {
  if (destination.ports.empty()) entry.all_ports = true;
  entry.ports.insert(entry.ports.end(), destination.ports.begin(), destination.ports.end());
}

/// What the rules say of each network by itself. The first rule that names a network owns it.
std::map<Network, DeniedNetwork> collect(const Policy& policy) {
  static const std::vector<Network> kEverywhere{Network{}};  // ::/0 holds IPv4 too, in its mapped form
  std::map<Network, DeniedNetwork> entries;
  for (std::size_t rule = 0; rule < policy.connections.size(); ++rule) {
    for (const std::size_t index : policy.connections[rule].deny) {
      const DestinationRule& destination = policy.destinations[index];
      for (const Network& network : destination.networks.empty() ? kEverywhere : destination.networks) {
        const auto [at, added] = entries.try_emplace(network, DeniedNetwork{.network = network, .ports = {}});
        if (added) at->second.rule = static_cast<std::uint32_t>(rule);
        deny(at->second, destination);
      }
    }
  }
  return entries;
}

}  // namespace

std::vector<DeniedNetwork> compile_connections(const Policy& policy) {
  // In the order of (address, prefix) a network comes right after those that contain it: a stack of the open
  // ones suffices, and its top already holds the union of all below.
  std::vector<DeniedNetwork> out;
  std::vector<std::size_t> open;
  for (auto& [network, entry] : collect(policy)) {
    while (!open.empty() && !out[open.back()].network.contains(network)) open.pop_back();
    if (!open.empty()) {
      const DeniedNetwork& wider = out[open.back()];
      entry.all_ports = entry.all_ports || wider.all_ports;
      entry.ports.insert(entry.ports.end(), wider.ports.begin(), wider.ports.end());
    }
    entry.ports = entry.all_ports ? std::vector<PortRange>{} : merged(std::move(entry.ports));
    open.push_back(out.size());
    out.push_back(std::move(entry));
  }
  return out;
}

}  // namespace sluice::policy
