// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>

#include "cli/invocation.h"
#include "control/control_client.h"

namespace sluice::cli {

/// Says on standard error why there is no daemon to talk to, and what to do about it.
[[nodiscard]] std::optional<control::ControlClient> connect_or_explain(const Invocation& invocation);

/// Asks the daemon, prints the reply as JSON or through `show`, and returns the exit code. A reply with "ok":
/// false is told on standard error (ExitCode::usage).
[[nodiscard]] int ask_daemon(const Invocation& invocation, const nlohmann::json& request,
                             const std::function<void(const nlohmann::json&)>& show);

/// True if the reply is ok; otherwise its error is on standard error.
[[nodiscard]] bool check_reply(const nlohmann::json& reply);

}  // namespace sluice::cli
