// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "alert/readable_line.h"
#include "cli/invocation.h"
#include "cli/remote.h"
#include "cli/render.h"

namespace sluice::cli {
namespace {

using nlohmann::json;

struct FindingsOptions {
  std::size_t limit = 20;
  bool follow = false;
};

void print(const Invocation& invocation, const json& record) {
  static const bool kColour = isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  if (invocation.json) return print_json(record);
  std::cout << alert::readable_line(record, kColour) << std::flush;
}

int run(const Invocation& invocation, const FindingsOptions& options) {
  auto client = connect_or_explain(invocation);
  if (!client) return ExitCode::usage;
  const auto reply = client->ask({{"cmd", "findings"}, {"limit", options.limit}, {"follow", options.follow}});
  if (!reply) {
    std::cerr << "sluice: " << reply.error().message() << '\n';
    return ExitCode::usage;
  }
  if (!check_reply(*reply)) return ExitCode::usage;
  for (const json& record : node_at(*reply, "findings")) print(invocation, record);
  if (!options.follow) return ExitCode::fine;
  while (true) {
    const auto record = client->next(std::nullopt);
    if (record && *record) {
      print(invocation, **record);
      continue;
    }
    std::cerr << "sluice: " << (record ? "the daemon closed the connection" : record.error().message())
              << '\n';
    return ExitCode::usage;
  }
}

}  // namespace

void add_findings(CLI::App& app, Invocation& invocation) {
  CLI::App* command = subcommand(
      app, invocation, "findings", "The newest findings, oldest first",
      "With --json one OCSF record a line (docs/findings.md).\n\nExamples:\n  sluice findings --limit 100\n"
      "  sluice findings --follow --json | jq -c .unmapped.sluice");
  const auto options = std::make_shared<FindingsOptions>();
  command->add_option("--limit", options->limit, "How many of the newest")
      ->check(CLI::Range(0, 1000).description(""))
      ->type_name("0..1000")
      ->capture_default_str();
  command->add_flag("-f,--follow", options->follow,
                    "Stay, and print new findings and updates as they are told");
  command->callback([&invocation, options] {
    invocation.run = [&invocation, options] { return run(invocation, *options); };
  });
}

}  // namespace sluice::cli
