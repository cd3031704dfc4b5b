// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"

namespace sluice {

/// Who sends: the process as it was when it sent. Empty text means unknown.
struct Sender {
  Tgid pid{};
  std::uint64_t start_ns =
      0;             // CLOCK_BOOTTIME of the process's start; with pid it names one process for ever
  std::string exe;   // path of the executable in the process's own mount namespace
  std::string args;  // argument vector joined by single spaces, cut at kMaxArgs
  std::string comm;  // the kernel's short name, at most 15 bytes
  Uid uid{};         // effective user at the moment of the send
  Gid gid{};
  std::string user;                 // name of uid, or its digits
  std::vector<std::string> groups;  // names (or digits) of gid and the supplementary groups
  std::string cgroup;               // cgroup v2 path below the mount, e.g. /system.slice/checkout.service
  std::string unit;                 // systemd unit taken from the cgroup path, e.g. checkout.service
  Tgid parent{};
  std::string parent_exe;

  static constexpr std::size_t kMaxArgs = 4096;
};

}  // namespace sluice
