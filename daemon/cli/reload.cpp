// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/invocation.h"
#include "cli/remote.h"
#include "cli/render.h"

namespace sluice::cli {
namespace {

int run(const Invocation& invocation) {
  auto client = connect_or_explain(invocation);
  if (!client) return ExitCode::usage;
  const auto reply = client->ask({{"cmd", "reload"}});
  if (!reply) {
    std::cerr << "sluice: " << reply.error().message() << '\n';
    return ExitCode::usage;
  }
  if (invocation.json) print_json(*reply);
  for (const nlohmann::json& diagnostic : node_at(*reply, "diagnostics"))
    std::cerr << text_at(diagnostic, "text") << '\n';
  if (!check_reply(*reply)) return ExitCode::usage;
  if (!invocation.json) std::cout << "policy " << text_at(*reply, "policy.hash") << " is in force\n";
  return ExitCode::fine;
}

}  // namespace

void add_reload(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      subcommand(app, invocation, "reload", "Read the policy files again",
                 "All or nothing: with a mistake in any file the running policy stays, and the mistakes "
                 "are told\n(exit code 2).\n\nExample:\n  sluice policy test /etc/sluice/policy.d && "
                 "sluice reload");
  command->callback([&invocation] { invocation.run = [&invocation] { return run(invocation); }; });
}

}  // namespace sluice::cli
