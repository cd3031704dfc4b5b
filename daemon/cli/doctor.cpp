// SPDX-License-Identifier: Apache-2.0
// What this kernel offers, what is missing, what that costs. The daemon's answer is better (it has the
// capabilities), but the question matters most when there is none.
#include <fmt/format.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>

#include "capture/kernel_support.h"
#include "cli/invocation.h"
#include "cli/remote.h"
#include "cli/render.h"
#include "control/control_client.h"

namespace sluice::cli {
namespace {

using nlohmann::json;

json probe_here() {
  json features = json::array();
  for (const KernelFeature& feature : capture::probe_kernel())
    features.push_back({{"name", feature.name},
                        {"present", feature.present},
                        {"required", feature.required},
                        {"detail", feature.detail},
                        {"consequence", feature.consequence}});
  utsname name{};
  uname(&name);
  return {{"ok", true},
          {"version", SLUICE_VERSION},
          {"kernel", std::string{name.release}},
          {"asked", "this process"},
          {"features", std::move(features)}};
}

/// The daemon's view, or nothing if there is no daemon that answers.
std::optional<json> ask_running_daemon(const std::string& socket) {
  auto client = control::ControlClient::connect(socket);
  if (!client) return std::nullopt;
  auto reply = client->ask({{"cmd", "doctor"}});
  if (!reply || text_at(*reply, "ok") != "true") return std::nullopt;
  (*reply)["asked"] = "the daemon";
  return std::move(*reply);
}

bool lacks_required(const json& report) {
  for (const json& feature : node_at(report, "features"))
    if (text_at(feature, "required") == "true" && text_at(feature, "present") != "true") return true;
  return false;
}

std::string_view conclusion(const json& report) {
  if (!lacks_required(report)) return "Sluice can run here.\n";
  if (text_at(report, "asked") == "this process" && geteuid() != 0)
    return "Asked without root, so MISSING may only mean that this process may not: sudo sluice doctor\n";
  return "Sluice cannot run here: something marked MISSING is needed.\n";
}

void show(const json& report) {
  std::cout << fmt::format("Sluice {} on kernel {}, asked: {}\n\n", text_at(report, "version"),
                           text_at(report, "kernel"), text_at(report, "asked"));
  std::vector<std::vector<std::string>> rows;
  for (const json& feature : node_at(report, "features")) {
    const bool present = text_at(feature, "present") == "true";
    const bool required = text_at(feature, "required") == "true";
    rows.push_back({present ? "ok" : (required ? "MISSING" : "missing"), text_at(feature, "name"),
                    text_at(feature, "detail")});
    if (!present) rows.push_back({"", "", "costs: " + text_at(feature, "consequence")});
  }
  std::cout << table(rows) << '\n' << conclusion(report);
}

}  // namespace

void add_doctor(CLI::App& app, Invocation& invocation) {
  CLI::App* command = subcommand(
      app, invocation, "doctor", "What this kernel offers, what is missing, and what that costs",
      "Asks the daemon if one runs, else probes by itself; for full answers run it as root.\n"
      "Exit code 3 if something needed is missing.\n\nExamples:\n  sudo sluice doctor\n  sudo sluice doctor "
      "--local");
  const auto local = std::make_shared<bool>(false);
  command->add_flag("--local", *local, "Probe from this process even if a daemon runs");
  command->callback([&invocation, local] {
    invocation.run = [&invocation, local] {
      std::optional<json> report;
      if (!*local) report = ask_running_daemon(invocation.control);
      if (!report) report = probe_here();
      invocation.json ? print_json(*report) : show(*report);
      return lacks_required(*report) ? ExitCode::kernel : ExitCode::fine;
    };
  });
}

}  // namespace sluice::cli
