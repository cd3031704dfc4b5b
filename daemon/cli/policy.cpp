// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>

#include "cli/invocation.h"

namespace sluice::cli {

void add_policy(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand("policy", "Check, test and explain policy files; needs no daemon");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n  sluice policy check /etc/sluice/policy.d\n  sluice policy test policy.yaml\n"
      "  sluice policy explain policy.yaml --from exe=/usr/bin/curl --to 203.0.113.9:80 --data card");
  add_policy_check(*command, invocation);
  add_policy_test(*command, invocation);
  add_policy_explain(*command, invocation);
}

}  // namespace sluice::cli
