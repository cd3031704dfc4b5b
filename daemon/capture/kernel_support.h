// SPDX-License-Identifier: Apache-2.0
// What this kernel offers, found by trying and not by version numbers.
#pragma once

#include <vector>

#include "model/kernel_feature.h"

namespace sluice::capture {

/// Loads nothing that stays and attaches nothing. Needs the daemon's capabilities for full answers; says so
/// otherwise.
[[nodiscard]] std::vector<KernelFeature> probe_kernel();

}  // namespace sluice::capture
