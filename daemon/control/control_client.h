// SPDX-License-Identifier: Apache-2.0
// The command line's end of the control socket: blocking, with a time limit on each step.
#pragma once

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice::control {

class ControlClient {
 public:
  [[nodiscard]] static Result<ControlClient> connect(const std::string& path);

  /// Sends a request and waits for its reply. A reply with "ok": false is a value here, not an error.
  [[nodiscard]] Result<nlohmann::json> ask(const nlohmann::json& request,
                                           std::chrono::milliseconds limit = std::chrono::seconds{10});
  /// The next line: a published finding after {"cmd":"findings","follow":true}. Nothing at the end of the
  /// stream; without `limit` it waits for ever.
  [[nodiscard]] Result<std::optional<nlohmann::json>> next(std::optional<std::chrono::milliseconds> limit);

 private:
  explicit ControlClient(UniqueFd socket) : socket_{std::move(socket)} {}
  [[nodiscard]] Result<> send_line(const std::string& line);

  static constexpr std::size_t kMaxReply = 64U << 20U;
  UniqueFd socket_;
  std::string input_;
};

}  // namespace sluice::control
