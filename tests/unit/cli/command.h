// SPDX-License-Identifier: Apache-2.0
// Runs the built `sluice` as its users do, in a directory of its own.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace sluice::test {

struct Ran {
  int code = -1;
  std::string out;
  std::string err;
};

class Command : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/sluice-cli-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    dir_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  std::string write(const char* name, const std::string& text) const {
    std::ofstream{dir_ + '/' + name} << text;
    return dir_ + '/' + name;
  }

  static std::string read(const std::string& file) {
    std::ifstream in{file};
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
  }

  /// `arguments` go through the shell, as typed.
  [[nodiscard]] Ran sluice(const std::string& arguments) const {
    const std::string line =
        std::string{SLUICE_BINARY} + ' ' + arguments + " >" + dir_ + "/out 2>" + dir_ + "/err";
    const int status = std::system(line.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read(dir_ + "/out"), read(dir_ + "/err")};
  }

  std::string dir_;
};

}  // namespace sluice::test
