// SPDX-License-Identifier: Apache-2.0
// What the policy would do with one sending, and why: asked with facts, needs neither daemon nor data.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <iostream>
#include <memory>

#include "alert/redact.h"
#include "base/result.h"
#include "cli/invocation.h"
#include "cli/policy_loading.h"
#include "cli/render.h"
#include "policy/decide.h"
#include "policy/policy_test.h"

namespace sluice::cli {
namespace {

struct ExplainOptions {
  std::vector<std::string> policies;
  std::vector<std::string> from;
  std::string to;
  std::string data;
  bool plaintext = false;
};

constexpr std::array<std::string_view, 6> kFromKeys{"exe", "args", "user", "group", "unit", "cgroup"};

/// "exe=/usr/bin/curl,user=alice"; a comma that no known key follows belongs to the value before.
Result<> read_from(std::string_view text, policy::PolicyTest& out) {
  while (!text.empty()) {
    const std::size_t equals = text.find('=');
    const std::string_view key = text.substr(0, equals);
    if (equals == text.npos || std::ranges::find(kFromKeys, key) == kFromKeys.end())
      return fail(fmt::format("--from takes exe=, args=, user=, group=, unit=, cgroup=, not '{}'",
                              alert::redact_args(key)));
    text.remove_prefix(equals + 1);
    std::size_t end = 0;
    const auto key_follows = [&](std::size_t comma) {
      const std::string_view rest = text.substr(comma + 1);
      return std::ranges::find(kFromKeys, rest.substr(0, rest.find('='))) != kFromKeys.end();
    };
    for (end = text.find(','); end != text.npos && !key_follows(end); end = text.find(',', end + 1)) continue;
    out.from.emplace_back(std::string{key}, std::string{text.substr(0, end)});
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return {};
}

/// ADDRESS:PORT, [ADDRESS]:PORT or NAME:PORT.
Result<> read_to(std::string_view text, policy::PolicyTest& out) {
  const std::size_t colon = text.rfind(':');
  const std::string_view port = colon == text.npos ? std::string_view{} : text.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.to_port);
  if (error != std::errc{} || end != port.data() + port.size() || out.to_port == 0)
    return fail("--to takes ADDRESS:PORT, [ADDRESS]:PORT or NAME:PORT");
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host.empty()) return fail("--to lacks an address or a name before the port");
  out.to_address = IpAddress::parse(host);
  if (!out.to_address) out.to_name = host;
  return {};
}

struct Explanation {
  Decision decision;
  FlowState state;
  const policy::ConnectionRule* denied;
};

Explanation explain(const policy::Policy& policy, const policy::PolicyTest& facts, DataClassId data) {
  const Sender sender = policy::test_sender(facts);
  const Destination destination = policy::test_destination(facts);
  return {
      .decision = policy::decide(
          policy, Mode::enforce,
          {.sender = sender, .destination = destination, .data_class = data, .encrypted = facts.encrypted}),
      .state = policy::classify(policy, Mode::enforce, sender, destination),
      .denied = policy::denies(policy, destination)};
}

void print(const Invocation& invocation, const Explanation& explanation) {
  const Decision& decision = explanation.decision;
  const std::string denied = explanation.denied == nullptr ? "" : explanation.denied->name;
  if (invocation.json)
    return print_json({{"verdict", to_string(decision.verdict)},
                       {"rule", decision.rule},
                       {"nearest", decision.nearest},
                       {"reason", decision.reason},
                       {"flow_state", to_string(explanation.state)},
                       {"denied_by", denied}});
  std::vector<std::vector<std::string>> rows{
      {"verdict", std::string{to_string(decision.verdict)} + " (enforce mode)"},
      {"rule", decision.rule},
      {"why", decision.reason}};
  if (!decision.nearest.empty()) rows.push_back({"nearest flow", decision.nearest});
  rows.push_back({"the gate", "treats the flow as " + std::string{to_string(explanation.state)}});
  if (!denied.empty())
    rows.push_back({"connection", "denied outright by rule '" + denied + "', before any byte"});
  std::cout << table(rows);
}

int complain(const std::string& message) {
  std::cerr << "sluice: " << message << '\n';
  return ExitCode::usage;
}

int run(const Invocation& invocation, const ExplainOptions& options) {
  const CheckedPolicy checked = check_policy(options.policies);
  print_diagnostics(checked);
  if (!checked.policy) return ExitCode::usage;
  policy::PolicyTest facts;
  facts.encrypted = !options.plaintext;
  for (const std::string& from : options.from)
    if (auto read = read_from(from, facts); !read) return complain(read.error().message());
  if (auto read = read_to(options.to, facts); !read) return complain(read.error().message());
  const auto& classes = checked.policy->data;
  const auto found = std::ranges::find(classes, options.data, &DataClassSpec::name);
  if (found == classes.end()) {
    std::vector<std::string_view> names;
    for (const DataClassSpec& spec : classes) names.emplace_back(spec.name);
    const std::string_view near = policy::nearest_word(options.data, names);
    return complain(fmt::format("the policy has no data class '{}'{}", options.data,
                                near.empty() ? "" : fmt::format("; did you mean '{}'?", near)));
  }
  const Explanation explanation =
      explain(*checked.policy, facts, DataClassId{static_cast<std::uint16_t>(found - classes.begin())});
  print(invocation, explanation);
  const bool allowed = explanation.decision.verdict == Verdict::allow && explanation.denied == nullptr;
  return allowed ? ExitCode::fine : ExitCode::findings;
}

}  // namespace

void add_policy_explain(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      subcommand(app, invocation, "explain", "What the policy would do with one sending, and why",
                 "Verdicts are those of enforce mode. Exit code 0 if it is allowed, 1 if not.\n\nExample:\n  "
                 "sluice policy explain "
                 "policy.yaml --from exe=/usr/bin/curl,user=alice --to paste.example:443 --data card");
  const auto options = std::make_shared<ExplainOptions>();
  command->add_option("paths", options->policies, "Policy files, or directories of *.yaml")
      ->required()
      ->type_name("FILE|DIR");
  command->add_option("--from", options->from, "The sender: exe=, args=, user=, group=, unit=, cgroup=")
      ->type_name("KEY=VALUE,...")
      ->allow_extra_args(false);
  command->add_option("--to", options->to, "The destination")->required()->type_name("HOST:PORT");
  command->add_option("--data", options->data, "A data class of the policy")->required()->type_name("CLASS");
  command->add_flag("--plaintext", options->plaintext, "The connection is not encrypted");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return run(invocation, *options); };
  });
}

}  // namespace sluice::cli
