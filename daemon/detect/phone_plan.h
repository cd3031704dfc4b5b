// SPDX-License-Identifier: Apache-2.0
// Country calling codes (ITU-T E.164) with the lengths of their national numbers, and the North American
// plan.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "detect/text.h"

namespace sluice::detect {

struct CallingCode {
  std::uint16_t code;
  std::uint8_t shortest, longest;  // digits after the code, without a trunk 0
};

// Sorted by code. Codes of three digits that are not here take kOtherCode's lengths.
inline constexpr std::array kCallingCodes{
    CallingCode{1, 10, 10},  CallingCode{7, 10, 10},  CallingCode{20, 8, 10},  CallingCode{27, 9, 9},
    CallingCode{30, 10, 10}, CallingCode{31, 9, 9},   CallingCode{32, 8, 9},   CallingCode{33, 9, 9},
    CallingCode{34, 9, 9},   CallingCode{36, 8, 9},   CallingCode{39, 6, 11},  CallingCode{40, 9, 9},
    CallingCode{41, 9, 9},   CallingCode{43, 7, 12},  CallingCode{44, 9, 10},  CallingCode{45, 8, 8},
    CallingCode{46, 7, 10},  CallingCode{47, 8, 8},   CallingCode{48, 9, 9},   CallingCode{49, 6, 11},
    CallingCode{51, 8, 9},   CallingCode{52, 10, 11}, CallingCode{53, 6, 8},   CallingCode{54, 10, 11},
    CallingCode{55, 10, 11}, CallingCode{56, 9, 9},   CallingCode{57, 8, 10},  CallingCode{58, 10, 10},
    CallingCode{60, 8, 10},  CallingCode{61, 9, 9},   CallingCode{62, 8, 12},  CallingCode{63, 8, 10},
    CallingCode{64, 8, 10},  CallingCode{65, 8, 8},   CallingCode{66, 8, 9},   CallingCode{81, 9, 10},
    CallingCode{82, 8, 10},  CallingCode{84, 9, 10},  CallingCode{86, 10, 11}, CallingCode{90, 10, 10},
    CallingCode{91, 10, 10}, CallingCode{92, 9, 10},  CallingCode{93, 9, 9},   CallingCode{94, 9, 9},
    CallingCode{95, 7, 10},  CallingCode{98, 10, 10}, CallingCode{212, 9, 9},  CallingCode{213, 8, 9},
    CallingCode{216, 8, 8},  CallingCode{234, 7, 10}, CallingCode{254, 9, 9},  CallingCode{351, 9, 9},
    CallingCode{352, 5, 9},  CallingCode{353, 7, 9},  CallingCode{354, 7, 7},  CallingCode{356, 8, 8},
    CallingCode{357, 8, 8},  CallingCode{358, 6, 11}, CallingCode{359, 7, 9},  CallingCode{370, 8, 8},
    CallingCode{371, 8, 8},  CallingCode{372, 7, 8},  CallingCode{380, 9, 9},  CallingCode{381, 7, 9},
    CallingCode{385, 8, 9},  CallingCode{386, 8, 8},  CallingCode{420, 9, 9},  CallingCode{421, 9, 9},
    CallingCode{852, 8, 8},  CallingCode{886, 8, 9},  CallingCode{966, 8, 9},  CallingCode{971, 8, 9},
    CallingCode{972, 8, 9},  CallingCode{974, 8, 8},
};
static_assert(std::ranges::is_sorted(kCallingCodes, {}, &CallingCode::code));
inline constexpr CallingCode kOtherCode{0, 6, 10};

/// NXX-NXX-XXXX: neither part begins with 0 or 1; area codes N11 are services, N9X are reserved.
[[nodiscard]] constexpr bool is_nanp(std::string_view ten) {
  const auto plausible = [](char c) { return c >= '2' && c <= '9'; };
  return ten.size() == 10 && plausible(ten[0]) && plausible(ten[3]) && ten.substr(1, 2) != "11" &&
         ten[1] != '9';
}

/// The plan whose code is the first `length` digits, or code 0. By value: comparing pointers into a constexpr
/// table is no constant expression for GCC 12 with UBSan.
[[nodiscard]] constexpr CallingCode find_calling_code(std::string_view digits, std::size_t length) {
  std::uint16_t code = 0;
  for (const char c : digits.substr(0, length)) code = static_cast<std::uint16_t>(code * 10 + (c - '0'));
  const auto* found = std::ranges::lower_bound(kCallingCodes, code, {}, &CallingCode::code);
  return found != kCallingCodes.end() && found->code == code ? *found : CallingCode{0, 0, 0};
}

/// Zones whose countries have codes of three digits.
[[nodiscard]] constexpr bool is_other_zone(std::string_view two) {
  constexpr std::array<std::string_view, 22> kZones{"21", "22", "23", "24", "25", "26", "29", "35",
                                                    "37", "38", "42", "50", "59", "67", "68", "69",
                                                    "80", "85", "87", "88", "96", "97"};
  return two == "99" || std::ranges::find(kZones, two) != kZones.end();
}

/// The digits after "+" can be a telephone number.
[[nodiscard]] constexpr bool is_e164(std::string_view digits) {
  if (digits.size() < 8 || digits[0] == '0') return false;
  CallingCode plan{0, 0, 0};
  std::size_t length = 0;
  while (plan.code == 0 && length < 3) plan = find_calling_code(digits, ++length);
  if (plan.code == 0) {
    if (!is_other_zone(digits.substr(0, 2))) return false;
    plan = kOtherCode;
  }
  std::string_view national = digits.substr(length);
  if (plan.code != 39 && national.size() > plan.shortest && national[0] == '0') national.remove_prefix(1);
  if (national.size() < plan.shortest || national.size() > plan.longest || digits.size() > 16) return false;
  return plan.code != 1 || is_nanp(national);
}

static_assert(is_nanp("4155550132") && !is_nanp("1155550132") && !is_nanp("4151550132") &&
              !is_nanp("9115550132") && !is_nanp("2915550132"));
static_assert(is_e164("14155550132") && !is_e164("1415555013") && !is_e164("11155550132"));
static_assert(is_e164("491517841729") && is_e164("4402071234567") && is_e164("33142685300") &&
              is_e164("35312345678"));
static_assert(!is_e164("33142685") && !is_e164("2812345678") && !is_e164("0014155550132"));

}  // namespace sluice::detect
