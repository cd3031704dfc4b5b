// SPDX-License-Identifier: Apache-2.0
// The command line of sluiced. What stands here goes before the settings file.
#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "model/decision.h"
#include "settings.h"

namespace sluice {

struct Arguments {
  std::optional<std::string> config;
  std::vector<std::string> policies;
  std::optional<Mode> mode;
  std::optional<std::string> cgroup;
  std::optional<std::string> findings;  // a file, or "-"
  std::optional<std::string> control;
  std::optional<std::string> state;
  bool check = false;  // load settings and policy, say what is wrong, end
};

/// Why the daemon ends before it starts: --help and --version (0, text for standard output), or a mistake (2,
/// text for standard error).
struct ArgumentsExit {
  int code = 0;
  std::string text;
};

[[nodiscard]] std::expected<Arguments, ArgumentsExit> parse_arguments(int argc, const char* const* argv);

/// Lays the arguments over the settings. --findings replaces the files and keeps the other sinks.
[[nodiscard]] Settings override_settings(Settings settings, const Arguments& arguments);

}  // namespace sluice
