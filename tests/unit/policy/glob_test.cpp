// SPDX-License-Identifier: Apache-2.0
#include "policy/glob.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace sluice::policy {
namespace {

struct Case {
  const char* name;
  const char* glob;
  const char* text;
  bool matches;
};

class GlobTest : public testing::TestWithParam<Case> {};

TEST_P(GlobTest, matches_the_whole_text) {
  EXPECT_EQ(glob_match(GetParam().glob, GetParam().text), GetParam().matches);
}

INSTANTIATE_TEST_SUITE_P(
    Globs, GlobTest,
    testing::Values(
        Case{"literal", "/usr/bin/curl", "/usr/bin/curl", true},
        Case{"literal_is_no_prefix", "/usr/bin/curl", "/usr/bin/curl2", false},
        Case{"literal_is_no_suffix", "curl", "/usr/bin/curl", false},
        Case{"star_at_end", "/usr/bin/python3*", "/usr/bin/python3.11", true},
        Case{"star_takes_nothing", "/usr/bin/python3*", "/usr/bin/python3", true},
        Case{"star_crosses_slashes", "/opt/*/bin", "/opt/a/b/bin", true},
        Case{"star_crosses_dots", "*.stripe.com", "a.b.stripe.com", true},
        Case{"star_needs_the_dot", "*.stripe.com", "evilstripe.com", false},
        Case{"suffix_is_not_enough", "*.stripe.com", "a.stripe.com.evil.net", false},
        Case{"question_is_one", "ab?", "abc", true}, Case{"question_is_not_none", "ab?", "ab", false},
        Case{"two_stars_in_order", "a*b*c", "a-b-b-c", true},
        Case{"two_stars_out_of_order", "a*b*c", "a-c-b", false},
        Case{"the_last_occurrence_counts", "*ab", "abab", true},
        Case{"bracket_is_itself", "[a]", "[a]", true}, Case{"bracket_is_no_class", "[a]", "a", false},
        Case{"case_counts", "Curl", "curl", false}, Case{"empty_matches_empty", "", "", true},
        Case{"star_matches_empty", "*", "", true}, Case{"empty_matches_nothing_else", "", "a", false}),
    [](const auto& tested) { return tested.param.name; });

/// The definition, without regard to cost.
bool naive(std::string_view glob, std::string_view text) {
  if (glob.empty()) return text.empty();
  if (glob[0] == '*') return naive(glob.substr(1), text) || (!text.empty() && naive(glob, text.substr(1)));
  return !text.empty() && (glob[0] == '?' || glob[0] == text[0]) && naive(glob.substr(1), text.substr(1));
}

TEST(Glob, agrees_with_its_definition_on_random_texts) {
  std::mt19937 random{7};  // NOLINT(cert-msc51-cpp): the same cases each time
  const auto text_of = [&](std::string_view letters, std::size_t longest) {
    std::string out(random() % (longest + 1), ' ');
    for (char& c : out) c = letters[random() % letters.size()];
    return out;
  };
  int matched = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::string glob = text_of("ab*?", 6);
    const std::string text = text_of("ab", 8);
    ASSERT_EQ(glob_match(glob, text), naive(glob, text)) << glob << " on " << text;
    matched += glob_match(glob, text) ? 1 : 0;
  }
  EXPECT_GT(matched, 1'000);
}

TEST(Glob, many_stars_stay_within_glob_times_text_steps) {
  std::string glob;
  for (int i = 0; i < 64; ++i) glob += "*a";
  glob += "*b";
  // A matcher that takes back every star would need more steps than there are atoms; this one ends at once.
  EXPECT_FALSE(glob_match(glob, std::string(4096, 'a')));
}

}  // namespace
}  // namespace sluice::policy
