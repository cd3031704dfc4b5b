// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice::policy {

enum class Severity : std::uint8_t { error, warning };

/// One mistake and its place. Line and column count from 1; 0 = the file as a whole.
struct Diagnostic {
  Severity severity = Severity::error;
  std::string file;
  int line = 0;
  int column = 0;
  std::string message;

  /// policy.yaml:14:7: unknown detector 'credit_crad'; did you mean 'payment_card'?
  [[nodiscard]] std::string to_string() const;
};

/// The candidate that `word` is most likely a slip of (edit distance, shared words), or "".
[[nodiscard]] std::string_view nearest_word(std::string_view word,
                                            std::span<const std::string_view> candidates);

}  // namespace sluice::policy
