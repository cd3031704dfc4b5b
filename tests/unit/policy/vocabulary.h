// SPDX-License-Identifier: Apache-2.0
// What the detect stage would hand in: the same names, and a pattern check of its own kind.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "policy/policy_yaml.h"

namespace sluice::policy {

inline Vocabulary vocabulary() {
  return {.detectors = {"payment_card", "email", "us_ssn", "iban", "phone"},
          .checks = {"luhn", "mod97", "iban", "us_ssn"},
          .pattern_error = [](const PatternSpec& pattern) -> std::optional<std::string> {
            const auto open = std::ranges::count(pattern.expression, '(');
            if (open == std::ranges::count(pattern.expression, ')')) return std::nullopt;
            return "missing closing parenthesis";
          }};
}

inline LoadedPolicy load(const std::string& text, const std::string& file = "policy.yaml") {
  const std::vector<PolicyText> texts{{file, text}};
  return load_policy(texts, vocabulary());
}

inline std::vector<std::string> lines(const LoadedPolicy& loaded) {
  std::vector<std::string> out;
  for (const Diagnostic& diagnostic : loaded.diagnostics) out.push_back(diagnostic.to_string());
  return out;
}

inline std::string joined(const LoadedPolicy& loaded) {
  std::string out;
  for (const std::string& line : lines(loaded)) out += line + '\n';
  return out;
}

inline std::string file_text(const std::string& path) {
  std::ifstream in{path};
  EXPECT_TRUE(in.good()) << path;
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

}  // namespace sluice::policy
