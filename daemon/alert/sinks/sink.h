// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "base/result.h"

namespace sluice::alert {

/// Takes finding records out of the process. Gets the record, not the finding: all sinks tell the same, and
/// none can tell more. write() may block on the outside; SinkQueue keeps that away from the pipeline.
class Sink {
 public:
  virtual ~Sink() = default;
  /// "file /var/log/sluice/findings.jsonl", "terminal", "journald": for status and for the log.
  [[nodiscard]] virtual std::string name() const = 0;
  [[nodiscard]] virtual Result<> write(const nlohmann::json& record) = 0;
};

}  // namespace sluice::alert
