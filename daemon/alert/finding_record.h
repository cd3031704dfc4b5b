// SPDX-License-Identifier: Apache-2.0
// A finding as an OCSF Data Security Finding (class 2006, schema 1.4.0). Field by field: docs/findings.md.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "model/finding.h"

namespace sluice::alert {

/// What a record says about this host.
struct Host {
  std::string hostname;
};

/// `count` 1 makes a Create, more an Update of the same finding_info.uid. Text from outside (arguments,
/// paths, names) is redacted and valid UTF-8; nothing in the record is a raw value.
[[nodiscard]] nlohmann::json finding_record(const Finding& finding, const Host& host);

/// One line without its end. Never throws on bad UTF-8.
[[nodiscard]] std::string to_line(const nlohmann::json& record);

}  // namespace sluice::alert
