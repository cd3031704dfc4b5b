// SPDX-License-Identifier: Apache-2.0
#include "policy_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace sluice {
namespace {

class PolicyFiles : public testing::Test {
 protected:
  PolicyFiles() { std::filesystem::create_directories(folder_); }
  ~PolicyFiles() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) {
    const std::filesystem::path path = folder_ / name;
    std::ofstream{path} << text;
    return path;
  }
  [[nodiscard]] std::string key_path() const { return folder_ / "fingerprint.key"; }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("sluice-policy-files-" + std::to_string(getpid()));
};

Result<std::vector<policy::PolicyText>> read(std::vector<std::string> paths) {
  return read_policy_texts(paths);
}

TEST_F(PolicyFiles, AFolderIsItsPoliciesInTheOrderOfTheirNames) {
  const std::string second = write("20-b.yml", "b");
  const std::string first = write("10-a.yaml", "a");
  write("notes.txt", "no policy");
  write("10-a.yaml~", "an editor's backup");
  const auto texts = read({folder_});
  ASSERT_TRUE(texts) << texts.error().message();
  ASSERT_EQ(texts->size(), 2U);
  EXPECT_EQ((*texts)[0].file, first);
  EXPECT_EQ((*texts)[0].text, "a");
  EXPECT_EQ((*texts)[1].file, second);
}

TEST_F(PolicyFiles, FilesKeepTheOrderTheyAreGivenIn) {
  const std::string a = write("a", "1"), b = write("b", "2");
  const auto texts = read({b, a});
  ASSERT_TRUE(texts);
  EXPECT_EQ((*texts)[0].text, "2");
  EXPECT_EQ((*texts)[1].text, "1");
}

TEST_F(PolicyFiles, AFolderWithoutAPolicyIsAnError) {
  const auto texts = read({folder_});
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().message(), "no policy file in '" + folder_.string() + "'");
  EXPECT_FALSE(read({}));
}

TEST_F(PolicyFiles, AMissingFileIsNamed) {
  const std::string missing = folder_ / "missing.yaml";
  const auto texts = read({write("a.yaml", "a"), missing});
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().message(), "open '" + missing + "': No such file or directory");
}

TEST_F(PolicyFiles, AFileOfAMebibyteIsReadAndALargerOneRefused) {
  const std::string path = write("large.yaml", std::string(1U << 20U, '#'));
  EXPECT_TRUE(read({path}));
  write("large.yaml", std::string((1U << 20U) + 1, '#'));
  const auto texts = read({path});
  ASSERT_FALSE(texts);
  EXPECT_EQ(texts.error().message(), "'" + path + "' is larger than 1 MiB");
}

TEST_F(PolicyFiles, TheKeyIsMadeOnceAndReadableByItsOwnerOnly) {
  const auto made = load_fingerprint_key(folder_);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_NE(*made, detect::FingerprintKey{}) << "32 zero bytes are no key";
  struct stat found {};
  ASSERT_EQ(stat(key_path().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0600U);
  EXPECT_EQ(load_fingerprint_key(folder_), *made) << "the same value is told by the same fingerprint";
}

TEST_F(PolicyFiles, TwoHostsHaveTwoKeys) {
  const auto one = load_fingerprint_key(folder_);
  std::filesystem::remove(key_path());
  const auto other = load_fingerprint_key(folder_);
  ASSERT_TRUE(one && other);
  EXPECT_NE(*one, *other);
}

TEST_F(PolicyFiles, ACutKeyIsRefusedAndNotReplaced) {
  write("fingerprint.key", "short");
  const auto key = load_fingerprint_key(folder_);
  ASSERT_FALSE(key);
  EXPECT_NE(key.error().message().find("is shorter than a key"), std::string::npos);
  EXPECT_EQ(std::filesystem::file_size(key_path()), 5U);
}

TEST_F(PolicyFiles, AKeyBehindASymbolicLinkIsRefused) {
  const std::string target = write("elsewhere", std::string(32, 'k'));
  std::filesystem::create_symlink(target, key_path());
  EXPECT_FALSE(load_fingerprint_key(folder_));
}

TEST_F(PolicyFiles, TheModeGivenWinsOverThePolicys) {
  auto policy = std::make_shared<policy::Policy>();
  policy->mode = Mode::observe;
  const auto kept = activate(policy, std::nullopt, {});
  const auto forced = activate(policy, Mode::enforce, {});
  ASSERT_TRUE(kept && forced);
  EXPECT_EQ((*kept)->mode, Mode::observe);
  EXPECT_EQ((*forced)->mode, Mode::enforce);
}

TEST_F(PolicyFiles, AnUnknownDetectorIsNamed) {
  auto policy = std::make_shared<policy::Policy>();
  policy->data.push_back({.name = "card", .detectors = {"credit_crad"}});
  const auto active = activate(policy, std::nullopt, {});
  ASSERT_FALSE(active);
  EXPECT_NE(active.error().message().find("credit_crad"), std::string::npos);
}

TEST(Vocabulary, HoldsWhatPoliciesMayName) {
  const policy::Vocabulary words = vocabulary();
  EXPECT_NE(std::ranges::find(words.detectors, "payment_card"), words.detectors.end());
  EXPECT_NE(std::ranges::find(words.checks, "luhn"), words.checks.end());
  EXPECT_TRUE(words.pattern_error({.expression = "(", .check = {}, .near = {}}));
  EXPECT_FALSE(words.pattern_error({.expression = "LOY-[0-9]{10}", .check = {}, .near = {}}));
}

}  // namespace
}  // namespace sluice
