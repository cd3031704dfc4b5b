// SPDX-License-Identifier: Apache-2.0
// The readable line, on a terminal or wherever standard output goes.
#pragma once

#include <cstdio>
#include <string>

#include "alert/sinks/sink.h"

namespace sluice::alert {

class TerminalSink final : public Sink {
 public:
  /// Borrows the stream. Colours only if it is a terminal and NO_COLOR is not set.
  explicit TerminalSink(std::FILE* stream);
  [[nodiscard]] std::string name() const override { return "terminal"; }
  [[nodiscard]] Result<> write(const nlohmann::json& record) override;

 private:
  std::FILE* stream_;
  bool colour_;
};

}  // namespace sluice::alert
