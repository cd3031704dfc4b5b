// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/invocation.h"
#include "cli/remote.h"
#include "cli/render.h"

namespace sluice::cli {
namespace {

using nlohmann::json;

std::string bytes_at(const json& reply, const char* path) { return human_bytes(number_at(reply, path)); }

/// "ring_full 3, too_long 1": counters that are not zero, or `none`.
std::string nonzero(const json& counters, const char* none) {
  std::string out;
  if (counters.is_object())
    for (const auto& [name, value] : counters.items())
      if (value.is_number() && value.get<double>() > 0)
        out += (out.empty() ? "" : ", ") + name + ' ' + value.dump();
  return out.empty() ? none : out;
}

std::string files_of(const json& reply) {
  std::string out;
  for (const json& file : node_at(reply, "policy.files"))
    if (file.is_string()) out += ' ' + text_at(json{{"file", file}}, "file");
  return out;
}

std::string self_of(const json& reply) {
  return fmt::format("{} resident, {:.1f} % of a core, {:.0f} events/s", bytes_at(reply, "self.rss_bytes"),
                     number_at(reply, "self.cpu_percent"), number_at(reply, "self.events_per_s"));
}

void show_status(const json& reply) {
  std::vector<std::vector<std::string>> rows{
      {"sluiced", fmt::format("{}, kernel {}, up {}", text_at(reply, "version"), text_at(reply, "kernel"),
                              human_duration(number_at(reply, "uptime_s")))},
      {"mode", text_at(reply, "mode")},
      {"policy", fmt::format("{}, loaded {}:{}", text_at(reply, "policy.hash"),
                             text_at(reply, "policy.loaded_at"), files_of(reply))},
      {"flows",
       fmt::format("{} open: {} held, {} watched, {} trusted, {} blocked", text_at(reply, "flows.open"),
                   text_at(reply, "flows.held"), text_at(reply, "flows.watched"),
                   text_at(reply, "flows.trusted"), text_at(reply, "flows.blocked"))},
      {"bytes", fmt::format("{} sent = {} inspected + {} opaque + {} uninspected + {} trusted",
                            bytes_at(reply, "ledger.sent"), bytes_at(reply, "ledger.inspected"),
                            bytes_at(reply, "ledger.opaque"), bytes_at(reply, "ledger.uninspected"),
                            bytes_at(reply, "ledger.trusted"))},
      {"findings", nonzero(node_at(reply, "findings"), "none")},
      {"drops", nonzero(node_at(reply, "drops"), "none")}};
  for (const json& sink : node_at(reply, "sinks")) {
    const std::string error = text_at(sink, "last_error");
    rows.push_back(
        {"sink", fmt::format("{}: {} written, {} failed{}{}", text_at(sink, "name"), text_at(sink, "written"),
                             text_at(sink, "failed"), error.empty() ? "" : "; last: ", error)});
  }
  rows.push_back({"control", nonzero(node_at(reply, "control"), "unused")});
  rows.push_back({"self", self_of(reply)});
  std::cout << table(rows);
}

}  // namespace

void add_status(CLI::App& app, Invocation& invocation) {
  CLI::App* command = subcommand(app, invocation, "status", "What the daemon does, and what it could not see",
                                 "Examples:\n  sluice status\n  sluice status --json | jq .drops");
  command->callback([&invocation] {
    invocation.run = [&invocation] { return ask_daemon(invocation, {{"cmd", "status"}}, &show_status); };
  });
}

}  // namespace sluice::cli
