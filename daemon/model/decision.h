// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace sluice {

enum class Verdict : std::uint8_t { allow, alert, block, would_block };

constexpr std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::allow:
      return "allow";
    case Verdict::alert:
      return "alert";
    case Verdict::block:
      return "block";
    case Verdict::would_block:
      return "would_block";
  }
  std::abort();
}

enum class Mode : std::uint8_t { observe, enforce };

constexpr std::string_view to_string(Mode mode) { return mode == Mode::observe ? "observe" : "enforce"; }

/// A verdict and its reason, as the reader of an alert needs it.
struct Decision {
  Verdict verdict = Verdict::allow;
  std::string rule;     // name of the flow that covers it, or "violations.card" / "violations.default"
  std::string nearest;  // on a violation: the flow that came closest; empty if the policy has none
  std::string reason;   // one sentence: "flow 'charge-cards' allows card to stripe only encrypted"
};

}  // namespace sluice
