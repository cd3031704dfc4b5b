// SPDX-License-Identifier: Apache-2.0
// Check-digit algorithms over short texts. They take what separators leave: digits, for mod 97 also letters.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "detect/text.h"

namespace sluice::detect {

/// ISO/IEC 7812-1 annex B.
[[nodiscard]] constexpr bool luhn_valid(std::string_view digits) {
  int sum = 0;
  bool twice = false;
  for (std::size_t i = digits.size(); i-- > 0; twice = !twice) {
    if (!is_digit(digits[i])) return false;
    const int d = (digits[i] - '0') * (twice ? 2 : 1);
    sum += d > 9 ? d - 9 : d;
  }
  return digits.size() > 1 && sum % 10 == 0;
}

/// One step of ISO 7064 MOD 97-10: a letter counts as two digits, A = 10.
[[nodiscard]] constexpr int mod97_step(int remainder, char c) {
  return is_digit(c) ? (remainder * 10 + (c - '0')) % 97 : (remainder * 100 + (to_upper(c) - 'A' + 10)) % 97;
}

/// ISO 7064 MOD 97-10, check digits last.
[[nodiscard]] constexpr bool mod97_valid(std::string_view alnum) {
  int remainder = 0;
  for (const char c : alnum) {
    if (!is_alnum(c)) return false;
    remainder = mod97_step(remainder, c);
  }
  return alnum.size() > 2 && remainder == 1;
}

/// ISO 13616: the first four characters count last.
[[nodiscard]] constexpr bool iban_mod97_valid(std::string_view iban) {
  if (iban.size() < 5) return false;
  int remainder = 0;
  for (std::size_t i = 0; i < iban.size(); ++i)
    remainder = mod97_step(remainder, iban[(i + 4) % iban.size()]);
  return remainder == 1;
}

[[nodiscard]] constexpr bool verhoeff_valid(std::string_view digits) {
  // Multiplication in the dihedral group D5: x * y, with 0..4 rotations and 5..9 reflections.
  const auto times = [](int x, int y) {
    if (x < 5) return y < 5 ? (x + y) % 5 : 5 + (x + y) % 5;
    return y < 5 ? 5 + (x - y + 5) % 5 : (x - y + 5) % 5;
  };
  constexpr std::array<int, 10> kTurn{1, 5, 7, 6, 2, 8, 3, 0, 9, 4};
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const char c = digits[digits.size() - 1 - i];
    if (!is_digit(c)) return false;
    int d = c - '0';
    for (std::size_t turn = 0; turn < i % 8; ++turn) d = kTurn[static_cast<std::size_t>(d)];
    sum = times(sum, d);
  }
  return digits.size() > 1 && sum == 0;
}

[[nodiscard]] constexpr bool damm_valid(std::string_view digits) {
  constexpr std::array<std::string_view, 10> kTable{"0317598642", "7092154863", "4206871359", "1750983426",
                                                    "6123045978", "3674209581", "5869720134", "8945362017",
                                                    "9438617205", "2581436790"};
  char interim = '0';
  for (const char c : digits) {
    if (!is_digit(c)) return false;
    interim = kTable[static_cast<std::size_t>(interim - '0')][static_cast<std::size_t>(c - '0')];
  }
  return digits.size() > 1 && interim == '0';
}

/// ISO 7064 MOD 11-2 (ORCID, ISNI); the check character may be X.
[[nodiscard]] constexpr bool mod11_2_valid(std::string_view digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const bool is_x = i + 1 == digits.size() && to_upper(digits[i]) == 'X';
    if (!is_digit(digits[i]) && !is_x) return false;
    sum = (sum * 2 + (is_x ? 10 : digits[i] - '0')) % 11;
  }
  return digits.size() > 1 && sum == 1;
}

/// ISO 7064 MOD 11,10 (German tax id, Croatian OIB).
[[nodiscard]] constexpr bool mod11_10_valid(std::string_view digits) {
  if (digits.size() < 2) return false;
  int product = 10;
  for (const char c : digits.substr(0, digits.size() - 1)) {
    if (!is_digit(c)) return false;
    const int sum = (product + (c - '0')) % 10;
    product = (sum == 0 ? 10 : sum) * 2 % 11;
  }
  return is_digit(digits.back()) && (product + (digits.back() - '0')) % 10 == 1;
}

/// A check that a policy may ask of its own patterns.
struct Check {
  std::string_view name;
  bool (*valid)(std::string_view);
  bool letters = false;        // letters of the value take part
  bool last_may_be_x = false;  // as a check character that stands for 10
};
inline constexpr std::array kChecks{
    Check{"luhn", &luhn_valid},
    Check{"mod97", &mod97_valid, true},
    Check{"iban", &iban_mod97_valid, true},
    Check{"verhoeff", &verhoeff_valid},
    Check{"damm", &damm_valid},
    Check{"mod11_2", &mod11_2_valid, false, true},
    Check{"mod11_10", &mod11_10_valid},
};

static_assert(luhn_valid("4111111111111111") && !luhn_valid("4111111111111112") && !luhn_valid("0"));
static_assert(mod97_valid("79444") && !mod97_valid("79445"));
static_assert(iban_mod97_valid("GB82WEST12345698765432") && !iban_mod97_valid("GB82WEST12345698765433"));
static_assert(verhoeff_valid("2363") && !verhoeff_valid("2633") && !verhoeff_valid("2364"));
static_assert(damm_valid("5724") && !damm_valid("5742"));
static_assert(mod11_2_valid("07940") && mod11_2_valid("0000000218250097") &&
              !mod11_2_valid("0000000218250079"));
static_assert(mod11_10_valid("07945") && !mod11_10_valid("07954"));

}  // namespace sluice::detect
