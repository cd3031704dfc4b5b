// SPDX-License-Identifier: Apache-2.0
#include "cli/remote.h"

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/render.h"

namespace sluice::cli {

CLI::App* subcommand(CLI::App& app, Invocation& invocation, const char* name, const char* help,
                     const char* examples) {
  CLI::App* out = app.add_subcommand(name, help);
  out->add_flag("--json", invocation.json, "Print JSON, for programs");
  out->footer(examples);
  return out;
}

std::optional<control::ControlClient> connect_or_explain(const Invocation& invocation) {
  auto client = control::ControlClient::connect(invocation.control);
  if (client) return std::move(*client);
  std::cerr << "sluice: " << client.error().message() << '\n';
  const int error = client.error().code.value();
  if (error == ENOENT || error == ECONNREFUSED)
    std::cerr
        << "        Is the daemon running (systemctl status sluiced)? --control names another socket.\n";
  if (error == EACCES) std::cerr << "        Only root and group sluice may talk to the daemon.\n";
  return std::nullopt;
}

bool check_reply(const nlohmann::json& reply) {
  if (text_at(reply, "ok") == "true") return true;
  const std::string error = text_at(reply, "error");
  std::cerr << "sluice: " << (error.empty() ? "the daemon refused without a reason" : error) << '\n';
  return false;
}

int ask_daemon(const Invocation& invocation, const nlohmann::json& request,
               const std::function<void(const nlohmann::json&)>& show) {
  auto client = connect_or_explain(invocation);
  if (!client) return ExitCode::usage;
  const auto reply = client->ask(request);
  if (!reply) {
    std::cerr << "sluice: " << reply.error().message() << '\n';
    return ExitCode::usage;
  }
  if (invocation.json) print_json(*reply);
  if (!check_reply(*reply)) return ExitCode::usage;
  if (!invocation.json) show(*reply);
  return ExitCode::fine;
}

}  // namespace sluice::cli
