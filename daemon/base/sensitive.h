// SPDX-License-Identifier: Apache-2.0
// Captured content has a type that cannot be formatted or logged.
#pragma once

#include <string.h>

#include <string>
#include <string_view>
#include <utility>

namespace sluice {

/// A value of customer data on its way to a validator, a mask or a fingerprint. There is no operator<< and no
/// formatter; reveal() is the one greppable way out. Wiped on destruction: hygiene, not a guarantee, since
/// moves of small strings and reallocations leave copies.
class MatchedText {
 public:
  explicit MatchedText(std::string text) : text_{std::move(text)} {}
  MatchedText(const MatchedText&) = delete;
  MatchedText& operator=(const MatchedText&) = delete;
  MatchedText(MatchedText&&) = default;
  MatchedText& operator=(MatchedText&&) = default;
  ~MatchedText() { explicit_bzero(text_.data(), text_.size()); }

  [[nodiscard]] std::string_view reveal() const { return text_; }

 private:
  std::string text_;
};

}  // namespace sluice
