// SPDX-License-Identifier: Apache-2.0
// US social security numbers: 3-2-4 with one separator. 89 % of random nine digits have a valid structure, so
// nine bare digits count only where a word announces them.
#include "detect/us_ssn.h"

#include <string>

#include "detect/recognizers.h"

namespace sluice::detect {
namespace {

/// Another group of digits joined by the same separator: part of a longer number.
bool continues(std::string_view text, std::size_t begin, std::size_t end, char separator) {
  if (begin >= 2 && text[begin - 1] == separator && is_digit(text[begin - 2])) return true;
  return char_at(text, end) == separator && is_digit(char_at(text, end + 1));
}

Span grouped(const Window& window, std::size_t i) {
  const std::vector<Run>& runs = window.anchors.runs;
  if (i + 2 >= runs.size()) return {};
  const Run& area = runs[i];
  const Run& group = runs[i + 1];
  const Run& serial = runs[i + 2];
  if (group.size() != 2 || serial.size() != 4) return {};
  if (group.begin != area.end + 1 || serial.begin != group.end + 1) return {};
  const char separator = window.text[area.end];
  const bool form_space = separator == '+' && area.begin > 0 && window.text[area.begin - 1] == '=';
  if ((!form_space && separator != '-' && separator != ' ' && separator != '.') ||
      window.text[group.end] != separator)
    return {};
  if (continues(window.text, area.begin, serial.end, separator)) return {};
  if (area.begin > 0 && window.text[area.begin - 1] == '+') return {};
  if (separator == '.' && !announced(window.text, window.ssn_words, area.begin)) return {};
  return {area.begin, serial.end};
}

bool structure_valid(std::string_view value) {
  std::array<char, 9> digits{};
  std::size_t size = 0;
  for (const char c : value)
    if (is_digit(c) && size < digits.size()) digits[size++] = c;
  return is_us_ssn({digits.data(), size});
}

}  // namespace

void find_us_ssns(const Window& window, std::vector<Span>& out) {
  for (std::size_t i = 0; i < window.anchors.runs.size(); ++i) {
    Run run = window.anchors.runs[i];
    if (run.size() != 3 && (run.size() < 9 || run.size() > 11)) continue;
    Span value;
    if (run.size() == 3) {
      value = grouped(window, i);
    } else {
      run.begin += static_cast<std::uint32_t>(escape_rest(window.text, run.begin));
      if (run.size() == 9 && announced(window.text, window.ssn_words, run.begin))
        value = {run.begin, run.end};
    }
    if (value.end == 0 || !structure_valid(window.text.substr(value.begin, value.end - value.begin)))
      continue;
    if (glued_before(window.text, value.begin) || glued_after(window.text, value.end)) continue;
    out.push_back(value);
  }
}

}  // namespace sluice::detect
