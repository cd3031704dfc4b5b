// SPDX-License-Identifier: Apache-2.0
#include "cli/policy_loading.h"

#include <iostream>
#include <utility>

#include "policy_files.h"

namespace sluice::cli {

CheckedPolicy check_policy(const std::vector<std::string>& paths) {
  const auto texts = read_policy_texts(paths);
  if (!texts)
    return {nullptr,
            {{.file = paths.size() == 1 ? paths.front() : "policy", .message = texts.error().message()}}};
  policy::LoadedPolicy loaded = policy::load_policy(*texts, vocabulary());
  return {std::move(loaded.policy), std::move(loaded.diagnostics)};
}

void print_diagnostics(const CheckedPolicy& checked) {
  for (const policy::Diagnostic& diagnostic : checked.diagnostics)
    std::cerr << diagnostic.to_string() << '\n';
}

nlohmann::json diagnostics_json(const CheckedPolicy& checked) {
  nlohmann::json out = nlohmann::json::array();
  for (const policy::Diagnostic& diagnostic : checked.diagnostics)
    out.push_back({{"severity", diagnostic.severity == policy::Severity::error ? "error" : "warning"},
                   {"file", diagnostic.file},
                   {"line", diagnostic.line},
                   {"column", diagnostic.column},
                   {"message", diagnostic.message},
                   {"text", diagnostic.to_string()}});
  return out;
}

}  // namespace sluice::cli
