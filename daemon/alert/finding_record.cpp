// SPDX-License-Identifier: Apache-2.0
#include "alert/finding_record.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <utility>

#include "alert/redact.h"

namespace sluice::alert {
namespace {

using nlohmann::json;

constexpr int kCategoryFindings = 2;
constexpr int kClassDataSecurityFinding = 2006;

std::int64_t milliseconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

/// What OCSF calls the outcome: a verdict's severity, action and disposition.
struct Outcome {
  int severity_id;
  std::string_view severity;
  int action_id;
  std::string_view action;
  int disposition_id;
  std::string_view disposition;
};

constexpr Outcome outcome_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::allow:
      return {1, "Informational", 1, "Allowed", 17, "Logged"};
    case Verdict::alert:
      return {3, "Medium", 1, "Allowed", 19, "Alert"};
    case Verdict::block:
      return {4, "High", 2, "Denied", 2, "Blocked"};
    case Verdict::would_block:
      return {4, "High", 1, "Allowed", 15, "Detected"};
  }
  std::abort();
}

constexpr std::string_view done_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::allow:
      return "was allowed";
    case Verdict::alert:
      return "was sent";
    case Verdict::block:
      return "was blocked";
    case Verdict::would_block:
      return "would have been blocked";
  }
  std::abort();
}

constexpr std::string_view to_string(FindingKind kind) {
  switch (kind) {
    case FindingKind::data:
      return "data";
    case FindingKind::connection:
      return "connection";
    case FindingKind::coverage:
      return "coverage";
  }
  std::abort();
}

std::string subject_of(const Finding& finding) {
  switch (finding.kind) {
    case FindingKind::data:
      return fmt::format("data class '{}'", printable(finding.data_class));
    case FindingKind::connection:
      return "a connection to a denied destination";
    case FindingKind::coverage:
      return "traffic that could not be read";
  }
  std::abort();
}

std::string file_name(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return redact_name(slash == path.npos ? path : path.substr(slash + 1));
}

std::string process_name(const Sender& sender) {
  return sender.exe.empty() ? redact_name(sender.comm) : file_name(sender.exe);
}

std::string destination_text(const Destination& destination) { return redact_name(destination.to_string()); }

json finding_info(const Finding& finding) {
  return {{"uid", finding.id},
          {"title", fmt::format("{} to {} {}", subject_of(finding), destination_text(finding.destination),
                                done_of(finding.decision.verdict))},
          {"desc", redact_name(finding.decision.reason)},
          {"types", json::array({to_string(finding.kind)})},
          {"created_time", milliseconds(finding.first)},
          {"first_seen_time", milliseconds(finding.first)},
          {"last_seen_time", milliseconds(finding.last)}};
}

std::string joined(const std::vector<std::string>& items) {
  return printable(fmt::format("{}", fmt::join(items, ",")));
}

json data_security(const Finding& finding) {
  return {{"data_lifecycle_state_id", 2},
          {"data_lifecycle_state", "Data in-Transit"},
          {"detection_system_id", 1},
          {"detection_system", "Endpoint"},
          {"detection_pattern", joined(finding.detectors)},
          {"policy", {{"name", printable(finding.decision.rule)}, {"uid", finding.policy_hash}}}};
}

json file_object(std::string_view path) {
  return {{"name", file_name(path)}, {"path", redact_name(path)}, {"type_id", 1}};
}

json process(const Sender& sender) {
  json out = {
      {"pid", std::to_underlying(sender.pid)},
      {"name", process_name(sender)},
      {"cmd_line", redact_args(sender.args)},
      {"user", {{"name", printable(sender.user)}, {"uid", std::to_string(std::to_underlying(sender.uid))}}}};
  if (!sender.exe.empty()) out["file"] = file_object(sender.exe);
  if (std::to_underlying(sender.parent) != 0) {
    json parent = {{"pid", std::to_underlying(sender.parent)}};
    if (!sender.parent_exe.empty()) {
      parent["file"] = file_object(sender.parent_exe);
      parent["name"] = file_name(sender.parent_exe);
    }
    out["parent_process"] = std::move(parent);
  }
  return out;
}

json endpoint(const Endpoint& endpoint) {
  return {{"ip", endpoint.address.to_string()}, {"port", endpoint.port}};
}

json printable_list(const std::vector<std::string>& items) {
  json out = json::array();
  for (const std::string& item : items) out.push_back(printable(item));
  return out;
}

json sluice_sender(const Sender& sender) {
  return {{"pid", std::to_underlying(sender.pid)},
          {"exe", redact_name(sender.exe)},
          {"args", redact_args(sender.args)},
          {"comm", redact_name(sender.comm)},
          {"user", printable(sender.user)},
          {"uid", std::to_underlying(sender.uid)},
          {"gid", std::to_underlying(sender.gid)},
          {"groups", printable_list(sender.groups)},
          {"unit", printable(sender.unit)},
          {"cgroup", printable(sender.cgroup)},
          {"parent", {{"pid", std::to_underlying(sender.parent)}, {"exe", redact_name(sender.parent_exe)}}}};
}

