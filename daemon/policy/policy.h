// SPDX-License-Identifier: Apache-2.0
// The policy as passive data: what the YAML says, resolved and checked. Loaded by policy_yaml, asked through
// decide.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/ip.h"
#include "model/decision.h"
#include "model/detection.h"

namespace sluice::policy {

/// Within one sender all keys must hold, within one key any value. Text values are globs (*, ?).
struct SenderRule {
  std::string name;
  std::vector<std::string> exe, args, unit, cgroup;
  std::vector<std::string> user, group;  // names or digits
};

struct PortRange {
  std::uint16_t first = 0, last = 0;
};

/// Within one destination all keys must hold, within one key any value.
struct DestinationRule {
  std::string name;
  std::vector<std::string> names;  // globs over Destination::name
  std::vector<Network> networks;
  std::vector<PortRange> ports;
};

enum class Encrypted : std::uint8_t { any, required };

/// What is allowed. An empty list means any.
struct FlowRule {
  std::string name;
  std::vector<DataClassId> data;
  std::vector<std::size_t> from;  // indices into Policy::senders
  std::vector<std::size_t> to;    // indices into Policy::destinations
  Encrypted encrypted = Encrypted::any;
  std::string purpose;
};

/// Destinations that are denied outright, before any byte.
struct ConnectionRule {
  std::string name;
  std::vector<std::size_t> deny;  // indices into Policy::destinations; these have networks or ports, no names
};

enum class OnFailure : std::uint8_t { open, closed };

struct Failure {
  OnFailure daemon = OnFailure::open;
  OnFailure overload = OnFailure::closed;
  Verdict opaque = Verdict::alert;
  std::chrono::milliseconds hold_limit{2000};
};

struct PolicyTest {
  std::string name;
  std::string file;
  int line = 0;
  std::vector<std::pair<std::string, std::string>> from;  // exe, args, user, group, unit, cgroup
  std::string to_name;
  std::optional<IpAddress> to_address;
  std::uint16_t to_port = 0;
  bool encrypted = true;
  std::string send;
  Verdict expect = Verdict::allow;
  std::vector<std::string> finds;  // data classes
};

struct Policy {
  std::string hash;  // first 12 hex digits of the SHA-256 of all texts
  Mode mode = Mode::observe;
  std::vector<DataClassSpec> data;
  std::vector<SenderRule> senders;
  std::vector<DestinationRule> destinations;
  std::vector<FlowRule> flows;
  std::vector<ConnectionRule> connections;
  std::vector<std::optional<Verdict>> violations;  // by data class; nothing = the default
  Verdict default_violation = Verdict::alert;      // allow, alert or block
  Failure failure;
  std::vector<PolicyTest> tests;
};

}  // namespace sluice::policy
