// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <unistd.h>

#include "test_gate.h"

namespace sluice {
namespace {

TEST_F(GateTest, ExecAndExitAreToldWithPathAndArguments) {
  start();
  auto process = child([] {
    execl("/bin/sh", "sh", "-c", "exit 3", static_cast<char*>(nullptr));
    return 127;
  });
  const Tgid pid = process->pid();
  EXPECT_EQ(process->wait(), 3);
  const ProcessStarted* started = nullptr;
  const ProcessExited* exited = nullptr;
  ASSERT_TRUE(read_until([&] {
    for (const Event& event : others_) {
      if (const auto* e = std::get_if<ProcessStarted>(&event); e != nullptr && e->process.pid == pid)
        started = e;
      if (const auto* e = std::get_if<ProcessExited>(&event); e != nullptr && e->pid == pid) exited = e;
    }
    return started != nullptr && exited != nullptr;
  }));
  EXPECT_EQ(started->exe, "/bin/sh");
  EXPECT_EQ(started->args, "sh -c exit 3");
  EXPECT_EQ(started->process.uid, Uid{0});
  EXPECT_EQ(started->parent, Tgid{static_cast<std::uint32_t>(getpid())});
  EXPECT_EQ(exited->start_ns, started->process.start_ns);
}

}  // namespace
}  // namespace sluice
