// SPDX-License-Identifier: Apache-2.0
// Questions about policy text that the YAML library does not answer.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::policy {

struct TextMistake {
  int line = 0;
  int column = 0;
  std::string message;
};

/// Why the text is not handed to the YAML library at all, or nothing: too long, not UTF-8, control characters
/// (the library takes some of them for the end of the text, and what follows would silently be no policy).
[[nodiscard]] std::optional<TextMistake> unreadable(std::string_view text);

[[nodiscard]] int line_count(std::string_view text);

/// Line without its end; empty if there is none.
[[nodiscard]] std::string_view line_of(std::string_view text, int line);

/// Column of a tab among the white space that begins the line, or 0.
[[nodiscard]] int tab_in_indentation(std::string_view text, int line);

/// A quoted scalar begins here and its closing quote is missing.
[[nodiscard]] bool quote_is_open(std::string_view text);

/// For messages: cut to whole characters, without control characters.
[[nodiscard]] std::string clip(std::string_view text, std::size_t longest = 48);

/// Up to the first white space, comma or bracket, clipped.
[[nodiscard]] std::string first_word(std::string_view text);

}  // namespace sluice::policy
