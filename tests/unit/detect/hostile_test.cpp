// SPDX-License-Identifier: Apache-2.0
// Content made to be expensive. What is counted is work, by its traces: matches, and what the cap held back.
#include <gtest/gtest.h>

#include "detect/anchors.h"
#include "scan_text.h"

namespace sluice::detect {
namespace {

std::string repeat(std::string_view unit, std::size_t size) {
  std::string text;
  while (text.size() < size) text += unit;
  return text;
}

struct Case {
  std::string name;
  std::string unit;
};

class Hostile : public testing::TestWithParam<Case> {};

TEST_P(Hostile, a_megabyte_is_scanned_with_a_bounded_number_of_matches) {
  const std::string text = repeat(GetParam().unit, 1 << 20);
  ScanState state;
  std::vector<Match> matches;
  set_of_all().scan(state, {.bytes = as_bytes(text)}, matches);
  EXPECT_LE(matches.size(), catalogue().size() * kMaxMatches * (text.size() / (64 << 10)));
  EXPECT_TRUE(matches.size() >= kMaxMatches || state.suppressed() == 0);
}
INSTANTIATE_TEST_SUITE_P(Texts, Hostile,
                         testing::Values(Case{"digits", "7"}, Case{"ats", "@"}, Case{"digit_groups", "4111 "},
                                         Case{"single_digits", "1 "}, Case{"plus_signs", "+1"},
                                         Case{"mail_chains", "a@b."}, Case{"local_parts", "aaaaaaaa.b@"},
                                         Case{"account_heads", "GB82"}, Case{"words", "ssn phone "},
                                         Case{"words_and_numbers", "tel 1"}, Case{"escapes", "%2B%40%20"},
                                         Case{"quotes", "'@'"}, Case{"url_users", "//a:b@c.de"}),
                         [](const auto& tested) { return tested.param.name; });

TEST(HostilePattern, that_matches_everywhere_is_capped_and_counted) {
  const DataClassSpec own{.name = "own", .patterns = {{.expression = "aaaaa"}}};
  const DetectorSet set = compile_or_throw({&own, 1});
  ScanState state;
  std::vector<Match> matches;
  const std::string text(32 << 10, 'a');
  set.scan(state, {.bytes = as_bytes(text)}, matches);
  EXPECT_EQ(matches.size(), kMaxMatches);
  EXPECT_EQ(state.suppressed(), text.size() - 4 - kMaxMatches);
}

TEST(HostilePattern, does_not_hide_another_data_class) {
  const std::vector<DataClassSpec> classes{{.name = "noise", .patterns = {{.expression = "aaaaa"}}},
                                           {.name = "card", .detectors = {"payment_card"}}};
  const auto matches =
      scan_whole(compile_or_throw(classes), std::string(32 << 10, 'a') + " 4111111111111111");
  EXPECT_EQ(std::ranges::count(matches, DataClassId{1}, &Match::data_class), 1);
}

TEST(HostilePattern, without_an_end_is_one_value) {
  const DataClassSpec own{.name = "own", .patterns = {{.expression = "ab+"}}};
  const DetectorSet set = compile_or_throw({&own, 1});
  const auto matches = scan_whole(set, "a" + std::string(50'000, 'b'));
  ASSERT_EQ(matches.size(), 1U);
  EXPECT_EQ(matches[0].end, 50'001U);
}

TEST(ManySmallPieces, remember_a_bounded_number_of_bytes) {
  const DetectorSet set = set_of("payment_card");
  ScanState state;
  std::vector<Match> matches;
  std::uint64_t pos = 0;
  for (int i = 0; i < 5000; ++i, pos += 17)
    set.scan(state, {.bytes = as_bytes("4111111111111111 "), .pos = StreamPos{pos}}, matches);
  EXPECT_EQ(matches.size(), 5000U);
}

}  // namespace
}  // namespace sluice::detect
