// SPDX-License-Identifier: Apache-2.0
// The daemon's side of the gate's tables: rulings, banks, denied destinations, heartbeat, counters.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "base/result.h"
#include "bpf/abi.h"
#include "model/flow.h"

namespace sluice::enforce {

/// Descriptors and shared memory of the loaded programs; borrowed, alive as long as they are.
struct GateHandles {
  abi::control* control = nullptr;
  abi::rulings* rulings = nullptr;
  int rule_flows = -1;
  int push_sockets = -1;
  int flows = -1, pushes = -1, drops = -1, bytes = -1;
  std::array<int, 2> denied{-1, -1};
};

/// What a bank of the gate says; see abi.h.
struct BankSettings {
  FlowState default_state = FlowState::watched;
  bool closed_on_daemon_failure = false;
  bool closed_on_overload = false;
  bool refuse_denied_connects = false;
};

struct DeniedEntry {
  Network network;
  std::vector<std::pair<std::uint16_t, std::uint16_t>> ports;  // empty = every port
  std::uint32_t rule = 0;
};

/// Payload bytes of the host by what became of them, each byte once.
struct GateBytes {
  std::uint64_t inspected = 0;
  std::uint64_t trusted = 0;
  std::uint64_t uninspected = 0;
  std::uint64_t loopback = 0;
  std::uint64_t refused = 0;  // of blocked flows, at each attempt
};

/// A reason for which packets passed unread, were refused or a record was lost.
struct GateDrop {
  std::string_view name;  // of the reason, as status shows it
  std::string_view
      rule;  // "failure.overload": the setting that gives the direction; empty: no trouble of ours
  std::string_view sentence;  // what happened to N packets: "passed unread: the ring buffer was full"
  std::uint64_t count = 0;
};

struct GateCounters {
  GateBytes bytes;
  std::vector<GateDrop> drops;  // every reason, always in the same order
};

[[nodiscard]] abi::flow_key to_abi(const FlowKey& key);

/// One thread uses it.
class GateControl {
 public:
  explicit GateControl(const GateHandles& handles) : handles_{handles} {}

  /// Queues a ruling; a full queue applies itself.
  void rule(const FlowFacts& flow, FlowState state);
  void clear(const FlowFacts& flow, StreamPos until);
  /// Applies the queued rulings in one call.
  void apply();

  /// Fills the idle bank and its table of denied destinations, then flips: no packet meets half a policy.
  [[nodiscard]] Result<> switch_bank(const BankSettings& settings, std::span<const DeniedEntry> denied);

  void beat(std::uint64_t now_ns);
  void forget(const FlowKey& key);
  /// Removes entries that closed or, for datagram sockets, fell idle before `idle_before_ns`; returns them.
  [[nodiscard]] std::vector<FlowKey> sweep(std::uint64_t idle_before_ns);
  [[nodiscard]] GateCounters counters() const;
  [[nodiscard]] const GateHandles& handles() const { return handles_; }
  [[nodiscard]] std::uint64_t failures() const { return failures_; }

 private:
  abi::ruling& queue(const FlowFacts& flow);
  [[nodiscard]] Result<> fill_denied(int map, std::span<const DeniedEntry> denied);

  GateHandles handles_;
  std::uint64_t failures_ = 0;  // rulings that the kernel did not take
};

}  // namespace sluice::enforce
