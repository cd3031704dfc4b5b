// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "cli/invocation.h"
#include "cli/remote.h"
#include "cli/render.h"

namespace sluice::cli {

void add_mode(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      subcommand(app, invocation, "mode", "Switch between observing and enforcing",
                 "Holds until the daemon ends; policy or sluiced.yaml make it last.\n\nExamples:\n"
                 "  sluice mode observe     block nothing, report what would be blocked\n"
                 "  sluice mode enforce     block what the policy says");
  const auto mode = std::make_shared<std::string>();
  command->add_option("mode", *mode, "")
      ->required()
      ->check(CLI::IsMember({"observe", "enforce"}).description(""))
      ->type_name("observe|enforce");
  command->callback([&invocation, mode] {
    invocation.run = [&invocation, mode] {
      return ask_daemon(invocation, {{"cmd", "mode"}, {"set", *mode}}, [](const nlohmann::json& reply) {
        std::cout << "mode " << text_at(reply, "mode") << '\n';
      });
    };
  });
}

}  // namespace sluice::cli
