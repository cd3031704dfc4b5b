// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_yaml_text.h"

#include <fmt/format.h>

#include <algorithm>

#include "policy/policy_yaml_tree.h"

namespace sluice::policy {
namespace {

using Byte = unsigned char;

/// Length of the well-formed UTF-8 sequence (RFC 3629) at the front, or 0.
std::size_t utf8_length(std::string_view text) {
  const Byte first = static_cast<Byte>(text[0]);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return 0;
  const Byte second = static_cast<Byte>(text[1]);
  if (first == 0xe0 && second < 0xa0) return 0;  // overlong
  if (first == 0xed && second > 0x9f) return 0;  // surrogate
  if (first == 0xf0 && second < 0x90) return 0;  // overlong
  if (first == 0xf4 && second > 0x8f) return 0;  // beyond U+10FFFF
  const auto continues = [](char c) { return (static_cast<Byte>(c) & 0xc0) == 0x80; };
  return std::ranges::all_of(text.substr(1, length - 1), continues) ? length : 0;
}

bool is_control(char c) {
  return (static_cast<Byte>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t') || c == 0x7f;
}

}  // namespace

std::optional<TextMistake> unreadable(std::string_view text) {
  if (text.size() > kMaxPolicyBytes)
    return TextMistake{0, 0,
                       fmt::format("longer than {} bytes, which no policy file may be", kMaxPolicyBytes)};
  int line = 1;
  std::size_t line_begin = 0;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = utf8_length(text.substr(i));
    const int column = static_cast<int>(i - line_begin) + 1;
    const auto value = static_cast<Byte>(text[i]);
    if (length == 0) return TextMistake{line, column, fmt::format("byte 0x{:02x} is not UTF-8", value)};
    if (is_control(text[i]))
      return TextMistake{line, column, fmt::format("control character 0x{:02x}", value)};
    if (text[i] == '\n') {
      ++line;
      line_begin = i + 1;
    }
    i += length;
  }
  return std::nullopt;
}

int line_count(std::string_view text) {
  const int ends = static_cast<int>(std::ranges::count(text, '\n'));
  return text.empty() || text.back() == '\n' ? std::max(ends, 1) : ends + 1;
}

std::string_view line_of(std::string_view text, int line) {
  for (int i = 1; i < line; ++i) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  return text.substr(0, text.find_first_of("\r\n"));
}

int tab_in_indentation(std::string_view text, int line) {
  const std::string_view found = line_of(text, line);
  const std::size_t tab = found.substr(0, found.find_first_not_of(" \t")).find('\t');
  return tab == std::string_view::npos ? 0 : static_cast<int>(tab) + 1;
}

bool quote_is_open(std::string_view text) {
  if (text.empty() || (text[0] != '"' && text[0] != '\'')) return false;
  const char quote = text[0];
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (quote == '"' && text[i] == '\\') {
      ++i;
    } else if (text[i] == quote) {
      if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return false;
      ++i;  // '' inside single quotes is one quote
    }
  }
  return true;
}

std::string clip(std::string_view text, std::size_t longest) {
  std::size_t size = std::min(text.size(), longest);
  while (size < text.size() && size > 0 && (static_cast<Byte>(text[size]) & 0xc0) == 0x80)
    --size;  // whole characters
  std::string out{text.substr(0, size)};
  std::ranges::replace_if(
      out, [](char c) { return static_cast<Byte>(c) < 0x20 || c == 0x7f; }, ' ');
  return size < text.size() ? out + "..." : out;
}

std::string first_word(std::string_view text) {
  return clip(text.substr(0, text.find_first_of(" \t\r\n,]}")));
}

}  // namespace sluice::policy
