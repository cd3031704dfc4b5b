// SPDX-License-Identifier: Apache-2.0
#include "enrich/process_table.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sluice::enrich {
namespace {

/// A procfs of files: what a process looks like from outside.
class ProcessTableTest : public testing::Test {
 protected:
  ProcessTableTest() { std::filesystem::create_directories(proc_); }
  ~ProcessTableTest() override { std::filesystem::remove_all(proc_); }

  void add(std::uint32_t pid, const std::string& exe, const std::string& cmdline, std::uint32_t parent = 1) {
    const auto directory = proc_ / std::to_string(pid);
    std::filesystem::create_directories(directory);
    std::filesystem::remove(directory / "exe");
    std::filesystem::create_symlink(exe, directory / "exe");
    std::ofstream{directory / "cmdline"} << cmdline;
    std::ofstream{directory / "comm"} << "name\n";
    std::ofstream{directory / "status"} << "Name:\tname\nPPid:\t" << parent << "\nGroups:\t4 27 \n";
  }
  ProcessTable make() {
    return {proc_, CgroupPaths{"/nonexistent"}, UserNames{"/nonexistent", "/nonexistent"}};
  }
  static Owner owner(std::uint32_t pid, std::uint64_t start) {
    return {.pid = Tgid{pid}, .uid = Uid{1000}, .gid = Gid{4}, .cgroup = CgroupId{1}, .start_ns = start};
  }
  static ProcessStarted exec(std::uint32_t pid, std::uint64_t start, std::string exe) {
    return {.ktime_ns = 1,
            .process = owner(pid, start),
            .parent = Tgid{9},
            .exe = std::move(exe),
            .args = "told by exec"};
  }

  std::filesystem::path proc_ =
      std::filesystem::temp_directory_path() / ("sluice-proc-" + std::to_string(getpid()));
};

TEST_F(ProcessTableTest, ReadsALivingProcess) {
  add(9, "/usr/sbin/sshd", "sshd");
  add(10, "/usr/bin/curl", std::string{"curl\0-d\0x\0", 10}, 9);
  ProcessTable table = make();
  const Sender sender = table.resolve(owner(10, 5));
  EXPECT_EQ(sender.exe, "/usr/bin/curl");
  EXPECT_EQ(sender.args, "curl -d x");
  EXPECT_EQ(sender.comm, "name");
  EXPECT_EQ(sender.parent_exe, "/usr/sbin/sshd");
  EXPECT_EQ(sender.user, "1000");
  EXPECT_EQ(sender.groups, (std::vector<std::string>{"4", "27"}));
}

TEST_F(ProcessTableTest, DescribesADeadProcessByItsExec) {
  ProcessTable table = make();
  table.on(exec(10, 5, "/usr/bin/nc"));
  table.on(ProcessExited{.ktime_ns = 2, .pid = Tgid{10}, .start_ns = 5});
  const Sender sender = table.resolve(owner(10, 5));
  EXPECT_EQ(sender.exe, "/usr/bin/nc");
  EXPECT_EQ(sender.args, "told by exec");
}

TEST_F(ProcessTableTest, NeverGivesAReusedPidTheOldIdentity) {
  ProcessTable table = make();
  table.on(exec(10, 5, "/usr/bin/old"));
  EXPECT_EQ(table.resolve(owner(10, 6)).exe, "")
      << "another start: another process, and nothing is known of it";
}

TEST_F(ProcessTableTest, ReadsAgainAfterExec) {
  add(10, "/usr/bin/sh", "sh");
  ProcessTable table = make();
  EXPECT_EQ(table.resolve(owner(10, 5)).exe, "/usr/bin/sh");
  add(10, "/usr/bin/curl", "curl");
  EXPECT_EQ(table.resolve(owner(10, 5)).exe, "/usr/bin/sh") << "kept until exec is told";
  table.on(exec(10, 5, "curl"));
  EXPECT_EQ(table.resolve(owner(10, 5)).exe, "/usr/bin/curl");
}

TEST_F(ProcessTableTest, ForgetsTheDeadInTheEnd) {
  ProcessTable table = make();
  for (std::uint32_t pid = 1; pid <= 5000; ++pid) {
    table.on(exec(pid, pid, "/bin/true"));
    table.on(ProcessExited{.ktime_ns = 2, .pid = Tgid{pid}, .start_ns = pid});
  }
  EXPECT_LE(table.size(), 4096U);
}

TEST_F(ProcessTableTest, AnUnknownOwnerIsAnEmptySender) {
  ProcessTable table = make();
  EXPECT_EQ(table.resolve(Owner{}).exe, "");
}

}  // namespace
}  // namespace sluice::enrich
