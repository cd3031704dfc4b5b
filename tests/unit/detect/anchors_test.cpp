// SPDX-License-Identifier: Apache-2.0
#include "detect/anchors.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "detect/text.h"

namespace sluice::detect {
namespace {

Anchors naive(std::string_view text) {
  Anchors anchors;
  for (std::uint32_t i = 0; i < text.size(); ++i) {
    if (text[i] == '@') anchors.ats.push_back(i);
    if (!is_digit(text[i])) continue;
    if (i == 0 || !is_digit(text[i - 1])) anchors.runs.push_back({i, i});
    anchors.runs.back().end = i + 1;
  }
  return anchors;
}

TEST(Anchors, agree_with_a_naive_scan_at_every_length) {
  std::mt19937 random{7};
  constexpr std::string_view kAlphabet = "0123456789@/:\x80\xb0\xff ab";
  std::string text;
  for (int length = 0; length < 400; ++length) {
    Anchors anchors;
    find_anchors(text, anchors);
    const Anchors expected = naive(text);
    ASSERT_EQ(anchors.ats, expected.ats) << length;
    ASSERT_EQ(anchors.runs.size(), expected.runs.size()) << length;
    for (std::size_t i = 0; i < expected.runs.size(); ++i) {
      ASSERT_EQ(anchors.runs[i].begin, expected.runs[i].begin) << length;
      ASSERT_EQ(anchors.runs[i].end, expected.runs[i].end) << length;
    }
    text += kAlphabet[random() % kAlphabet.size()];
  }
}

TEST(Anchors, a_run_over_many_blocks_is_one) {
  Anchors anchors;
  find_anchors(std::string(1000, '7'), anchors);
  ASSERT_EQ(anchors.runs.size(), 1U);
  EXPECT_EQ(anchors.runs[0].size(), 1000U);
}

}  // namespace
}  // namespace sluice::detect
