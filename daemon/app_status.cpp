// SPDX-License-Identifier: Apache-2.0
#include "app_status.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>

namespace sluice {
namespace {

using nlohmann::json;

std::string utc(WallTime time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

std::uint64_t resident_bytes() {
  std::ifstream statm{"/proc/self/statm"};
  std::uint64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

json flows_json(const PipelineCounters& pipeline) {
  const auto& by_state = pipeline.flows_by_state;
  std::uint64_t open = 0;
  for (const std::uint64_t n : by_state) open += n;
  json out{{"open", open}};
  for (const FlowState state : {FlowState::held, FlowState::watched, FlowState::trusted, FlowState::blocked})
    out[std::string{to_string(state)}] = by_state.at(static_cast<std::size_t>(state));
  return out;
}

json ledger_json(const InspectionStatus& status) {
  enforce::GateBytes bytes = status.gate.bytes;
  const std::uint64_t unread = std::min(bytes.inspected, status.pipeline.bytes_uninspected);
  bytes.inspected -= unread;  // captured, but there was no room to read it
  bytes.uninspected += unread;
  return {{"sent", bytes.inspected + bytes.trusted + bytes.uninspected},
          {"inspected", bytes.inspected},
          {"opaque", 0},  // no flow is told to be opaque before TLS is read
          {"uninspected", bytes.uninspected},
          {"trusted", bytes.trusted},
          {"loopback", bytes.loopback},
          {"refused", bytes.refused}};
}

json drops_json(const InspectionStatus& status) {
  json out = json::object();
  for (const enforce::GateDrop& drop : status.gate.drops) out[std::string{drop.name}] = drop.count;
  out["bad_records"] = status.pipeline.bad_records;
  out["daemon_table_full"] = status.pipeline.flows_refused;
  out["rulings_failed"] = status.rulings_failed;
  out["holds_over_limit"] = status.pipeline.holds_over_limit;
  out["resends_failed"] = status.enforce.resends_failed;
  out["kicks_left_to_tcp"] = status.enforce.kicks_left_to_tcp;
  out["destroy_failed"] = status.enforce.destroy_failed;
  return out;
}

/// Upper bound of the bucket in which the share of holds is reached, in microseconds.
double hold_quantile_us(const PipelineCounters& pipeline, double share) {
  std::uint64_t seen = 0;
  const double wanted = share * static_cast<double>(pipeline.held_records);
  for (std::size_t i = 0; i < pipeline.hold_ns_log2.size(); ++i) {
    seen += pipeline.hold_ns_log2[i];
    if (seen != 0 && static_cast<double>(seen) >= wanted) return static_cast<double>(1ULL << i) / 1000.0;
  }
  return 0;
}

json holds_json(const InspectionStatus& status) {
  return {{"records", status.pipeline.held_records},
          {"median_us", hold_quantile_us(status.pipeline, 0.5)},
          {"p99_us", hold_quantile_us(status.pipeline, 0.99)},
          {"kicks", status.enforce.kicks},
          {"push_passes", status.enforce.push_passes},
          {"resends", status.enforce.resends},
          {"sockets_destroyed", status.enforce.destroyed},
          {"gate_pinned", status.gate_pinned}};
}

json sinks_json(const std::vector<alert::SinkStatus>& sinks) {
  json out = json::array();
  for (const alert::SinkStatus& sink : sinks)
    out.push_back({{"name", sink.name},
                   {"written", sink.written},
                   {"failed", sink.failed},
                   {"last_error", sink.last_error}});
  return out;
}

json control_json(const control::ControlSocket& control) {
  const control::ControlCounters counters = control.counters();
  return {{"clients", control.clients()},
          {"requests", counters.requests},
          {"refused_peers", counters.refused_peers},
          {"refused_clients", counters.refused_clients},
          {"bad_requests", counters.bad_requests},
          {"dropped_followers", counters.dropped_followers}};
}

}  // namespace

StatusFacts::StatusFacts() : started_{std::chrono::system_clock::now()}, last_asked_{started_} {
  utsname name{};
  if (uname(&name) == 0) kernel_ = name.release;
}

std::string StatusFacts::version() { return SLUICE_VERSION; }

void StatusFacts::policy_loaded(std::vector<std::string> files, WallTime at) {
  policy_files_ = std::move(files);
  policy_loaded_at_ = at;
}

json StatusFacts::policy_json(const policy::Policy& policy) const {
  return {{"hash", policy.hash}, {"files", policy_files_}, {"loaded_at", utc(policy_loaded_at_)}};
}

json StatusFacts::doctor_json(const std::vector<KernelFeature>& features) const {
  json rows = json::array();
  for (const KernelFeature& feature : features)
    rows.push_back({{"name", feature.name},
                    {"present", feature.present},
                    {"required", feature.required},
                    {"detail", feature.detail},
                    {"consequence", feature.consequence}});
  return {{"ok", true}, {"features", std::move(rows)}, {"kernel", kernel_}, {"version", version()}};
}

json StatusFacts::status_json(const ActivePolicy& active, const InspectionStatus& status,
                              const std::vector<alert::SinkStatus>& sinks,
                              const control::ControlSocket& control, const FindingLosses& losses) {
  const WallTime now = std::chrono::system_clock::now();
  const double passed_s =
      std::max(0.001, std::chrono::duration<double>(now - std::exchange(last_asked_, now)).count());
  const double cpu_s = cpu_seconds();
  const auto events =
      static_cast<double>(status.pipeline.records - std::exchange(last_records_, status.pipeline.records));
  json findings{{"dropped", losses.dropped}, {"closed_early", losses.closed_early}};
  for (const Verdict verdict : {Verdict::allow, Verdict::alert, Verdict::block, Verdict::would_block})
    findings[std::string{to_string(verdict)}] = findings_.at(static_cast<std::size_t>(verdict));
  return {{"ok", true},
          {"version", version()},
          {"kernel", kernel_},
          {"mode", to_string(active.mode)},
          {"uptime_s", std::chrono::duration_cast<std::chrono::seconds>(now - started_).count()},
          {"policy", policy_json(*active.policy)},
          {"flows", flows_json(status.pipeline)},
          {"ledger", ledger_json(status)},
          {"drops", drops_json(status)},
          {"holds", holds_json(status)},
          {"findings", std::move(findings)},
          {"sinks", sinks_json(sinks)},
          {"control", control_json(control)},
          {"self",
           {{"rss_bytes", resident_bytes()},
            {"events_per_s", events / passed_s},
            {"ring_backlog_bytes", status.ring_backlog},
            {"cpu_percent", 100.0 * (cpu_s - std::exchange(last_cpu_s_, cpu_s)) / passed_s}}}};
}

std::vector<CoverageLoss> coverage_losses(std::span<const enforce::GateDrop> before,
                                          std::span<const enforce::GateDrop> now) {
  std::vector<CoverageLoss> losses;
  for (std::size_t i = 0; i < now.size(); ++i) {
    const std::uint64_t more = now[i].count - (i < before.size() ? before[i].count : 0);
    if (more != 0 && !now[i].rule.empty())
      losses.push_back({now[i].rule, fmt::format("{} {}", more, now[i].sentence)});
  }
  return losses;
}

std::string pin_directory(const std::string& state) {
  constexpr std::string_view kDefaultState = "/var/lib/sluice";
  if (state == kDefaultState) return "/sys/fs/bpf/sluice";
  return fmt::format("/sys/fs/bpf/sluice-{:016x}", std::hash<std::string>{}(state));
}

}  // namespace sluice
