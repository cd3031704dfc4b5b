// SPDX-License-Identifier: Apache-2.0
// Owners of sockets that were open before the daemon looked: by a walk over the descriptors of all processes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "model/flow.h"

namespace sluice::enrich {

/// The kernel names an owner once a process acts on its socket. A socket from before that (the daemon was
/// started or upgraded meanwhile) is found here by its inode. A walk takes milliseconds to tenths of a
/// second, so it is taken at the first question and then at most once in kWalkInterval. One thread.
class SocketOwners {
 public:
  explicit SocketOwners(std::string proc = "/proc") : proc_{std::move(proc)} {}

  /// A process that holds the socket, as /proc shows it; start_ns has the resolution of a clock tick there.
  [[nodiscard]] std::optional<Owner> find(std::uint64_t socket_inode, std::uint64_t now_ns);
  /// Some process in the network namespace, so that it can be entered.
  [[nodiscard]] std::optional<Tgid> in_netns(std::uint32_t netns, std::uint64_t now_ns);

  [[nodiscard]] std::uint64_t walks() const { return walks_; }

 private:
  void walk_if_due(std::uint64_t now_ns);
  void walk();

  static constexpr std::uint64_t kWalkInterval = 1'000'000'000;
  static constexpr std::size_t kMaxSockets = 1'000'000;

  std::string proc_;
  std::unordered_map<std::uint64_t, Tgid> by_inode_;
  std::unordered_map<std::uint32_t, Tgid> by_netns_;
  std::optional<std::uint64_t> walked_ns_;
  std::uint64_t walks_ = 0;
};

}  // namespace sluice::enrich
