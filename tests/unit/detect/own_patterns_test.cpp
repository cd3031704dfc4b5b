// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "scan_text.h"

namespace sluice::detect {
namespace {

DetectorSet set_with(PatternSpec pattern) {
  const DataClassSpec only{.name = "own", .patterns = {std::move(pattern)}};
  return compile_or_throw({&only, 1});
}

DetectorSet set_with_words(std::vector<std::string> words) {
  const DataClassSpec only{.name = "papers", .words = std::move(words)};
  return compile_or_throw({&only, 1});
}

using Values = std::vector<std::string>;

TEST(Pattern, is_found_with_its_begin_and_its_longest_end) {
  const DetectorSet set = set_with({.expression = "LOY-[0-9]{4,10}"});
  EXPECT_EQ(find_values(set, "a LOY-1234567890 b LOY-1234"), (Values{"LOY-1234567890", "LOY-1234"}));
}

TEST(Pattern, is_case_sensitive_unless_it_says_otherwise) {
  EXPECT_EQ(find_values(set_with({.expression = "LOY-[0-9]{4}"}), "loy-1234"), Values{});
  EXPECT_EQ(find_values(set_with({.expression = "(?i)LOY-[0-9]{4}"}), "loy-1234"), Values{"loy-1234"});
}

TEST(Pattern, passes_its_check) {
  const DetectorSet set = set_with({.expression = "LOY-[0-9]{10}", .check = "luhn"});
  EXPECT_EQ(find_values(set, "LOY-4111111110 LOY-4111111111"), Values{"LOY-4111111110"});
}

TEST(Pattern, check_with_an_x) {
  const DetectorSet set =
      set_with({.expression = "[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]", .check = "mod11_2"});
  EXPECT_EQ(find_values(set, "0000-0002-1694-233X 0000-0002-1694-2331"), Values{"0000-0002-1694-233X"});
}

TEST(Pattern, needs_one_of_its_words_within_64_bytes_on_either_side) {
  const DetectorSet set = set_with({.expression = "[A-Z]{2}[0-9]{6}", .near = {"loyalty", "member card"}});
  EXPECT_EQ(find_values(set, "loyalty: AB123456"), Values{"AB123456"});
  EXPECT_EQ(find_values(set, "AB123456 is the Member \n Card"), Values{"AB123456"});
  EXPECT_EQ(find_values(set, "memberCards AB123456"), Values{});
  EXPECT_EQ(find_values(set, "user_loyalty_id=AB123456"), Values{"AB123456"});
  EXPECT_EQ(find_values(set, "AB123456"), Values{});
  EXPECT_EQ(find_values(set, "disloyalty AB123456"), Values{});
  EXPECT_EQ(find_values(set, "loyalty" + std::string(64, ' ') + "AB123456"), Values{});
  EXPECT_EQ(find_values(set, "loyalty" + std::string(57, ' ') + "AB123456"), Values{"AB123456"});
  EXPECT_EQ(find_values(set, "AB123456" + std::string(57, ' ') + "loyalty"), Values{"AB123456"});
  EXPECT_EQ(find_values(set, "AB123456" + std::string(58, ' ') + "loyalty"), Values{});
}

TEST(Pattern, sees_line_anchors_as_lines) {
  const DetectorSet set = set_with({.expression = "^key [0-9]{4}$"});
  EXPECT_EQ(find_values(set, "x\nkey 1234\ny key 5678"), Values{"key 1234"});
}

TEST(Words, are_whole_words_in_any_case_with_any_white_space) {
  const DetectorSet set = set_with_words({"Project Halley", "strictly confidential"});
  EXPECT_EQ(find_values(set, "the PROJECT\r\n  halley plan"), Values{"PROJECT\r\n  halley"});
  EXPECT_EQ(find_values(set, "(Strictly Confidential)"), Values{"Strictly Confidential"});
  EXPECT_EQ(find_values(set, "project halleys"), Values{});
  EXPECT_EQ(find_values(set, "subproject halley"), Values{});
  EXPECT_EQ(find_values(set, "projecthalley"), Values{});
  EXPECT_EQ(find_values(set, "project " + std::string(20, ' ') + "halley"), Values{});
}

TEST(Words, may_hold_marks_of_expressions) {
  EXPECT_EQ(find_values(set_with_words({"C++ (draft)"}), "see c++ (DRAFT) or C+ draft"),
            Values{"c++ (DRAFT)"});
}

TEST(Matches, name_their_detector_and_class) {
  const std::vector<DataClassSpec> classes{{.name = "a", .patterns = {{.expression = "LOY-[0-9]{4}"}}},
                                           {.name = "b", .words = {"halley"}}};
  const auto matches = scan_whole(compile_or_throw(classes), "halley LOY-1234");
  ASSERT_EQ(matches.size(), 2U);
  EXPECT_EQ(matches[0].detector, "pattern");
  EXPECT_EQ(matches[0].data_class, DataClassId{0});
  EXPECT_EQ(matches[1].detector, "words");
  EXPECT_EQ(matches[1].data_class, DataClassId{1});
}

TEST(Matches, within_one_class_the_longest_stays_and_other_classes_keep_theirs) {
  const std::vector<DataClassSpec> classes{
      {.name = "both", .detectors = {"email"}, .patterns = {{.expression = "bob@[a-z]{3}"}}},
      {.name = "part", .patterns = {{.expression = "bob@[a-z]{3}"}}}};
  const std::string text = "to bob@example.com";
  EXPECT_EQ(values_in(text, scan_whole(compile_or_throw(classes), text)),
            (Values{"bob@example.com", "bob@exa"}));
}

TEST(Compile, refuses_and_says_where) {
  const DataClassSpec unknown{.name = "card", .detectors = {"credit_crad"}};
  EXPECT_EQ(DetectorSet::compile({&unknown, 1}, kTestKey).error().message(),
            "data class 'card': unknown detector 'credit_crad'");
  const DataClassSpec check{.name = "own", .patterns = {{.expression = "A", .check = "lun"}}};
  EXPECT_EQ(DetectorSet::compile({&check, 1}, kTestKey).error().message(),
            "data class 'own': pattern 'A': unknown check 'lun'");
  const DataClassSpec broken{.name = "own", .patterns = {{.expression = "A("}}};
  EXPECT_NE(
      DetectorSet::compile({&broken, 1}, kTestKey).error().message().find("data class 'own': pattern 'A('"),
      std::string::npos);
}

}  // namespace
}  // namespace sluice::detect
