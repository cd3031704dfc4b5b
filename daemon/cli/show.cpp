// SPDX-License-Identifier: Apache-2.0
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "alert/readable_line.h"
#include "cli/invocation.h"
#include "cli/remote.h"
#include "cli/render.h"

namespace sluice::cli {

void add_show(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      subcommand(app, invocation, "show", "One finding, with everything that is known about it",
                 "The id is finding_info.uid of the record.\n\nExample:\n  sluice show 00c0ffee00c0ffee");
  const auto id = std::make_shared<std::string>();
  command->add_option("id", *id, "Id of the finding, 16 hex digits")->required()->type_name("ID");
  command->callback([&invocation, id] {
    invocation.run = [&invocation, id] {
      return ask_daemon(invocation, {{"cmd", "show"}, {"id", *id}}, [](const nlohmann::json& reply) {
        const nlohmann::json& record = node_at(reply, "finding");
        std::cout << alert::readable_line(record, false) << '\n'
                  << record.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
      });
    };
  });
}

}  // namespace sluice::cli
