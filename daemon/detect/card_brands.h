// SPDX-License-Identifier: Apache-2.0
// Issuer identification ranges (ISO/IEC 7812-1) and lengths by brand.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "detect/checksums.h"

namespace sluice::detect {

struct CardRange {
  int first = 0, last = 0;    // of the first four digits, inclusive
  std::uint32_t lengths = 0;  // bit n: n digits are possible
};

[[nodiscard]] constexpr std::uint32_t lengths(int from, int to) {
  std::uint32_t bits = 0;
  for (int n = from; n <= to; ++n) bits |= 1U << n;
  return bits;
}
[[nodiscard]] constexpr std::uint32_t length(int n) { return lengths(n, n); }

// A number may match several rows (UnionPay and Discover share 622126-622925): one that fits is enough.
inline constexpr std::array kCardRanges{
    CardRange{4000, 4999, length(13) | length(16) | length(18) | length(19)},  // Visa
    CardRange{5100, 5599, length(16)},                                         // Mastercard
    CardRange{2221, 2720, length(16)},                                         // Mastercard
    CardRange{3400, 3499, length(15)},
    CardRange{3700, 3799, length(15)},                            // American Express
    CardRange{3000, 3059, length(14) | length(16) | length(19)},  // Diners Club
    CardRange{3600, 3699, length(14) | length(16) | length(19)},  // Diners Club
    CardRange{3800, 3999, length(14) | length(16) | length(19)},  // Diners Club
    CardRange{6011, 6011, length(16) | length(19)},               // Discover
    CardRange{6440, 6499, length(16) | length(19)},               // Discover
    CardRange{6500, 6599, length(16) | length(19)},               // Discover, RuPay, Troy, Elo
    CardRange{3528, 3589, lengths(16, 19)},                       // JCB
    CardRange{1800, 1800, length(15)},
    CardRange{2131, 2131, length(15)},  // JCB
    CardRange{6200, 6299, lengths(14, 19)},
    CardRange{8100, 8199, lengths(14, 19)},  // UnionPay
    CardRange{5000, 5099, lengths(12, 19)},
    CardRange{5600, 5899, lengths(12, 19)},  // Maestro, Elo
    CardRange{6000, 6199, lengths(12, 19)},
    CardRange{6300, 6499, lengths(12, 19)},  // Maestro, RuPay, Hiper
    CardRange{6600, 6999, lengths(12, 19)},  // Maestro, Elo
    CardRange{2200, 2204, lengths(16, 19)},  // Mir
    CardRange{9792, 9792, length(16)},       // Troy
};

/// Lengths that any brand has under the first two digits: most numbers fall out here.
inline constexpr auto kLengthsByTwoDigits = [] {
  std::array<std::uint32_t, 100> table{};
  for (const CardRange& range : kCardRanges)
    for (int two = range.first / 100; two <= range.last / 100; ++two)
      table[static_cast<std::size_t>(two)] |= range.lengths;
  return table;
}();

[[nodiscard]] constexpr bool is_card_number(std::string_view digits) {
  if (digits.size() < 12 || digits.size() > 19) return false;
  int head = 0;
  for (const char c : digits.substr(0, 2)) head = head * 10 + (c - '0');
  if ((kLengthsByTwoDigits[static_cast<std::size_t>(head)] >> digits.size() & 1U) == 0) return false;
  for (const char c : digits.substr(2, 2)) head = head * 10 + (c - '0');
  for (const CardRange& range : kCardRanges)
    if (range.first <= head && head <= range.last && (range.lengths >> digits.size() & 1U) != 0)
      return luhn_valid(digits);
  return false;
}

static_assert(is_card_number("4111111111111111") && is_card_number("378282246310005"));
static_assert(is_card_number("30569309025904") && is_card_number("5019717010103742"));
static_assert(!is_card_number("4111111111111112"), "Luhn");
static_assert(luhn_valid("1111111111111117") && !is_card_number("1111111111111117"),
              "no issuer begins with 11");
static_assert(luhn_valid("42222222222226") && !is_card_number("42222222222226"), "Visa has no 14 digits");

}  // namespace sluice::detect
