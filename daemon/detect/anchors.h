// SPDX-License-Identifier: Apache-2.0
// Where values can be: runs of digits and '@' signs, found in one pass at memory speed. Class-shaped patterns
// ("13 to 19 digits") are what costs in every regex engine, so the recognizers start from these anchors
// instead.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::detect {

/// Digits [begin, end) with no digit on either side.
struct Run {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  [[nodiscard]] std::uint32_t size() const { return end - begin; }
};

struct Anchors {
  std::vector<Run> runs;           // in order
  std::vector<std::uint32_t> ats;  // offsets of '@', in order
};

/// Replaces what `out` holds; its memory is reused. Texts are under 4 GiB.
void find_anchors(std::string_view text, Anchors& out);

}  // namespace sluice::detect
