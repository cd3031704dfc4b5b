// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/content_scan.h"
#include "cli/invocation.h"
#include "cli/policy_loading.h"
#include "cli/render.h"

namespace sluice::cli {
namespace {

int run(const Invocation& invocation, const std::vector<std::string>& paths) {
  CheckedPolicy checked = check_policy(paths);
  if (checked.policy) {
    // What the daemon does next: all patterns together can be too much where each one is not.
    const auto key = key_of_this_run();
    const auto detectors =
        key ? detect::DetectorSet::compile(checked.policy->data, *key) : std::unexpected{key.error()};
    if (!detectors) {
      checked.policy = nullptr;
      checked.diagnostics.push_back({.file = paths.front(), .message = detectors.error().message()});
    }
  }
  const bool good = checked.policy != nullptr;
  if (invocation.json) {
    print_json({{"ok", good},
                {"hash", good ? checked.policy->hash : ""},
                {"diagnostics", diagnostics_json(checked)}});
  } else {
    print_diagnostics(checked);
    if (good)
      std::cout << fmt::format(
          "policy {}: {} data classes, {} senders, {} destinations, {} flows, {} tests, mode {}\n",
          checked.policy->hash, checked.policy->data.size(), checked.policy->senders.size(),
          checked.policy->destinations.size(), checked.policy->flows.size(), checked.policy->tests.size(),
          to_string(checked.policy->mode));
  }
  return good ? ExitCode::fine : ExitCode::usage;
}

}  // namespace

void add_policy_check(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      subcommand(app, invocation, "check", "Tell every mistake of the files, each with its place",
                 "All files together make one policy, as for the daemon. Exit code 2 if there is a "
                 "mistake.\n\nExample:\n  sluice policy check /etc/sluice/policy.d");
  const auto paths = std::make_shared<std::vector<std::string>>();
  command->add_option("paths", *paths, "Policy files, or directories of *.yaml")
      ->required()
      ->type_name("FILE|DIR");
  command->callback(
      [&invocation, paths] { invocation.run = [&invocation, paths] { return run(invocation, *paths); }; });
}

}  // namespace sluice::cli
