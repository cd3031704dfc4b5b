// SPDX-License-Identifier: Apache-2.0
#include "arguments.h"

#include <CLI/CLI.hpp>
#include <map>
#include <sstream>
#include <utility>

namespace sluice {
namespace {

constexpr int kUsage = 2;

constexpr const char* kExamples = R"(
Examples:
  sluiced --policy policies/default.yaml --mode observe --findings -
  sluiced --check --policy /etc/sluice/policy.d      say what is wrong, start nothing

Signals: SIGHUP reloads policy and reopens findings files, SIGTERM ends cleanly.
Exit codes: 0 fine, 2 usage or bad policy, 3 the kernel lacks something needed.
Settings: sluiced.yaml(5). Policy: docs/policy-reference.md.)";

template <class T>
void add(CLI::App& app, const char* flag, std::optional<T>& out, const char* name, const char* help) {
  app.add_option_function<T>(
         flag, [&out](const T& value) { out = value; }, help)
      ->type_name(name);
}

void describe(CLI::App& app, Arguments& out) {
  static const std::map<std::string, Mode> kModes{{"observe", Mode::observe}, {"enforce", Mode::enforce}};
  app.footer(kExamples);
  app.set_version_flag("--version", std::string{"sluiced "} + SLUICE_VERSION);
  add(app, "--config", out.config, "FILE", "Settings (default /etc/sluice/sluiced.yaml)");
  app.add_option("--policy", out.policies, "Policy, or a directory of *.yaml; may be given several times")
      ->type_name("FILE|DIR")
      ->allow_extra_args(false);
  app.add_option_function<std::string>(
         "--mode", [&out](const std::string& word) { out.mode = kModes.at(word); },
         "observe reports what would be blocked, enforce blocks; goes before the policy's own mode")
      ->check(CLI::IsMember(kModes).description(""))
      ->type_name("observe|enforce");
  add(app, "--cgroup", out.cgroup, "PATH", "Watch only this cgroup v2 and what is below it");
  add(app, "--findings", out.findings, "FILE|-", "Append findings there, one JSON object a line");
  add(app, "--control", out.control, "SOCKET", "Control socket (default /run/sluice/control.sock)");
  add(app, "--state", out.state, "DIR",
      "Directory of what must outlive the daemon (default /var/lib/sluice)");
  app.add_flag("--check", out.check, "Check settings and policy, and end");
}

}  // namespace

std::expected<Arguments, ArgumentsExit> parse_arguments(int argc, const char* const* argv) {
  Arguments out;
  CLI::App app{
      "Sluice daemon: reads what processes of this host are about to send, and alerts on or stops customer\n"
      "data that leaves where no policy allows it.",
      "sluiced"};
  try {
    describe(app, out);
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream text;
    const int code = app.exit(error, text, text);
    return std::unexpected{ArgumentsExit{code == 0 ? 0 : kUsage, text.str()}};
  }
  return out;
}

Settings override_settings(Settings settings, const Arguments& arguments) {
  if (!arguments.policies.empty()) settings.policies = arguments.policies;
  if (arguments.mode) settings.mode = arguments.mode;
  if (arguments.cgroup) settings.cgroup = *arguments.cgroup;
  if (arguments.findings) settings.findings.files = {*arguments.findings};
  if (arguments.control) settings.control.socket = *arguments.control;
  if (arguments.state) settings.state = *arguments.state;
  return settings;
}

}  // namespace sluice
