// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "scan_text.h"

namespace sluice::detect {
namespace {

TEST(Catalogue, every_detector_of_it_compiles) {
  ASSERT_EQ(catalogue().size(), 5U);
  EXPECT_NO_THROW(set_of_all());
}

TEST(Catalogue, every_check_of_it_can_be_asked_for) {
  ASSERT_FALSE(check_names().empty());
  for (const std::string_view check : check_names())
    EXPECT_EQ(pattern_error({.expression = "[0-9]{9}", .check = std::string{check}}), std::nullopt) << check;
}

TEST(PatternError, says_why) {
  EXPECT_EQ(pattern_error({.expression = "LOY-[0-9]{10}"}), std::nullopt);
  EXPECT_NE(pattern_error({.expression = "["}), std::nullopt);
  EXPECT_NE(pattern_error({.expression = "a*"}), std::nullopt) << "matches nothing at all";
  EXPECT_NE(pattern_error({.expression = "(a)\\1"}), std::nullopt) << "back reference";
  EXPECT_EQ(pattern_error({.expression = "A", .check = "lun"}), "unknown check 'lun'");
}

TEST(EngineSelfTest, passes_with_the_library_of_this_build) {
  const auto result = engine_self_test();
  EXPECT_TRUE(result) << result.error().message();
}

}  // namespace
}  // namespace sluice::detect
