// SPDX-License-Identifier: Apache-2.0
#include "detect/mask.h"

#include <gtest/gtest.h>

#include "scan_text.h"

namespace sluice::detect {
namespace {

std::string masked(ValueForm form, std::string_view value) { return mask(form, normalise(form, value)); }

TEST(Mask, shows_the_last_four_of_a_long_value) {
  EXPECT_EQ(masked(ValueForm::digits, "4111 1111-1111 1234"), "************1234");
  EXPECT_EQ(masked(ValueForm::alnum, "de89 3704"), "****3704");
  EXPECT_EQ(masked(ValueForm::text, "12345678"), "****5678");
}

TEST(Mask, shows_nothing_of_a_short_value) {
  EXPECT_EQ(masked(ValueForm::text, "1234567"), "*******");
  EXPECT_EQ(masked(ValueForm::digits, "12-34-567"), "*******");
}

TEST(Mask, of_an_address_shows_a_short_top_level_domain_only) {
  EXPECT_EQ(masked(ValueForm::email, "bob@example.com"), "*****@***.com");
  EXPECT_EQ(masked(ValueForm::email, "a%40b.museum"), "*****@***.***");
}

TEST(Mask, is_printable_whatever_the_value_holds) {
  EXPECT_EQ(masked(ValueForm::text, "abcdefgh\n\x80\x7f!"), "***********!");
}

TEST(Mask, of_a_very_long_value_is_short) {
  EXPECT_LE(masked(ValueForm::text, std::string(1000, 'x')).size(), 32U);
}

TEST(Normalise, makes_equal_values_equal) {
  EXPECT_EQ(normalise(ValueForm::digits, "4111-1111").reveal(), "41111111");
  EXPECT_EQ(normalise(ValueForm::digits, "%2B39+312").reveal(), "39312");
  EXPECT_EQ(normalise(ValueForm::alnum, "de89 37").reveal(), "DE8937");
  EXPECT_EQ(normalise(ValueForm::email, "Bob%2bX%40Example.com").reveal(), "bob+x@example.com");
  EXPECT_EQ(normalise(ValueForm::words, "Project \r\n Halley").reveal(), "project halley");
}

TEST(Fingerprints, are_equal_for_equal_values_and_differ_by_value_and_key) {
  const DetectorSet set = set_of("payment_card");
  const auto matches = scan_whole(set, "4111111111111111 4111-1111-1111-1111 378282246310005");
  ASSERT_EQ(matches.size(), 3U);
  EXPECT_EQ(matches[0].fingerprint, matches[1].fingerprint);
  EXPECT_NE(matches[0].fingerprint, matches[2].fingerprint);
  const DataClassSpec cards{.name = "cards", .detectors = {"payment_card"}};
  auto other = DetectorSet::compile({&cards, 1}, FingerprintKey{9});
  ASSERT_TRUE(other);
  EXPECT_NE(scan_whole(*other, "4111111111111111").at(0).fingerprint, matches[0].fingerprint);
}

TEST(Fingerprints, are_the_first_eight_bytes_of_hmac_sha256) {
  // printf 4111111111111111 | openssl dgst -sha256 -mac HMAC -macopt hexkey:010203(and 29 times 00)
  EXPECT_EQ(scan_whole(set_of("payment_card"), "4111-1111-1111-1111").at(0).fingerprint,
            Fingerprint{0xc5aa654fffe82900});
}

}  // namespace
}  // namespace sluice::detect
