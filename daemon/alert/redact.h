// SPDX-License-Identifier: Apache-2.0
// What is told about a process must not be the leak: arguments can hold customer data (curl -d
// 'card=4111...'). Masking here is simple and errs on the side of masking too much.
#pragma once

#include <string>
#include <string_view>

namespace sluice::alert {

/// For argument vectors: masks every run of six or more digits, also with up to two other characters between
/// two digits that are no letters ("4111-1111", "4111%201111", "4111, 1111"), and every token with an '@' or
/// a %40. The result is valid UTF-8 without control characters.
[[nodiscard]] std::string redact_args(std::string_view args);

/// For paths, host names and sentences that name them, which say who and where: masks runs of nine or more
/// digits only, no '@' and no IP addresses.
[[nodiscard]] std::string redact_name(std::string_view name);

/// Bytes that the kernel or another process chose, as text: what is not UTF-8 becomes U+FFFD and control
/// characters (terminal escapes, line ends) become '?'.
[[nodiscard]] std::string printable(std::string_view bytes);

}  // namespace sluice::alert
