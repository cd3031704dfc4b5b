// SPDX-License-Identifier: Apache-2.0
// What is shipped and shown must load, and its tests must say what the policy does. (What they find in `send`
// is the detectors' part; here each test's `finds` are the facts.)
#include <gtest/gtest.h>

#include <filesystem>

#include "policy/decide.h"
#include "policy/policy_test.h"
#include "vocabulary.h"

namespace sluice::policy {
namespace {

namespace fs = std::filesystem;

const fs::path kPolicies = fs::path{SLUICE_SOURCE_DIR} / "policies";

std::vector<PolicyText> texts_of(const fs::path& path) {
  std::vector<fs::path> files{path};
  if (fs::is_directory(path)) files.assign(fs::directory_iterator{path}, {});
  std::ranges::sort(files);
  std::vector<PolicyText> out;
  for (const fs::path& file : files) out.push_back({file.filename().string(), file_text(file.string())});
  return out;
}

int rank(Verdict verdict) { return verdict == Verdict::block ? 2 : verdict == Verdict::alert ? 1 : 0; }

/// The worst verdict over the data that a test says is found.
Verdict verdict_of(const Policy& policy, const PolicyTest& test) {
  const Sender sender = test_sender(test);
  const Destination destination = test_destination(test);
  Verdict worst = Verdict::allow;
  for (const std::string& name : test.finds) {
    const auto at = std::ranges::find(policy.data, name, &DataClassSpec::name) - policy.data.begin();
    const Decision decision = decide(policy, Mode::enforce,
                                     {.sender = sender,
                                      .destination = destination,
                                      .data_class = DataClassId{static_cast<std::uint16_t>(at)},
                                      .encrypted = test.encrypted});
    if (rank(decision.verdict) > rank(worst)) worst = decision.verdict;
  }
  return worst;
}

class ExampleTest : public testing::TestWithParam<const char*> {};

TEST_P(ExampleTest, loads_without_a_word_and_does_what_its_tests_expect) {
  const std::vector<PolicyText> texts = texts_of(kPolicies / GetParam());
  const LoadedPolicy loaded = load_policy(texts, vocabulary());
  ASSERT_NE(loaded.policy, nullptr) << joined(loaded);
  EXPECT_EQ(joined(loaded), "");
  EXPECT_GE(loaded.policy->tests.size(), 3U);
  for (const PolicyTest& test : loaded.policy->tests)
    EXPECT_EQ(to_string(verdict_of(*loaded.policy, test)), to_string(test.expect)) << test.name;
}

INSTANTIATE_TEST_SUITE_P(Policies, ExampleTest,
                         testing::Values("default.yaml", "examples/web-shop.yaml",
                                         "examples/nightly-backup.yaml", "examples/strict.yaml",
                                         "examples/many-files"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::ranges::replace_if(
                               name, [](char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

TEST(Examples, each_file_of_the_folder_is_in_the_list_above) {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator{kPolicies / "examples"})
    found.push_back(entry.path().filename());
  std::ranges::sort(found);
  EXPECT_EQ(found,
            (std::vector<std::string>{"many-files", "nightly-backup.yaml", "strict.yaml", "web-shop.yaml"}));
}

TEST(DefaultPolicy, observes_and_would_block_a_card_anywhere) {
  const LoadedPolicy loaded = load(file_text((kPolicies / "default.yaml").string()));
  ASSERT_NE(loaded.policy, nullptr) << joined(loaded);
  EXPECT_EQ(loaded.policy->mode, Mode::observe);
  Sender sender;
  sender.exe = "/usr/bin/curl";
  for (const char* address : {"203.0.113.9", "10.0.0.1", "fe80::1"}) {
    const Destination destination{.endpoint = {*IpAddress::parse(address), 443}, .name = {}};
    EXPECT_EQ(
        decide(*loaded.policy, loaded.policy->mode, {.sender = sender, .destination = destination}).verdict,
        Verdict::would_block)
        << address;
    EXPECT_EQ(classify(*loaded.policy, Mode::observe, sender, destination), FlowState::watched) << address;
  }
}

}  // namespace
}  // namespace sluice::policy
