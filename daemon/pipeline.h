// SPDX-License-Identifier: Apache-2.0
// The whole way of the data: kernel record -> who and where -> ordered bytes -> content -> matches ->
// decision -> act, tell.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "decode/decoder.h"
#include "detect/detector_set.h"
#include "enforce/enforcer.h"
#include "enrich/process_table.h"
#include "model/event.h"
#include "model/finding.h"
#include "policy/policy.h"
#include "stream/reassembler.h"

namespace sluice {

/// A policy ready for use: checked, its detectors compiled, the mode in force.
struct ActivePolicy {
  std::shared_ptr<const policy::Policy> policy;
  detect::DetectorSet detectors;
  Mode mode = Mode::observe;
};

/// What the pipeline saw, for `sluice status`. Bytes of the host's ledger come from the gate's own counters.
struct PipelineCounters {
  std::uint64_t records = 0;
  std::uint64_t bad_records = 0;
  std::uint64_t bytes_inspected = 0;
  std::uint64_t flows_refused = 0;      // records of flows for which the daemon's table had no room
  std::uint64_t bytes_uninspected = 0;  // of these, what passed unread
  std::uint64_t matches = 0;
  std::uint64_t held_records = 0;
  std::uint64_t holds_over_limit = 0;
  std::array<std::uint64_t, 48>
      hold_ns_log2{};  // [i]: holds below 2^i ns (and not below half of it), from capture to ruling
  std::array<std::uint64_t, 5> flows_by_state{};  // by FlowState
};

/// One thread calls it, record by record in ring order. Reads no clock and does no I/O but through its parts.
class Pipeline {
 public:
  struct Parts {
    enrich::ProcessTable& processes;
    enforce::Enforcer& enforcer;
    const Clock& clock;
    std::function<void(Finding)> report;
    /// Who holds a socket whose owner the kernel has not seen act yet.
    std::function<std::optional<Owner>(const FlowFacts&)> find_owner = [](const FlowFacts&) {
      return std::nullopt;
    };
    std::function<void(const FlowFacts&)> on_flow = [](const FlowFacts&) {};  // a flow got a (new) owner
    std::function<void(Tgid)> on_exit = [](Tgid) {};
  };
  struct Limits {
    std::size_t max_flows = 131'072;
  };

  Pipeline(Parts parts, std::shared_ptr<const ActivePolicy> active, Limits limits);
  Pipeline(Parts parts, std::shared_ptr<const ActivePolicy> active)
      : Pipeline(std::move(parts), std::move(active), Limits{}) {}
  ~Pipeline();
  Pipeline(const Pipeline&) = delete;
  Pipeline& operator=(const Pipeline&) = delete;

  void handle(const Event& event);
  /// After a batch: applies rulings, kicks what was cleared.
  void flush();
  /// From the next record on the new policy decides; every open flow is classified anew.
  void adopt(std::shared_ptr<const ActivePolicy> active);
  /// The kernel has no such flow any more, though its close was lost or it fell idle.
  void drop_flow(const FlowKey& key);

  /// Network namespaces of open flows.
  [[nodiscard]] std::set<std::uint32_t> netns_in_use() const;
  [[nodiscard]] PipelineCounters counters() const;
  [[nodiscard]] const ActivePolicy& active() const { return *active_; }

 private:
  struct Flow;
  class Scanner;
  using FlowMap = std::map<FlowKey, std::unique_ptr<Flow>>;

  void on(const FlowOpened& event);
  void on(const PayloadSent& event);
  void on(const FlowClosed& event);
  void on(const ConnectDenied& event);
  void on(const ProcessStarted& event);
  void on(const ProcessExited& event);

  Flow* find_flow(const FlowFacts& facts);
  Flow* open_flow(const FlowFacts& facts);
  FlowMap::iterator erase(FlowMap::iterator flow);
  void index_owner(Tgid pid, int change);
  void classify(Flow& flow);
  void overflow(const PayloadSent& event);
  void release(Flow& flow, const PayloadSent& event);
  void inspect(Flow& flow, const PayloadSent& event);
  void judge(Flow& flow);
  void act(Flow& flow, Finding& finding);
  void note_hold(const PayloadSent& event);
  [[nodiscard]] Finding make_finding(const Flow& flow, Decision decision) const;

  Parts parts_;
  Limits limits_;
  std::shared_ptr<const ActivePolicy> active_;
  FlowMap flows_;
  std::unordered_map<Tgid, int>
      flows_of_;                // open flows by owner, so that an exec costs nothing to those that have none
  std::vector<Match> matches_;  // of the record in hand; kept for its capacity
  PipelineCounters counters_;
};

}  // namespace sluice
