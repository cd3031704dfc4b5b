// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <vector>

#include "enforce/enforcer.h"
#include "enforce/gate_control.h"
#include "enforce/socket_access.h"

namespace sluice::enforce {

/// What enforcement could not do, each counted.
struct EnforceCounters {
  std::uint64_t kicks = 0;
  std::uint64_t push_passes = 0;        // over a namespace's sockets
  std::uint64_t kicks_left_to_tcp = 0;  // no way to push: TCP's own timer sends
  std::uint64_t resends = 0;
  std::uint64_t resends_failed = 0;
  std::uint64_t destroyed = 0;
  std::uint64_t destroy_failed = 0;  // the gate still refuses the flow
};

/// The Enforcer on this kernel: rulings by GateControl, kicks and resets on duplicates of the application's
/// sockets. One thread.
class KernelEnforcer final : public Enforcer {
 public:
  KernelEnforcer(GateControl& gate, const Clock& clock) : gate_{gate}, clock_{clock}, sockets_{clock} {}

  void set_state(const FlowFacts& flow, FlowState state) override;
  void clear(const FlowFacts& flow, StreamPos until) override;
  void resend(const FlowFacts& flow, Bytes payload) override;
  Destroyed block(const FlowFacts& flow) override;
  void forget(const FlowFacts& flow) override;
  void flush() override;

  /// Keeps a way into the network namespace `inode`, in which `pid` lives now, for sockets that outlive their
  /// process. False if the process is gone or lives elsewhere.
  bool remember_netns(std::uint32_t inode, Tgid pid);
  /// Lets go of all others: a descriptor keeps a namespace alive after its container is gone.
  void keep_netns(const std::set<std::uint32_t>& inodes) {
    std::erase_if(netns_, [&inodes](const auto& entry) { return !inodes.contains(entry.first); });
  }
  [[nodiscard]] bool knows_netns(std::uint32_t inode) const { return netns_.contains(inode); }
  void forget(Tgid pid) { sockets_.forget(pid); }
  [[nodiscard]] const EnforceCounters& counters() const { return counters_; }

 private:
  /// A datagram that could not be sent again yet.
  struct Late {
    FlowFacts flow;
    std::vector<std::uint8_t> payload;
    int attempts = 0;
  };
  [[nodiscard]] Result<> send_now(const FlowFacts& flow, Bytes payload);
  void resend_late();
  [[nodiscard]] int netns(const FlowFacts& flow) const;
  void kick_flow(const FlowFacts& flow);
  void push_sockets();

  static constexpr std::size_t kMaxNetns = 256;
  static constexpr std::size_t kMaxLate = 256;  // at most 16 MiB
  static constexpr int kMaxAttempts = 50;       // one a flush: half a second at the slowest pace
  GateControl& gate_;
  const Clock& clock_;
  SocketAccess sockets_;
  std::map<std::uint32_t, UniqueFd> netns_;  // by inode
  std::map<FlowKey, FlowFacts> to_kick_;
  std::vector<FlowFacts> to_push_;  // by an iterator: orphaned or corked
  std::vector<Late> late_;
  EnforceCounters counters_;
};

}  // namespace sluice::enforce
