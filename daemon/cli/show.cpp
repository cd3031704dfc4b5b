// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <iterator>
#include <memory>

#include "alert/readable_line.h"
#include "cli/invocation.h"
#include "cli/remote.h"
#include "cli/render.h"

namespace sluice::cli {
namespace {

using nlohmann::json;

std::string list_at(const json& sluice, const char* path) {
  std::string out;
  for (const json& item : node_at(sluice, path))
    if (item.is_string()) out += (out.empty() ? "" : ", ") + text_at(json{{"item", item}}, "item");
  return out;
}

std::string bytes_of(const json& sluice) {
  return fmt::format("{} sent = {} inspected + {} opaque + {} uninspected + {} trusted",
                     text_at(sluice, "ledger.sent"), text_at(sluice, "ledger.inspected"),
                     text_at(sluice, "ledger.opaque"), text_at(sluice, "ledger.uninspected"),
                     text_at(sluice, "ledger.trusted"));
}

void show_finding(const json& reply) {
  const json& record = node_at(reply, "finding");
  const json& sluice = node_at(record, "unmapped.sluice");
  const auto at = [&sluice](const char* path) { return text_at(sluice, path); };
  const std::vector<std::vector<std::string>> rows{
      {"id", text_at(record, "finding_info.uid")},
      {"values", at("values")},
      {"masked", list_at(sluice, "masked")},
      {"fingerprints", list_at(sluice, "fingerprints")},
      {"found by", list_at(sluice, "detectors")},
      {"found in", at("location")},
      {"program", at("sender.exe")},
      {"command", at("sender.args")},
      {"process", at("sender.pid")},
      {"parent", fmt::format("{}[{}]", at("sender.parent.exe"), at("sender.parent.pid"))},
      {"user", fmt::format("{} (uid {}, gid {})", at("sender.user"), at("sender.uid"), at("sender.gid"))},
      {"groups", list_at(sluice, "sender.groups")},
      {"unit", at("sender.unit")},
      {"cgroup", at("sender.cgroup")},
      {"flow", fmt::format("{} {} → {}, now {}", at("flow.protocol"), at("flow.local"), at("flow.remote"),
                           at("flow.state"))},
      {"host name", at("destination.name")},
      {"bytes", bytes_of(sluice)},
      {"seen", at("count")},
      {"mode", at("mode")},
      {"policy", at("policy")}};
  std::vector<std::vector<std::string>> known;
  std::ranges::copy_if(rows, std::back_inserter(known), [](const auto& row) { return !row[1].empty(); });
  std::cout << alert::readable_line(record, false) << '\n' << table(known);
}

}  // namespace

void add_show(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      subcommand(app, invocation, "show", "One finding, with everything that is known about it",
                 "The id is what the last line of a finding says, finding_info.uid of its "
                 "record. --json prints the record.\n\nExample:\n  sluice show 00c0ffee00c0ffee");
  const auto id = std::make_shared<std::string>();
  command->add_option("id", *id, "Id of the finding, 16 hex digits")->required()->type_name("ID");
  command->callback([&invocation, id] {
    invocation.run = [&invocation, id] {
      return ask_daemon(invocation, {{"cmd", "show"}, {"id", *id}}, &show_finding);
    };
  });
}

}  // namespace sluice::cli
