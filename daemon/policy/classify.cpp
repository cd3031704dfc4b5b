// SPDX-License-Identifier: Apache-2.0
// The gate's treatment of a flow is decided before its content is known, so it must hold for every content.
#include "policy/coverage.h"
#include "policy/decide.h"

namespace sluice::policy {
namespace {

/// By data class: some flow covers it for this sender and destination, encrypted or not.
std::vector<bool> covered_classes(const Policy& policy, const Sender& sender,
                                  const Destination& destination) {
  std::vector<bool> covered(policy.data.size(), false);
  for (const FlowRule& flow : policy.flows) {
    if (flow.encrypted == Encrypted::required) continue;  // in clear it is a violation still
    if (!covers_sender(policy, flow, sender) || !covers_destination(policy, flow, destination)) continue;
    if (flow.data.empty()) return std::vector<bool>(policy.data.size(), true);
    for (const DataClassId id : flow.data)
      if (std::to_underlying(id) < covered.size()) covered[std::to_underlying(id)] = true;
  }
  return covered;
}

}  // namespace

FlowState classify(const Policy& policy, Mode mode, const Sender& sender, const Destination& destination) {
  const std::vector<bool> covered = covered_classes(policy, sender, destination);
  bool could_violate = false;
  bool could_block = false;
  for (std::size_t i = 0; i < covered.size(); ++i) {
    if (covered[i]) continue;
    const Verdict verdict = violation_of(policy, DataClassId{static_cast<std::uint16_t>(i)}).verdict;
    could_violate = could_violate || verdict != Verdict::allow;
    could_block = could_block || verdict == Verdict::block;
  }
  if (!could_violate) return FlowState::trusted;
  could_block = could_block || policy.failure.opaque == Verdict::block;
  return mode == Mode::enforce && could_block ? FlowState::held : FlowState::watched;
}

}  // namespace sluice::policy
