// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/decision.h"
#include "model/destination.h"
#include "model/detection.h"
#include "model/flow.h"
#include "model/sender.h"

namespace sluice {

enum class FindingKind : std::uint8_t { data, connection, coverage };

/// Bytes of one flow (or of the host) by what became of them: sent = inspected + opaque + uninspected +
/// trusted.
struct LedgerEntry {
  std::uint64_t sent = 0;
  std::uint64_t inspected = 0;
  std::uint64_t opaque = 0;
  std::uint64_t uninspected = 0;
  std::uint64_t trusted = 0;
};

/// One leak, as it is told: grouped over a minute, without a raw value.
struct Finding {
  FindingKind kind = FindingKind::data;
  std::string id;           // 16 hex digits, unique over restarts
  std::uint32_t count = 1;  // how often the same leak was seen since `first`
  WallTime first;
  WallTime last;
  Mode mode = Mode::observe;
  Decision decision;
  std::string data_class;                 // policy's name; empty for connection findings
  std::vector<std::string> detectors;     // catalogue names
  std::uint32_t values = 0;               // distinct values
  std::vector<std::string> masked;        // at most kMaxSamples
  std::vector<Fingerprint> fingerprints;  // at most kMaxSamples
  std::string location;                   // where in the content; "raw" until decoders name fields
  Sender sender;
  Destination destination;
  FlowFacts flow;
  LedgerEntry ledger;
  std::string done;         // what was done to the flow: "socket disconnected", ...; empty = nothing
  std::string policy_hash;  // first 12 hex digits of the policy's SHA-256

  static constexpr std::size_t kMaxSamples = 5;
};

}  // namespace sluice
