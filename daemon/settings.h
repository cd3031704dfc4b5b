// SPDX-License-Identifier: Apache-2.0
// The daemon's own settings: paths, sinks, sizes. Policy is another file with another owner: security tunes
// policies, operations tunes the daemon. Every key is documented in sluiced.yaml(5).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/decision.h"
#include "policy/diagnostics.h"

namespace sluice {

inline constexpr std::string_view kDefaultSettingsFile = "/etc/sluice/sluiced.yaml";

enum class Loopback : std::uint8_t { ignore, watch };
enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class TerminalFindings : std::uint8_t {
  automatic,
  yes,
  no
};  // automatic: if standard output is a terminal

struct FindingsSettings {
  std::vector<std::string> files;  // "-" is standard output
  TerminalFindings terminal = TerminalFindings::automatic;
  bool journald = false;
};

struct ControlSettings {
  std::string socket = "/run/sluice/control.sock";
  std::string group = "sluice";
};

struct Settings {
  std::vector<std::string> policies{"/etc/sluice/policy.d"};  // files, or directories of *.yaml
  std::optional<Mode> mode;                                   // nothing = as the policy says
  std::string cgroup;                                         // empty = the cgroup v2 root
  FindingsSettings findings;
  ControlSettings control;
  std::string state = "/var/lib/sluice";
  Loopback loopback = Loopback::ignore;
  std::size_t ring_bytes = 64U << 20U;  // a power of two
  std::uint32_t max_flows = 65'536;
  std::chrono::milliseconds heartbeat_timeout{
      5000};  // silence after which the gate acts as failure.daemon says
  LogLevel log_level = LogLevel::info;
};

struct LoadedSettings {
  std::optional<Settings> settings;             // nothing if any diagnostic is an error
  std::vector<policy::Diagnostic> diagnostics;  // all mistakes at once
};

/// `file` names the text in diagnostics. No I/O.
[[nodiscard]] LoadedSettings parse_settings(std::string_view file, std::string_view text);

/// A file that is not there is an error only if somebody named it: the default file may be missing.
[[nodiscard]] LoadedSettings load_settings(const std::optional<std::string>& file);

}  // namespace sluice
