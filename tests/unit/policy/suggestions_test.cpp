// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>

#include "policy/diagnostics.h"

namespace sluice::policy {
namespace {

constexpr std::array<std::string_view, 9> kWords{"payment_card", "email",   "us_ssn",  "iban",    "phone",
                                                 "detector",     "pattern", "network", "at_least"};

struct Case {
  const char* name;
  const char* word;
  const char* meant;
};

class NearestWord : public testing::TestWithParam<Case> {};

TEST_P(NearestWord, finds_what_was_meant) {
  EXPECT_EQ(nearest_word(GetParam().word, kWords), GetParam().meant);
}

INSTANTIATE_TEST_SUITE_P(
    Slips, NearestWord,
    testing::Values(Case{"swapped_letters_of_an_alias", "credit_crad", "payment_card"},
                    Case{"alias", "credit_card", "payment_card"}, Case{"short_alias", "cc", "payment_card"},
                    Case{"pan", "pan", "payment_card"}, Case{"ssn", "ssn", "us_ssn"},
                    Case{"mail", "mail", "email"}, Case{"telephone", "telephone", "phone"},
                    Case{"missing_letter", "detctor", "detector"},
                    Case{"extra_letter", "patttern", "pattern"}, Case{"swap", "emial", "email"},
                    Case{"case", "IBAN", "iban"}, Case{"dash", "at-least", "at_least"},
                    Case{"shared_word", "card_of_customer", "payment_card"}, Case{"cidr", "cidr", "network"},
                    Case{"unrelated", "weather", ""}, Case{"empty", "", ""}, Case{"one_letter", "x", ""}),
    [](const auto& tested) { return tested.param.name; });

TEST(NearestWord, prefers_the_closer_of_two) {
  constexpr std::array<std::string_view, 2> kTwo{"sender-b", "sender-a"};
  EXPECT_EQ(nearest_word("sender_a", kTwo), "sender-a");
}

TEST(NearestWord, has_no_guess_for_a_very_long_word) {
  EXPECT_EQ(nearest_word(std::string(100'000, 'e'), kWords), "");
}

TEST(Diagnostic, reads_as_editors_expect_it) {
  EXPECT_EQ((Diagnostic{Severity::error, "a.yaml", 14, 7, "unknown"}).to_string(), "a.yaml:14:7: unknown");
  EXPECT_EQ((Diagnostic{Severity::warning, "a.yaml", 2, 1, "unused"}).to_string(),
            "a.yaml:2:1: warning: unused");
  EXPECT_EQ((Diagnostic{Severity::error, "a.yaml", 0, 0, "empty"}).to_string(), "a.yaml: empty");
}

}  // namespace
}  // namespace sluice::policy
