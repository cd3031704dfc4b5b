// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "policy/compile.h"
#include "policy/policy_yaml_reader.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kMaxDeniedNetworks = 16'384;  // entries of the kernel's table

void warn_unused(Loading& loading, const NameTable& names, std::string_view what) {
  for (const auto& [name, entry] : names.entries())
    if (!entry.used) loading.warning(entry.place, fmt::format("{} '{}' is used nowhere", what, name));
}

/// Every value of `narrow` is one of `wide`; an empty list is every value. Lists are sorted.
template <class T>
bool covers(const std::vector<T>& wide, const std::vector<T>& narrow) {
  if (wide.empty()) return true;
  return !narrow.empty() && std::ranges::includes(wide, narrow);
}

bool covers(const FlowRule& wide, const FlowRule& narrow) {
  return (wide.encrypted == Encrypted::any || narrow.encrypted == Encrypted::required) &&
         covers(wide.data, narrow.data) && covers(wide.from, narrow.from) && covers(wide.to, narrow.to);
}

/// Flows only allow, so their order says nothing: one that another covers adds nothing wherever it stands. Of
/// equal ones the later is told.
void warn_covered(Loading& loading) {
  const std::vector<FlowRule>& flows = loading.policy.flows;
  for (std::size_t i = 0; i < flows.size() && !loading.mistakes.full(); ++i) {
    for (std::size_t j = 0; j < flows.size(); ++j) {
      if (i == j || !covers(flows[j], flows[i])) continue;
      const bool equal = covers(flows[i], flows[j]);
      if (equal && j > i) continue;
      loading.warning(loading.flow_places[i],
                      fmt::format("flow '{}' allows {} flow '{}' ({})", flows[i].name,
                                  equal ? "the same as" : "nothing beyond", flows[j].name,
                                  loading.where(loading.flow_places[j])));
      break;
    }
  }
}

void warn_allows_all(Loading& loading) {
  for (std::size_t i = 0; i < loading.policy.flows.size(); ++i) {
    const FlowRule& flow = loading.policy.flows[i];
    if (flow.data.empty() && flow.from.empty() && flow.to.empty())
      loading.warning(loading.flow_places[i],
                      fmt::format("flow '{}' allows everyone to send everything everywhere{}", flow.name,
                                  flow.encrypted == Encrypted::required ? " encrypted" : ""));
  }
}

/// The kernel's table has limits that only the union of all rules shows.
void check_denials(Loading& loading) {
  const std::vector<DeniedNetwork> denied = compile_connections(loading.policy);
  if (denied.size() > kMaxDeniedNetworks)
    loading.error({}, fmt::format("connections deny {} networks; the kernel's table holds {}", denied.size(),
                                  kMaxDeniedNetworks));
  for (const DeniedNetwork& entry : denied)
    if (entry.ports.size() > DeniedNetwork::kMaxPorts)
      loading.error(
          loading.connection_places[entry.rule],
          fmt::format("too many port ranges: {} apart for {}, counting those of the networks around it; the "
                      "kernel's table holds {}",
                      entry.ports.size(), entry.network.to_string(), DeniedNetwork::kMaxPorts));
}

}  // namespace

void check_whole(Loading& loading) {
  loading.policy.violations.resize(loading.policy.data.size());
  check_denials(loading);
  if (!loading.complete || loading.mistakes.any_error())
    return;  // a name may be unused only because its use is broken
  warn_unused(loading, loading.senders, "sender");
  warn_unused(loading, loading.destinations, "destination");
  warn_covered(loading);
  warn_allows_all(loading);
  if (loading.policy.data.empty()) loading.warning({}, "the policy names no data class, so nothing is found");
}

}  // namespace sluice::policy
