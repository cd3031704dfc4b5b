// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <array>
#include <csignal>
#include <exception>
#include <iostream>

#include "cli/invocation.h"

namespace {

using namespace sluice::cli;

constexpr std::array kSubcommands{&add_status,    &add_doctor, &add_findings, &add_show, &add_scan,
                                  &add_detectors, &add_policy, &add_reload,   &add_mode};

constexpr const char* kExamples = R"(
Examples:
  sluice status                     what the daemon does, and what it could not see
  sluice findings --follow          leaks, as they are told
  sluice scan dump.sql              try the detectors on a file; needs no daemon
  sluice policy test policy.yaml    run the tests that a policy carries

Exit codes: 0 fine, 1 findings or failed policy tests, 2 usage, bad policy or no daemon,
3 the kernel lacks something needed.)";

int run(int argc, char** argv) {
  CLI::App app{
      "Sluice: sees, alerts on and stops customer data that leaves this host where no policy allows it.",
      "sluice"};
  Invocation invocation;
  app.footer(kExamples);
  app.set_version_flag("--version", std::string{"sluice "} + SLUICE_VERSION);
  app.add_option("--control", invocation.control, "Control socket of the daemon")
      ->type_name("SOCKET")
      ->capture_default_str();
  app.require_subcommand(1);
  app.fallthrough();
  for (const AddSubcommand add : kSubcommands) add(app, invocation);
  if (argc < 2) {
    std::cerr << app.help();
    return ExitCode::usage;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? ExitCode::fine : ExitCode::usage;
  }
  return invocation.run();
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_DFL);  // `sluice findings | head` ends quietly
  try {
    return run(argc, argv);
  } catch (const std::exception&) {
    // Not the exception's text: a library may quote what it was given.
    std::cerr << "sluice: internal error\n";
    return ExitCode::usage;
  }
}
