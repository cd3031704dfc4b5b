// SPDX-License-Identifier: Apache-2.0
#include "arguments.h"

#include <gtest/gtest.h>

#include <ostream>

namespace sluice {
namespace {

std::expected<Arguments, ArgumentsExit> parse(std::vector<const char*> words) {
  words.insert(words.begin(), "sluiced");
  return parse_arguments(static_cast<int>(words.size()), words.data());
}

TEST(Arguments, NothingSaidIsNothingSet) {
  const auto arguments = parse({});
  ASSERT_TRUE(arguments);
  EXPECT_TRUE(arguments->policies.empty());
  EXPECT_FALSE(arguments->mode || arguments->config || arguments->check);
}

TEST(Arguments, EveryFlagIsRead) {
  const auto arguments =
      parse({"--config", "c.yaml", "--policy", "a.yaml", "--policy", "b.d", "--mode", "enforce", "--cgroup",
             "/c", "--findings", "-", "--control", "/s", "--state", "/st", "--check"});
  ASSERT_TRUE(arguments) << arguments.error().text;
  EXPECT_EQ(arguments->config, "c.yaml");
  EXPECT_EQ(arguments->policies, (std::vector<std::string>{"a.yaml", "b.d"}));
  EXPECT_EQ(arguments->mode, Mode::enforce);
  EXPECT_EQ(arguments->cgroup, "/c");
  EXPECT_EQ(arguments->findings, "-");
  EXPECT_EQ(arguments->control, "/s");
  EXPECT_EQ(arguments->state, "/st");
  EXPECT_TRUE(arguments->check);
}

struct Usage {
  const char* name;
  std::vector<const char*> words;
};
void PrintTo(const Usage& tested, std::ostream* out) { *out << tested.name; }
class UsageMistakes : public testing::TestWithParam<Usage> {};

TEST_P(UsageMistakes, EndWithTwoAndAText) {
  const auto arguments = parse(GetParam().words);
  ASSERT_FALSE(arguments);
  EXPECT_EQ(arguments.error().code, 2);
  EXPECT_FALSE(arguments.error().text.empty());
}

INSTANTIATE_TEST_SUITE_P(Sluiced, UsageMistakes,
                         testing::Values(Usage{"unknown_flag", {"--polizy", "x"}},
                                         Usage{"bad_mode", {"--mode", "deny"}},
                                         Usage{"value_missing", {"--config"}},
                                         Usage{"stray_word", {"policy.yaml"}},
                                         Usage{"config_twice", {"--config", "a", "--config", "b"}}),
                         [](const auto& tested) { return tested.param.name; });

TEST(Arguments, HelpAndVersionEndWell) {
  const auto help = parse({"--help"});
  ASSERT_FALSE(help);
  EXPECT_EQ(help.error().code, 0);
  EXPECT_NE(help.error().text.find("--policy"), std::string::npos);
  EXPECT_EQ(parse({"--version"}).error().text.find("sluiced "), 0U);
}

TEST(Arguments, GoBeforeTheSettings) {
  Settings settings;
  settings.findings.files = {"/var/log/f"};
  settings.findings.journald = true;
  Arguments arguments;
  arguments.mode = Mode::enforce;
  arguments.findings = "-";
  arguments.policies = {"p"};
  const Settings merged = override_settings(settings, arguments);
  EXPECT_EQ(merged.mode, Mode::enforce);
  EXPECT_EQ(merged.findings.files, std::vector<std::string>{"-"});
  EXPECT_TRUE(merged.findings.journald);
  EXPECT_EQ(merged.policies, std::vector<std::string>{"p"});
  EXPECT_EQ(merged.control.socket, settings.control.socket);
}

}  // namespace
}  // namespace sluice
