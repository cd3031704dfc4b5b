// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice::capture {

/// Mount point of the cgroup v2 hierarchy: /sys/fs/cgroup, or /sys/fs/cgroup/unified on a hybrid host.
[[nodiscard]] Result<std::string> cgroup2_mount();

/// Opens the cgroup directory that scopes the programs. Fails unless `path` is inside a cgroup v2 hierarchy.
[[nodiscard]] Result<UniqueFd> open_cgroup(const std::string& path);

}  // namespace sluice::capture
