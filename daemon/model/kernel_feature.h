// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace sluice {

/// One row of `sluice doctor`: what this kernel offers, and what it costs when it does not.
struct KernelFeature {
  std::string name;
  bool present = false;
  bool required = false;    // the daemon ends with exit code 3 without it
  std::string detail;       // what was found
  std::string consequence;  // what is lost without it
};

}  // namespace sluice
