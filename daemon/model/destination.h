// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/ip.h"

namespace sluice {

/// Where bytes go. `name` stays empty until names are learned (DNS, SNI); policy tests may give one.
struct Destination {
  Endpoint endpoint;
  std::string name;  // lower case, no trailing dot

  [[nodiscard]] std::string to_string() const {
    return name.empty() ? endpoint.to_string() : name + ':' + std::to_string(endpoint.port);
  }
};

}  // namespace sluice
