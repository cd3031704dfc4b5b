// SPDX-License-Identifier: Apache-2.0
// Issuer identification ranges (ISO/IEC 7812-1) and lengths by brand.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "detect/checksums.h"

namespace sluice::detect {

struct CardRange {
  std::string_view first, last;  // inclusive prefixes of one length
  std::uint32_t lengths = 0;     // bit n: n digits are possible
};

[[nodiscard]] constexpr std::uint32_t lengths(int from, int to) {
  std::uint32_t bits = 0;
  for (int n = from; n <= to; ++n) bits |= 1U << n;
  return bits;
}
[[nodiscard]] constexpr std::uint32_t length(int n) { return lengths(n, n); }

// A number may match several rows (UnionPay and Discover share 622126-622925): one that fits is enough.
inline constexpr std::array kCardRanges{
    CardRange{"4", "4", length(13) | length(16) | length(18) | length(19)},  // Visa
    CardRange{"51", "55", length(16)},                                       // Mastercard
    CardRange{"2221", "2720", length(16)},                                   // Mastercard
    CardRange{"34", "34", length(15)},
    CardRange{"37", "37", length(15)},                              // American Express
    CardRange{"300", "305", length(14) | length(16) | length(19)},  // Diners Club
    CardRange{"36", "36", length(14) | length(16) | length(19)},    // Diners Club
    CardRange{"38", "39", length(14) | length(16) | length(19)},    // Diners Club
    CardRange{"6011", "6011", length(16) | length(19)},             // Discover
    CardRange{"644", "649", length(16) | length(19)},               // Discover
    CardRange{"65", "65", length(16) | length(19)},                 // Discover, RuPay, Troy, Elo
    CardRange{"3528", "3589", lengths(16, 19)},                     // JCB
    CardRange{"1800", "1800", length(15)},
    CardRange{"2131", "2131", length(15)},  // JCB
    CardRange{"62", "62", lengths(14, 19)},
    CardRange{"81", "81", lengths(14, 19)},  // UnionPay
    CardRange{"50", "50", lengths(12, 19)},
    CardRange{"56", "58", lengths(12, 19)},  // Maestro, Elo
    CardRange{"60", "61", lengths(12, 19)},
    CardRange{"63", "64", lengths(12, 19)},      // Maestro, RuPay, Hiper
    CardRange{"66", "69", lengths(12, 19)},      // Maestro, Elo
    CardRange{"2200", "2204", lengths(16, 19)},  // Mir
    CardRange{"9792", "9792", length(16)},       // Troy
};

[[nodiscard]] constexpr bool in_range(const CardRange& range, std::string_view digits) {
  if ((range.lengths >> digits.size() & 1U) == 0) return false;
  const std::string_view prefix = digits.substr(0, range.first.size());
  return range.first <= prefix && prefix <= range.last;
}

[[nodiscard]] constexpr bool is_card_number(std::string_view digits) {
  if (digits.size() < 12 || digits.size() > 19) return false;
  for (const CardRange& range : kCardRanges)
    if (in_range(range, digits)) return luhn_valid(digits);
  return false;
}

static_assert(is_card_number("4111111111111111") && is_card_number("378282246310005"));
static_assert(is_card_number("30569309025904") && is_card_number("5019717010103742"));
static_assert(!is_card_number("4111111111111112"), "Luhn");
static_assert(luhn_valid("1111111111111117") && !is_card_number("1111111111111117"),
              "no issuer begins with 11");
static_assert(luhn_valid("42222222222226") && !is_card_number("42222222222226"), "Visa has no 14 digits");

}  // namespace sluice::detect
