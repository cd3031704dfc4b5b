// SPDX-License-Identifier: Apache-2.0
// A finding for the eye. Made from the record, not from the finding, so that it can show nothing that the
// record does not hold, and so that `sluice findings` prints what the daemon's terminal prints.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sluice::alert {

/// Two lines, each with its end: what was done, who, where, what; then why. A record that lacks a field gives
/// a shorter line, never an exception. Times are in the process's time zone.
///
///   12:03:55 WOULD BLOCK  curl[812] (alice, session-3.scope) → 203.0.113.9:80 tcp   1 card ************1111
///            no flow covers card for this sender; nearest: charge-cards
[[nodiscard]] std::string readable_line(const nlohmann::json& record, bool colour);

}  // namespace sluice::alert
