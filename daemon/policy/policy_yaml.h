// SPDX-License-Identifier: Apache-2.0
// Text to policy: every mistake of every file at once, each with its place and, where one is near, the right
// word.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/diagnostics.h"
#include "policy/policy.h"

namespace sluice::policy {

struct PolicyText {
  std::string file;  // as it is named in diagnostics
  std::string text;
};

/// What the detect stage knows, handed in so that the stages do not include each other.
struct Vocabulary {
  std::vector<std::string_view> detectors;
  std::vector<std::string_view> checks;
  std::function<std::optional<std::string>(const PatternSpec&)> pattern_error;
};

struct LoadedPolicy {
  std::shared_ptr<const Policy> policy;  // null if any diagnostic is an error
  std::vector<Diagnostic> diagnostics;   // errors and warnings in the order of the files
};

/// Several texts make one policy: names must be unique over all of them, `mode` and `failure` may stand in
/// one only. No I/O. Bounded: a text over 1 MiB or nested deeper than 32 is refused with a diagnostic.
[[nodiscard]] LoadedPolicy load_policy(std::span<const PolicyText> texts, const Vocabulary& vocabulary);

}  // namespace sluice::policy
