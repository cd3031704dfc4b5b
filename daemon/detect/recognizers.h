// SPDX-License-Identifier: Apache-2.0
// The recognizers: each appends the values of one detector that it finds in a window. They are local: whether
// [begin, end) is a value depends on no byte further than kContext away, so any window that shows a value
// with its context gives the same answer. They are linear: bounded work for each anchor.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "detect/anchors.h"

namespace sluice::detect {

/// A value in a window.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};

struct Window {
  std::string_view text;
  const Anchors& anchors;
  const std::vector<Span>& ssn_words;    // words that announce a social security number, in order
  const std::vector<Span>& phone_words;  // words that announce a phone number, in order
};

void find_payment_cards(const Window& window, std::vector<Span>& out);
void find_emails(const Window& window, std::vector<Span>& out);
void find_us_ssns(const Window& window, std::vector<Span>& out);
void find_ibans(const Window& window, std::vector<Span>& out);
void find_phones(const Window& window, std::vector<Span>& out);

/// A word ends within kNear bytes before `begin`, and the value is still its own: no field separator in
/// between.
[[nodiscard]] bool announced(std::string_view text, const std::vector<Span>& words, std::size_t begin);

}  // namespace sluice::detect
