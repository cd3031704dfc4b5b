// SPDX-License-Identifier: Apache-2.0
// Runs the tests that a policy carries: the text goes through decoders and detectors, what is found through
// decide(), always in the terms of enforce mode.
#include "policy/policy_test.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <memory>
#include <set>

#include "alert/redact.h"
#include "cli/content_scan.h"
#include "cli/invocation.h"
#include "cli/policy_loading.h"
#include "cli/render.h"
#include "policy/decide.h"

namespace sluice::cli {
namespace {

struct Outcome {
  std::string name;
  std::string place;  // policy.yaml:14
  bool passed = false;
  Verdict expected = Verdict::allow;
  Verdict got = Verdict::allow;
  std::set<std::string> expected_finds;
  std::set<std::string> got_finds;
  bool finds_matter = false;
  std::string reason;
};

/// Data classes in `text` that reach their at_least.
std::vector<DataClassId> classes_in(const policy::Policy& policy, const detect::DetectorSet& detectors,
                                    const std::string& text) {
  std::vector<ScanMatch> matches;
  ContentScan scan{detectors};
  scan.feed(as_bytes(text), matches);
  scan.end(matches);
  std::map<DataClassId, std::set<Fingerprint>> values;
  for (const ScanMatch& one : matches) values[one.match.data_class].insert(one.match.fingerprint);
  std::vector<DataClassId> out;
  for (const auto& [id, distinct] : values)
    if (distinct.size() >= policy.data[static_cast<std::size_t>(id)].at_least) out.push_back(id);
  return out;
}

constexpr int weight(Verdict verdict) {
  switch (verdict) {
    case Verdict::allow:
      return 0;
    case Verdict::alert:
      return 1;
    case Verdict::would_block:
      return 2;
    case Verdict::block:
      return 3;
  }
  std::abort();
}

/// The worst decision over what was found; a denied destination is a block before any content.
Decision worst_decision(const policy::Policy& policy, const policy::PolicyTest& test,
                        const std::vector<DataClassId>& found) {
  const Sender sender = policy::test_sender(test);
  const Destination destination = policy::test_destination(test);
  if (const policy::ConnectionRule* rule = policy::denies(policy, destination))
    return {.verdict = Verdict::block,
            .rule = rule->name,
            .nearest = {},
            .reason = "connection rule '" + rule->name + "' denies this destination"};
  Decision worst{
      .verdict = Verdict::allow, .rule = {}, .nearest = {}, .reason = "nothing was found in the text"};
  bool first = true;
  for (const DataClassId id : found) {
    Decision decision = policy::decide(
        policy, Mode::enforce,
        {.sender = sender, .destination = destination, .data_class = id, .encrypted = test.encrypted});
    if (first || weight(decision.verdict) > weight(worst.verdict)) worst = std::move(decision);
    first = false;
  }
  return worst;
}

Outcome run_one(const policy::Policy& policy, const detect::DetectorSet& detectors,
                const policy::PolicyTest& test) {
  const auto found = classes_in(policy, detectors, test.send);
  Decision decision = worst_decision(policy, test, found);
  Outcome out{.name = test.name,
              .place = fmt::format("{}:{}", test.file, test.line),
              .expected = test.expect == Verdict::would_block ? Verdict::block : test.expect,
              .got = decision.verdict,
              .expected_finds = {test.finds.begin(), test.finds.end()},
              .got_finds = {},
              .finds_matter = !test.finds.empty(),
              .reason = alert::redact_name(decision.reason)};
  for (const DataClassId id : found) out.got_finds.insert(policy.data[static_cast<std::size_t>(id)].name);
  out.passed = out.expected == out.got && (!out.finds_matter || out.expected_finds == out.got_finds);
  return out;
}

nlohmann::json to_json(const Outcome& outcome) {
  return {{"name", outcome.name},
          {"place", outcome.place},
          {"passed", outcome.passed},
          {"expected", {{"verdict", to_string(outcome.expected)}, {"finds", outcome.expected_finds}}},
          {"got", {{"verdict", to_string(outcome.got)}, {"finds", outcome.got_finds}}},
          {"reason", outcome.reason}};
}

void print(const Outcome& outcome) {
  std::cout << fmt::format("{}  {}  {}\n", outcome.passed ? "pass" : "FAIL", outcome.place,
                           alert::printable(outcome.name));
  if (outcome.passed) return;
  std::cout << fmt::format("      expected {}, got {}: {}\n", to_string(outcome.expected),
                           to_string(outcome.got), outcome.reason);
  if (outcome.finds_matter && outcome.expected_finds != outcome.got_finds)
    std::cout << fmt::format("      expected to find [{}], found [{}]\n",
                             fmt::join(outcome.expected_finds, ", "), fmt::join(outcome.got_finds, ", "));
}

int report(const Invocation& invocation, const std::vector<Outcome>& outcomes) {
  const auto failed = std::ranges::count(outcomes, false, &Outcome::passed);
  if (invocation.json) {
    nlohmann::json tests = nlohmann::json::array();
    for (const Outcome& outcome : outcomes) tests.push_back(to_json(outcome));
    print_json({{"ok", failed == 0}, {"failed", failed}, {"tests", std::move(tests)}});
  } else {
    for (const Outcome& outcome : outcomes) print(outcome);
    std::cout << fmt::format("{} of {} passed\n", static_cast<std::ptrdiff_t>(outcomes.size()) - failed,
                             outcomes.size());
    if (outcomes.empty()) std::cout << "the policy carries no tests\n";
  }
  return failed == 0 ? ExitCode::fine : ExitCode::findings;
}

int run(const Invocation& invocation, const std::vector<std::string>& paths) {
  const CheckedPolicy checked = check_policy(paths);
  print_diagnostics(checked);
  if (!checked.policy) return ExitCode::usage;
  const auto key = key_of_this_run();
  const auto detectors =
      key ? detect::DetectorSet::compile(checked.policy->data, *key) : std::unexpected{key.error()};
  if (!detectors) {
    std::cerr << "sluice: " << detectors.error().message() << '\n';
    return ExitCode::usage;
  }
  std::vector<Outcome> outcomes;
  for (const policy::PolicyTest& test : checked.policy->tests)
    outcomes.push_back(run_one(*checked.policy, *detectors, test));
  return report(invocation, outcomes);
}

}  // namespace

void add_policy_test(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      subcommand(app, invocation, "test", "Run the tests that the files carry",
                 "Verdicts are those of enforce mode, whatever the policy's mode. Exit code 1 if a test "
                 "fails,\n2 if the policy has mistakes.\n\nExample:\n  sluice policy test policy.yaml");
  const auto paths = std::make_shared<std::vector<std::string>>();
  command->add_option("paths", *paths, "Policy files, or directories of *.yaml")
      ->required()
      ->type_name("FILE|DIR");
  command->callback(
      [&invocation, paths] { invocation.run = [&invocation, paths] { return run(invocation, *paths); }; });
}

}  // namespace sluice::cli
