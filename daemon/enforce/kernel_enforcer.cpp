// SPDX-License-Identifier: Apache-2.0
#include "enforce/kernel_enforcer.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>

#include "enforce/datagram_sender.h"
#include "enforce/netns_scope.h"

namespace sluice::enforce {

void KernelEnforcer::set_state(const FlowFacts& flow, FlowState state) { gate_.rule(flow, state); }

void KernelEnforcer::clear(const FlowFacts& flow, StreamPos until) {
  gate_.clear(flow, until);
  to_kick_.insert_or_assign(flow.key, flow);
}

Result<> KernelEnforcer::send_now(const FlowFacts& flow, Bytes payload) {
  auto socket = sockets_.duplicate(flow);
  if (!socket) return send_in_place_of(flow, netns(flow), payload);  // the sender is gone
  abi::control& control = *gate_.handles().control;
  const std::atomic_ref<__u64> resending{control.resend_cookie};
  control.resend_len = payload.size();
  resending.store(std::to_underlying(flow.key.cookie), std::memory_order_seq_cst);
  auto sent = send_again(socket->get(), flow, payload);
  resending.store(0, std::memory_order_seq_cst);
  return sent;
}

void KernelEnforcer::resend(const FlowFacts& flow, Bytes payload) {
  const bool in_line =
      std::ranges::any_of(late_, [&flow](const Late& late) { return late.flow.key == flow.key; });
  if (!in_line && send_now(flow, payload)) {
    ++counters_.resends;
  } else if (late_.size() < kMaxLate) {
    late_.push_back({.flow = flow, .payload = {payload.begin(), payload.end()}});
  } else {
    ++counters_.resends_failed;
  }
}

/// A process in the middle of its exit has let go of its socket but not yet of the port; a full send buffer
/// drains. Both pass in a moment. Order within a flow is kept.
void KernelEnforcer::resend_late() {
  std::set<FlowKey> waiting;
  std::erase_if(late_, [&](Late& late) {
    const bool done = !waiting.contains(late.flow.key) && send_now(late.flow, late.payload);
    const bool given_up = !done && ++late.attempts >= kMaxAttempts;
    if (done) ++counters_.resends;
    if (given_up) ++counters_.resends_failed;
    if (!done && !given_up) waiting.insert(late.flow.key);
    if (done || given_up) explicit_bzero(late.payload.data(), late.payload.size());
    return done || given_up;
  });
}

Destroyed KernelEnforcer::block(const FlowFacts& flow) {
  gate_.rule(flow, FlowState::blocked);
  gate_.apply();  // refused at the gate first, so that nothing leaves while the socket is being ended
  to_kick_.erase(flow.key);
  if (flow.protocol == Protocol::udp) return Destroyed::refused_only;  // the next sendto fails with EPERM
  if (auto socket = sockets_.duplicate(flow); socket && disconnect(socket->get())) {
    ++counters_.destroyed;
    return Destroyed::disconnected;
  }
  if (!knows_netns(flow.netns)) (void)remember_netns(flow.netns, flow.owner.pid);
  if (sock_destroy(flow, netns(flow))) {
    ++counters_.destroyed;
    return Destroyed::sock_destroy;
  }
  ++counters_.destroy_failed;
  return Destroyed::refused_only;
}

void KernelEnforcer::forget(const FlowFacts& flow) {
  to_kick_.erase(flow.key);
  gate_.forget(flow.key);
}

void KernelEnforcer::flush() {
  gate_.apply();
  if (!late_.empty()) resend_late();
  if (to_kick_.empty()) return;
  const auto kicks = std::exchange(to_kick_, {});
  for (const auto& [key, flow] : kicks) {
    kick_flow(flow);
    gate_.beat(clock_.boottime_ns());  // many kicks take long, and are a sign of life
  }
  push_sockets();
}

void KernelEnforcer::kick_flow(const FlowFacts& flow) {
  auto socket = sockets_.duplicate(flow);
  if (socket && kick(socket->get()).value_or(false)) {
    ++counters_.kicks;
    return;
  }
  to_push_.push_back(flow);
}

void KernelEnforcer::push_sockets() {
  while (!to_push_.empty()) {
    const std::uint32_t inode = to_push_.back().netns;
    const int netns_fd = netns(to_push_.back());
    std::vector<std::uint64_t> cookies;
    std::erase_if(to_push_, [&](const FlowFacts& flow) {
      if (flow.netns != inode) return false;
      cookies.push_back(std::to_underlying(flow.key.cookie));
      return true;
    });
    const NetnsScope scope{netns_fd};
    const UniqueFd pass{scope.entered() && gate_.handles().push_sockets >= 0
                            ? bpf_iter_create(gate_.handles().push_sockets)
                            : -1};
    if (!pass) {
      counters_.kicks_left_to_tcp += cookies.size();
      continue;
    }
    const std::uint32_t wanted = 1;
    for (const std::uint64_t cookie : cookies)
      bpf_map_update_elem(gate_.handles().pushes, &cookie, &wanted, BPF_ANY);
    char ignored[64];
    while (read(pass.get(), ignored, sizeof ignored) > 0) {
    }
    for (const std::uint64_t cookie : cookies) bpf_map_delete_elem(gate_.handles().pushes, &cookie);
    ++counters_.push_passes;
  }
}

bool KernelEnforcer::remember_netns(std::uint32_t inode, Tgid pid) {
  if (pid == Tgid{}) return false;
  const std::string path = "/proc/" + std::to_string(std::to_underlying(pid)) + "/ns/net";
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat found {};
  if (!fd || fstat(fd.get(), &found) != 0 || found.st_ino != inode) return false;
  if (netns_.size() >= kMaxNetns) netns_.erase(netns_.begin());
  netns_.emplace(inode, std::move(fd));
  return true;
}

int KernelEnforcer::netns(const FlowFacts& flow) const {
  const auto known = netns_.find(flow.netns);
  return known == netns_.end() ? -1 : known->second.get();
}

}  // namespace sluice::enforce
