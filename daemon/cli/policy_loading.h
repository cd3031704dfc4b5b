// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "policy/policy_yaml.h"

namespace sluice::cli {

struct CheckedPolicy {
  std::shared_ptr<const policy::Policy> policy;  // null if there is a mistake
  std::vector<policy::Diagnostic> diagnostics;
};

/// Files and directories as one policy. What cannot be read is a diagnostic as well.
[[nodiscard]] CheckedPolicy check_policy(const std::vector<std::string>& paths);

/// Diagnostics on standard error, one a line.
void print_diagnostics(const CheckedPolicy& checked);
[[nodiscard]] nlohmann::json diagnostics_json(const CheckedPolicy& checked);

}  // namespace sluice::cli
