// SPDX-License-Identifier: Apache-2.0
// Who is behind an owner record: executable, arguments, user, unit, parent.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>

#include "enrich/cgroup_paths.h"
#include "enrich/user_names.h"
#include "model/event.h"
#include "model/sender.h"

namespace sluice::enrich {

/// Keeps what exec told of each process, fills the rest from /proc when a process first sends. A process that
/// is gone by then is described by its exec record. Bounded; one thread.
class ProcessTable {
 public:
  /// `proc` is where procfs is mounted; tests give a tree of their own.
  ProcessTable(std::string proc, CgroupPaths cgroups, UserNames names);

  void on(const ProcessStarted& event);
  void on(const ProcessExited& event);

  /// Never fails: what cannot be learned stays empty, and pid, user and cgroup come from the kernel's record.
  [[nodiscard]] Sender resolve(const Owner& owner);

  [[nodiscard]] std::size_t size() const { return processes_.size(); }

 private:
  struct Process {
    std::uint64_t start_ns = 0;
    Tgid parent{};
    std::string exe;
    std::string args;
    std::string comm;
    std::vector<Gid> groups;
    bool read = false;  // from /proc since the last exec
  };
  Process& find(const Owner& owner);
  void read_proc(Tgid pid, Process& process) const;
  [[nodiscard]] std::string exe_of(Tgid pid);
  [[nodiscard]] std::string cgroup_of(Tgid pid) const;
  void make_room();

  static constexpr std::size_t kMaxProcesses = 65'536;
  static constexpr std::size_t kMaxExited = 4096;  // kept for sockets that outlive their process

  std::string proc_;
  CgroupPaths cgroups_;
  UserNames names_;
  std::unordered_map<Tgid, Process> processes_;
  std::deque<std::pair<Tgid, std::uint64_t>> exited_;
};

}  // namespace sluice::enrich
