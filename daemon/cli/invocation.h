// SPDX-License-Identifier: Apache-2.0
// What every subcommand shares. A subcommand is a function that adds itself to the application and, when it
// was chosen, leaves its work in Invocation::run.
#pragma once

#include <functional>
#include <string>

namespace CLI {
class App;
}

namespace sluice::cli {

/// Exit codes are an outer interface (sluice.1).
enum ExitCode : int { fine = 0, findings = 1, usage = 2, kernel = 3 };

struct Invocation {
  std::string control = "/run/sluice/control.sock";
  bool json = false;
  std::function<int()> run;
};

using AddSubcommand = void (*)(CLI::App& app, Invocation& invocation);

void add_status(CLI::App& app, Invocation& invocation);
void add_doctor(CLI::App& app, Invocation& invocation);
void add_findings(CLI::App& app, Invocation& invocation);
void add_show(CLI::App& app, Invocation& invocation);
void add_scan(CLI::App& app, Invocation& invocation);
void add_detectors(CLI::App& app, Invocation& invocation);
void add_policy(CLI::App& app, Invocation& invocation);
void add_policy_check(CLI::App& app, Invocation& invocation);
void add_policy_test(CLI::App& app, Invocation& invocation);
void add_policy_explain(CLI::App& app, Invocation& invocation);
void add_reload(CLI::App& app, Invocation& invocation);
void add_mode(CLI::App& app, Invocation& invocation);

/// A subcommand with its help, --json, and examples under the options.
CLI::App* subcommand(CLI::App& app, Invocation& invocation, const char* name, const char* help,
                     const char* examples);

}  // namespace sluice::cli
