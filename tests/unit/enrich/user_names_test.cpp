// SPDX-License-Identifier: Apache-2.0
#include "enrich/user_names.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sluice::enrich {
namespace {

class UserNamesTest : public testing::Test {
 protected:
  UserNamesTest() { std::filesystem::create_directories(directory_); }
  ~UserNamesTest() override { std::filesystem::remove_all(directory_); }
  void write(const std::string& text) { std::ofstream{path()} << text; }
  [[nodiscard]] std::string path() const { return directory_ / "passwd"; }

  std::filesystem::path directory_ =
      std::filesystem::temp_directory_path() / ("sluice-names-" + std::to_string(getpid()));
};

TEST_F(UserNamesTest, TellsNamesAndDigitsOfTheUnknown) {
  write("root:x:0:0::/root:/bin/sh\nalice:x:1000:1000:,,,:/home/alice:/bin/sh\nbroken line\nbad:x:nan:1::\n");
  UserNames names{path(), "/nonexistent"};
  EXPECT_EQ(names.user(Uid{0}), "root");
  EXPECT_EQ(names.user(Uid{1000}), "alice");
  EXPECT_EQ(names.user(Uid{7}), "7");
  EXPECT_EQ(names.group(Gid{7}), "7") << "a file that is absent knows nobody";
}

TEST_F(UserNamesTest, ReadsAgainWhenTheFileChanged) {
  write("alice:x:1000:1000::/:/bin/sh\n");
  UserNames names{path(), "/nonexistent"};
  EXPECT_EQ(names.user(Uid{1001}), "1001");
  write("alice:x:1000:1000::/:/bin/sh\nbob:x:1001:1001::/:/bin/sh\n");
  EXPECT_EQ(names.user(Uid{1001}), "bob");
}

}  // namespace
}  // namespace sluice::enrich
