// SPDX-License-Identifier: Apache-2.0
// Recoverable errors are values. A function that can fail returns Result<T>; callers add context on the way
// up.
#pragma once

#include <cerrno>
#include <expected>
#include <string>
#include <system_error>
#include <utility>

namespace sluice {

/// `code` says what went wrong, `context` what was being done, outermost first: "load policy 'x': open: ...".
/// Never holds captured bytes.
struct Error {
  std::error_code code;
  std::string context;

  [[nodiscard]] std::string message() const {
    if (!code) return context;
    return context.empty() ? code.message() : context + ": " + code.message();
  }
};

template <class T = void>
using Result = std::expected<T, Error>;

/// Fails with an errno value: `return fail(errno, "open ring buffer");`
[[nodiscard]] inline std::unexpected<Error> fail(int errno_value, std::string context) {
  return std::unexpected{Error{{errno_value, std::system_category()}, std::move(context)}};
}

/// Fails for a reason that has no errno.
[[nodiscard]] inline std::unexpected<Error> fail(std::string context) {
  return std::unexpected{Error{{}, std::move(context)}};
}

/// Passes an error on, with what the caller was doing in front.
[[nodiscard]] inline std::unexpected<Error> fail(Error error, std::string_view doing) {
  error.context = error.context.empty() ? std::string{doing} : std::string{doing} + ": " + error.context;
  return std::unexpected{std::move(error)};
}

}  // namespace sluice
