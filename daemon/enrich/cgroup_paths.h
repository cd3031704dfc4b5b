// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/ids.h"
#include "base/unique_fd.h"

namespace sluice::enrich {

/// Path of a cgroup by its id, as it is at the first question. Bounded.
class CgroupPaths {
 public:
  /// `mount` is the mount point of cgroup v2.
  explicit CgroupPaths(std::string mount);
  /// "/system.slice/checkout.service", or "" when the cgroup is gone.
  [[nodiscard]] std::string path(CgroupId id);

 private:
  static constexpr std::size_t kMaxPaths = 8192;
  std::string mount_;
  UniqueFd root_;
  std::unordered_map<CgroupId, std::string> paths_;
};

/// The system unit of a cgroup path: the first component that is not a slice, if systemd could have made it.
/// Not a deeper one: users may name units in their own tree as they like.
[[nodiscard]] std::string unit_of(std::string_view cgroup_path);

}  // namespace sluice::enrich
