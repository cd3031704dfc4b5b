// SPDX-License-Identifier: Apache-2.0
// The gate's treatment of a flow is decided before its content is known, so it must hold for every content.
#include "policy/coverage.h"
#include "policy/decide.h"

namespace sluice::policy {
namespace {

/// A flow rule covers this sender and destination, encrypted or not.
bool covers_both(const Policy& policy, const FlowRule& flow, const Sender& sender,
                 const Destination& destination) {
  return flow.encrypted != Encrypted::required && covers_sender(policy, flow, sender) &&
         covers_destination(policy, flow, destination);
}

/// Somebody said that any data may go: then there is nothing to find, not even to report as allowed.
bool is_trusted(const Policy& policy, const Sender& sender, const Destination& destination) {
  return policy.data.empty() || std::ranges::any_of(policy.flows, [&](const FlowRule& flow) {
           return flow.data.empty() && covers_both(policy, flow, sender, destination);
         });
}

bool could_block(const Policy& policy, const Sender& sender, const Destination& destination) {
  for (std::size_t i = 0; i < policy.data.size(); ++i) {
    const DataClassId id{static_cast<std::uint16_t>(i)};
    if (violation_of(policy, id).verdict != Verdict::block) continue;
    const bool covered = std::ranges::any_of(policy.flows, [&](const FlowRule& flow) {
      return covers_data(flow, id) && covers_both(policy, flow, sender, destination);
    });
    if (!covered) return true;
  }
  return policy.failure.opaque == Verdict::block;
}

}  // namespace

FlowState classify(const Policy& policy, Mode mode, const Sender& sender, const Destination& destination) {
  if (is_trusted(policy, sender, destination)) return FlowState::trusted;
  const bool hold = mode == Mode::enforce && could_block(policy, sender, destination);
  return hold ? FlowState::held : FlowState::watched;
}

}  // namespace sluice::policy
