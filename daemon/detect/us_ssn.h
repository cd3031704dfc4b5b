// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <string_view>

#include "detect/text.h"

namespace sluice::detect {

/// Numbers the Social Security Administration could have issued: nine digits of area, group and serial.
[[nodiscard]] constexpr bool is_us_ssn(std::string_view digits) {
  // Printed in advertisements and forms, never anyone's.
  constexpr std::array<std::string_view, 3> kPublic{"078051120", "219099999", "123456789"};
  if (digits.size() != 9 || !std::ranges::all_of(digits, is_digit)) return false;
  const std::string_view area = digits.substr(0, 3);
  if (area == "000" || area == "666" || area[0] == '9') return false;
  if (digits.substr(3, 2) == "00" || digits.substr(5) == "0000") return false;
  if (std::ranges::all_of(digits, [&](char c) { return c == digits[0]; })) return false;  // 111-11-1111
  return std::ranges::find(kPublic, digits) == kPublic.end();
}

static_assert(is_us_ssn("536228726") && is_us_ssn("899066699"));
static_assert(!is_us_ssn("000228726") && !is_us_ssn("666228726") && !is_us_ssn("936228726"), "area");
static_assert(!is_us_ssn("536008726") && !is_us_ssn("536220000"), "group and serial");
static_assert(!is_us_ssn("078051120") && !is_us_ssn("111111111"), "public and filler numbers");

}  // namespace sluice::detect
