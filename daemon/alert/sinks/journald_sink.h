// SPDX-License-Identifier: Apache-2.0
// The journal: the readable line as MESSAGE, the keys people search by as SLUICE_ fields, the record as
// SLUICE_FINDING.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "alert/sinks/sink.h"

namespace sluice::alert {

/// `journalctl MESSAGE_ID=...` shows the findings only.
inline constexpr std::string_view kFindingMessageId = "5b3c1f0f6a2d4f3f9c0d3c1a7e5b8d42";

/// The journal fields of a record, each NAME=value.
[[nodiscard]] std::vector<std::string> journal_fields(const nlohmann::json& record);

class JournaldSink final : public Sink {
 public:
  [[nodiscard]] std::string name() const override { return "journald"; }
  [[nodiscard]] Result<> write(const nlohmann::json& record) override;
};

}  // namespace sluice::alert
