// SPDX-License-Identifier: Apache-2.0
#include "enforce/gate_control.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include <algorithm>
#include <atomic>
#include <cstring>

namespace sluice::enforce {
namespace {

// One row a drop_reason of abi.h, in its order.
constexpr std::array<GateDrop, abi::DROP_REASONS> kDrops{{
    {"ring_full_passed", "failure.overload", "packets passed unread: the ring buffer was full"},
    {"ring_full_refused", "failure.overload", "packets were refused for now: the ring buffer was full"},
    {"ring_full_event", "failure.overload",
     "records about flows and processes were lost: the ring buffer was full"},
    {"table_full_passed", "failure.overload", "packets passed unread: the flow table was full"},
    {"table_full_refused", "failure.overload", "packets were refused for now: the flow table was full"},
    {"daemon_passed", "failure.daemon", "packets passed unread: the daemon gave no sign of life"},
    {"daemon_refused", "failure.daemon", "packets were refused: the daemon gave no sign of life"},
    {"copy_failed", "failure.overload", "packets could not be copied"},
    {"too_long", "failure.overload", "packets were too long to be copied whole"},
    {"unparsed", "failure.opaque", "packets passed unread: their headers could not be followed"},
    {"kernel_socket", "", ""},
    {"no_socket", "", ""},
    {"blocked", "", ""},
    {"stale_ruling", "", ""},
    {"unholdable", "", ""},
}};

template <std::size_t N>
void sum_per_cpu(int map, std::array<std::uint64_t, N>& out) {
  const auto cpus = static_cast<std::size_t>(std::max(1, libbpf_num_possible_cpus()));
  std::vector<std::uint64_t> values(cpus);
  for (std::uint32_t key = 0; key < N; ++key) {
    if (bpf_map_lookup_elem(map, &key, values.data()) != 0) continue;
    for (const std::uint64_t value : values) out[key] += value;
  }
}

abi::denied_key to_denied_key(const Network& network) {
  abi::denied_key key{};
  key.prefix = network.prefix;
  std::ranges::copy(network.address.bytes, key.addr);
  return key;
}

FlowKey from_abi(const abi::flow_key& raw) {
  FlowKey key{.cookie = SocketCookie{raw.cookie}, .peer = {}};
  std::ranges::copy(raw.peer_addr, key.peer.address.bytes.begin());
  key.peer.port = raw.peer_port;
  return key;
}

}  // namespace

abi::flow_key to_abi(const FlowKey& key) {
  abi::flow_key out{};
  out.cookie = std::to_underlying(key.cookie);
  std::ranges::copy(key.peer.address.bytes, out.peer_addr);
  out.peer_port = key.peer.port;
  return out;
}

abi::ruling& GateControl::queue(const FlowFacts& flow) {
  abi::rulings& rulings = *handles_.rulings;
  const abi::flow_key key = to_abi(flow.key);
  for (std::uint32_t i = 0; i < rulings.count; ++i)
    if (rulings.items[i].epoch == flow.epoch && std::memcmp(&rulings.items[i].key, &key, sizeof key) == 0)
      return rulings.items[i];
  if (rulings.count == abi::MAX_RULINGS) apply();
  abi::ruling& ruling = rulings.items[rulings.count++];
  ruling = {.key = key, .cleared = 0, .epoch = flow.epoch, .state = abi::STATE_UNRULED};
  return ruling;
}

void GateControl::rule(const FlowFacts& flow, FlowState state) {
  queue(flow).state = static_cast<std::uint32_t>(state);
}

void GateControl::clear(const FlowFacts& flow, StreamPos until) {
  abi::ruling& ruling = queue(flow);
  ruling.cleared = std::max(ruling.cleared, static_cast<__u64>(std::to_underlying(until)));
}

void GateControl::apply() {
  abi::rulings& rulings = *handles_.rulings;
  if (rulings.count == 0) return;
  LIBBPF_OPTS(bpf_test_run_opts, options);
  if (bpf_prog_test_run_opts(handles_.rule_flows, &options) != 0) {
    failures_ += rulings.count;
  }
  rulings.count = 0;
}

Result<> GateControl::fill_denied(int map, std::span<const DeniedEntry> denied) {
  abi::denied_key key{};
  while (bpf_map_get_next_key(map, nullptr, &key) == 0)
    if (bpf_map_delete_elem(map, &key) != 0) return fail(errno, "empty the table of denied destinations");
  for (const DeniedEntry& entry : denied) {
    abi::denied_value value{};
    value.rule = entry.rule;
    if (entry.ports.size() > abi::MAX_DENIED_PORTS)
      return fail("too many port ranges for " + entry.network.to_string());
    for (const auto& [first, last] : entry.ports)
      value.ports[value.ranges++] = {.first = first, .last = last};
    key = to_denied_key(entry.network);
    if (bpf_map_update_elem(map, &key, &value, BPF_ANY) != 0)
      return fail(errno, "deny " + entry.network.to_string());
  }
  return {};
}

Result<> GateControl::switch_bank(const BankSettings& settings, std::span<const DeniedEntry> denied) {
  abi::control& control = *handles_.control;
  const std::uint32_t idle = 1U - (control.bank & 1U);
  if (auto filled = fill_denied(handles_.denied[idle], denied); !filled) return filled;
  control.banks[idle] = {
      .default_state = static_cast<__u32>(settings.default_state),
      .on_daemon_failure = settings.closed_on_daemon_failure ? abi::FAIL_CLOSED : abi::FAIL_OPEN,
      .on_overload = settings.closed_on_overload ? abi::FAIL_CLOSED : abi::FAIL_OPEN,
      .deny_connects = settings.refuse_denied_connects ? 1U : 0U};
  std::atomic_ref<__u32>{control.bank}.store(idle, std::memory_order_release);
  return {};
}

void GateControl::beat(std::uint64_t now_ns) {
  std::atomic_ref<__u64>{handles_.control->heartbeat_ns}.store(now_ns, std::memory_order_relaxed);
}

void GateControl::forget(const FlowKey& key) {
  const abi::flow_key raw = to_abi(key);
  bpf_map_delete_elem(handles_.flows, &raw);
}

std::vector<FlowKey> GateControl::sweep(std::uint64_t idle_before_ns) {
  std::vector<abi::flow_key> stale;
  abi::flow_key key{};
  abi::flow_key* previous = nullptr;
  // The table can change while it is walked: a key that is gone restarts the walk, so the walk is bounded.
  for (std::size_t steps = 0; steps < 1'000'000; ++steps) {
    abi::flow_key next{};
    if (bpf_map_get_next_key(handles_.flows, previous, &next) != 0) break;
    key = next;
    previous = &key;
    abi::flow value{};
    if (bpf_map_lookup_elem(handles_.flows, &key, &value) != 0) continue;
    const bool datagram = std::ranges::any_of(key.peer_addr, [](__u8 byte) { return byte != 0; });
    if (value.closed != 0 || (datagram && value.last_ns < idle_before_ns)) stale.push_back(key);
  }
  std::vector<FlowKey> gone;
  for (const abi::flow_key& raw : stale) {
    bpf_map_delete_elem(handles_.flows, &raw);
    gone.push_back(from_abi(raw));
  }
  return gone;
}

GateCounters GateControl::counters() const {
  std::array<std::uint64_t, abi::DROP_REASONS> drops{};
  std::array<std::uint64_t, abi::BYTE_FATES> bytes{};
  sum_per_cpu(handles_.drops, drops);
  sum_per_cpu(handles_.bytes, bytes);
  GateCounters out{.bytes = {.inspected = bytes[abi::BYTES_CAPTURED],
                             .trusted = bytes[abi::BYTES_TRUSTED],
                             .uninspected = bytes[abi::BYTES_UNINSPECTED],
                             .loopback = bytes[abi::BYTES_LOOPBACK],
                             .refused = bytes[abi::BYTES_BLOCKED]},
                   .drops = {kDrops.begin(), kDrops.end()}};
  for (std::size_t reason = 0; reason < drops.size(); ++reason) out.drops[reason].count = drops[reason];
  return out;
}

}  // namespace sluice::enforce
