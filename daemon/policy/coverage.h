// SPDX-License-Identifier: Apache-2.0
// What decide() and classify() share: the meaning of an empty list, and of a class without a line in
// `violations`.
#pragma once

#include <algorithm>
#include <utility>

#include "policy/decide.h"

namespace sluice::policy {

[[nodiscard]] inline bool covers_data(const FlowRule& flow, DataClassId id) {
  return flow.data.empty() || std::ranges::find(flow.data, id) != flow.data.end();
}

[[nodiscard]] inline bool covers_sender(const Policy& policy, const FlowRule& flow, const Sender& sender) {
  return flow.from.empty() ||
         std::ranges::any_of(flow.from, [&](std::size_t i) { return matches(policy.senders[i], sender); });
}

[[nodiscard]] inline bool covers_destination(const Policy& policy, const FlowRule& flow,
                                             const Destination& destination) {
  return flow.to.empty() || std::ranges::any_of(flow.to, [&](std::size_t i) {
           return matches(policy.destinations[i], destination);
         });
}

struct Violation {
  Verdict verdict = Verdict::alert;
  bool own = false;  // the class has a line of its own; else the default
};

[[nodiscard]] inline Violation violation_of(const Policy& policy, DataClassId id) {
  const std::size_t index = std::to_underlying(id);
  if (index < policy.violations.size() && policy.violations[index]) return {*policy.violations[index], true};
  return {policy.default_violation, false};
}

}  // namespace sluice::policy