json sluice_flow(const FlowFacts& flow) {
  return {{"cookie", std::to_underlying(flow.key.cookie)},
          {"protocol", sluice::to_string(flow.protocol)},
          {"local", flow.local.to_string()},
          {"remote", flow.remote.to_string()},
          {"netns", flow.netns},
          {"state", sluice::to_string(flow.state)}};
}

json sluice_part(const Finding& finding) {
  json fingerprints = json::array();
  for (const Fingerprint fingerprint : finding.fingerprints)
    fingerprints.push_back(fmt::format("{:016x}", std::to_underlying(fingerprint)));
  const LedgerEntry& ledger = finding.ledger;
  return {{"kind", to_string(finding.kind)},
          {"verdict", sluice::to_string(finding.decision.verdict)},
          {"rule", printable(finding.decision.rule)},
          {"nearest", printable(finding.decision.nearest)},
          {"reason", redact_name(finding.decision.reason)},
          {"data_class", printable(finding.data_class)},
          {"detector", joined(finding.detectors)},
          {"detectors", printable_list(finding.detectors)},
          {"location", redact_args(finding.location)},
          {"values", finding.values},
          {"masked", printable_list(finding.masked)},
          {"fingerprints", std::move(fingerprints)},
          {"sender", sluice_sender(finding.sender)},
          {"destination",
           {{"address", finding.destination.endpoint.address.to_string()},
            {"port", finding.destination.endpoint.port},
            {"name", redact_name(finding.destination.name)}}},
          {"flow", sluice_flow(finding.flow)},
          {"ledger",
           {{"sent", ledger.sent},
            {"inspected", ledger.inspected},
            {"opaque", ledger.opaque},
            {"uninspected", ledger.uninspected},
            {"trusted", ledger.trusted}}},
          {"count", finding.count},
          {"mode", sluice::to_string(finding.mode)},
          {"policy", finding.policy_hash}};
}

json event_part(const Finding& finding) {
  const Outcome outcome = outcome_of(finding.decision.verdict);
  const int activity = finding.count > 1 ? 2 : 1;
  return {{"activity_id", activity},
          {"activity_name", activity == 1 ? "Create" : "Update"},
          {"category_uid", kCategoryFindings},
          {"category_name", "Findings"},
          {"class_uid", kClassDataSecurityFinding},
          {"class_name", "Data Security Finding"},
          {"type_uid", kClassDataSecurityFinding * 100 + activity},
          {"type_name", activity == 1 ? "Data Security Finding: Create" : "Data Security Finding: Update"},
          {"time", milliseconds(finding.last)},
          {"start_time", milliseconds(finding.first)},
          {"end_time", milliseconds(finding.last)},
          {"count", finding.count},
          {"severity_id", outcome.severity_id},
          {"severity", outcome.severity},
          {"status_id", 1},
          {"status", "New"},
          {"action_id", outcome.action_id},
          {"action", outcome.action},
          {"disposition_id", outcome.disposition_id},
          {"disposition", outcome.disposition},
          {"is_alert", finding.decision.verdict != Verdict::allow}};
}

}  // namespace

json finding_record(const Finding& finding, const Host& host) {
  json record = event_part(finding);
  record["message"] = fmt::format("{} {} to {} by {}[{}]", subject_of(finding),
                                  done_of(finding.decision.verdict), destination_text(finding.destination),
                                  process_name(finding.sender), std::to_underlying(finding.sender.pid));
  record["metadata"] = {
      {"version", "1.4.0"},
      {"product", {{"name", "Sluice"}, {"vendor_name", "Sluice"}, {"version", SLUICE_VERSION}}},
      {"profiles", json::array({"security_control", "host"})}};
  record["finding_info"] = finding_info(finding);
  if (finding.kind == FindingKind::data) record["data_security"] = data_security(finding);
  record["actor"] = {{"process", process(finding.sender)}};
  record["device"] = {{"hostname", printable(host.hostname)}, {"type_id", 0}};
  record["src_endpoint"] = endpoint(finding.flow.local);
  record["dst_endpoint"] = endpoint(finding.destination.endpoint);
  if (!finding.destination.name.empty())
    record["dst_endpoint"]["hostname"] = redact_name(finding.destination.name);
  record["unmapped"] = {{"sluice", sluice_part(finding)}};
  if (!finding.done.empty()) record["unmapped"]["sluice"]["done"] = finding.done;
  return record;
}

std::string to_line(const json& record) {
  return record.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace sluice::alert
