// SPDX-License-Identifier: Apache-2.0
// Telephone numbers: international with "+", the North American and some national forms that are unlike
// anything else, and any other form of seven digits or more where a word announces it.
#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "detect/phone_plan.h"
#include "detect/recognizers.h"
#include "detect/text.h"

namespace sluice::detect {
namespace {

constexpr std::size_t kMaxGroups = 8;
constexpr std::size_t kMaxDigits = 16;

/// The bytes between two groups of one number: one separator, or a parenthesis and a space.
bool is_gap(std::string_view gap, bool plus_is_space) {
  if (gap.empty() || gap.size() > 3) return false;
  std::size_t marks = 0;
  for (const char c : gap) {
    if (c == '-' || c == '.' || c == '/')
      ++marks;
    else if (c != ' ' && c != '(' && c != ')' && !(c == '+' && plus_is_space))
      return false;
  }
  return marks <= 1 && gap != ". " && gap != "  ";
}

/// The groups of digits from one run on, as far as they could be one number.
struct Groups {
  std::array<Run, kMaxGroups> run{};
  std::size_t count = 0;
  std::array<char, kMaxDigits> digit{};

  /// Digits of the first `n` groups.
  [[nodiscard]] std::string_view digits(std::size_t n) const {
    std::size_t size = 0;
    for (std::size_t i = 0; i < n; ++i) size += run[i].size();
    return {digit.data(), size};
  }
};

Groups collect(const Window& window, std::size_t first, bool plus_is_space) {
  const std::span<const Run> runs{window.anchors.runs};
  Groups groups;
  std::size_t size = 0;
  for (std::size_t i = first; i < runs.size() && groups.count < kMaxGroups; ++i) {
    Run run = runs[i];
    if (i == first) run.begin += static_cast<std::uint32_t>(escape_rest(window.text, run.begin));
    if (size + run.size() > kMaxDigits) break;
    if (i > first && !is_gap(window.text.substr(runs[i - 1].end, run.begin - runs[i - 1].end), plus_is_space))
      break;
    std::copy_n(window.text.begin() + run.begin, run.size(), groups.digit.begin() + static_cast<long>(size));
    size += run.size();
    groups.run[groups.count++] = run;
  }
  return groups;
}

/// Letters after a number make it an identifier, unless they are an extension ("x123", "ext. 5").
bool ends_cleanly(std::string_view text, std::size_t end) {
  const char c = char_at(text, end);
  if (c == '_' || c == '@') return false;
  if (is_letter(c)) return c == 'x' || text.substr(end, 3) == "ext";
  return c != '.' || !is_digit(char_at(text, end + 1));
}

/// Joined to more digits by a separator, on one side.
bool digit_before(std::string_view text, std::size_t begin) {
  if (begin < 2 || !is_digit(text[begin - 2])) return false;
  const char c = text[begin - 1];
  return c == '-' || c == '.' || c == '/' || c == ' ' || c == ':';
}
bool digit_after(std::string_view text, std::size_t end) {
  const char c = char_at(text, end);
  return (c == '-' || c == '.' || c == '/' || c == ' ' || c == ':') && is_digit(char_at(text, end + 1));
}

Span international(const Window& window, std::size_t first) {
  const std::string_view text = window.text;
  const std::uint32_t begin = window.anchors.runs[first].begin;
  if (begin == 0) return {};
  const bool url = ends_plus_escape(text, begin);
  if (text[begin - 1] != '+' && !url) return {};
  const std::uint32_t plus = begin - (url ? 3 : 1);
  if (plus > 0 && (is_alnum(text[plus - 1]) || text[plus - 1] == '_') && !ends_escape(text, plus)) return {};
  const Groups groups = collect(window, first, url);
  for (std::size_t n = groups.count; n > 0; --n)
    if (is_e164(groups.digits(n)) && ends_cleanly(text, groups.run[n - 1].end))
      return {plus, groups.run[n - 1].end};
  return {};
}

struct NationalShape {
  std::string_view leading;  // digits it begins with; '?' is any
  std::array<std::uint8_t, 5> groups;
  std::string_view separators;
  bool parenthesis = false;  // around the first group
};

// Written forms whose leading digits and groups are rare in other numbers; mobile numbers above all.
constexpr std::array kNationalShapes{
    NationalShape{"0", {2, 2, 2, 2, 2}, " .-"},  // France
    NationalShape{"04", {4, 3, 3}, " "},         // Australia
    NationalShape{"07", {5, 6}, " "},
    NationalShape{"07", {5, 3, 3}, " "},  // United Kingdom
    NationalShape{"02", {3, 4, 4}, " "},  // United Kingdom
    NationalShape{"070", {3, 4, 4}, "- "},
    NationalShape{"080", {3, 4, 4}, "- "},  // Japan
    NationalShape{"090", {3, 4, 4}, "- "},
    NationalShape{"010", {3, 4, 4}, "- "},  // Japan, Korea
    NationalShape{"015", {5, 7}, " -/"},
    NationalShape{"016", {4, 7}, " -/"},  // Germany
    NationalShape{"017", {4, 7}, " -/"},
    NationalShape{"017", {4, 8}, " -/"},  // Germany
    NationalShape{"06", {6, 5}, " "},
    NationalShape{"07", {6, 5}, " "},  // India
    NationalShape{"08", {6, 5}, " "},
    NationalShape{"09", {6, 5}, " "},   // India
    NationalShape{"06", {2, 8}, " -"},  // Netherlands
    NationalShape{"6", {3, 2, 2, 2}, " "},
    NationalShape{"7", {3, 2, 2, 2}, " "},  // Spain
    NationalShape{"??9", {2, 5, 4}, " -", true},
    NationalShape{"??", {2, 4, 4}, " -", true},  // Brazil
};

bool leads(std::string_view digits, std::string_view leading) {
  for (std::size_t i = 0; i < leading.size(); ++i)
    if (leading[i] != '?' && digits[i] != leading[i]) return false;
  return true;
}

bool has_shape(std::string_view text, const Groups& groups, const NationalShape& shape) {
  std::size_t n = 0;
  for (; n < shape.groups.size() && shape.groups[n] != 0; ++n)
    if (n >= groups.count || groups.run[n].size() != shape.groups[n]) return false;
  if (!leads(groups.digits(n), shape.leading)) return false;
  const std::size_t first_plain = shape.parenthesis ? 1 : 0;
  for (std::size_t i = first_plain; i + 1 < n; ++i) {
    const std::uint32_t end = groups.run[i].end;
    if (groups.run[i + 1].begin != end + 1 || shape.separators.find(text[end]) == std::string_view::npos)
      return false;
    if (!shape.parenthesis && text[end] != text[groups.run[0].end]) return false;
  }
  const std::uint32_t begin = groups.run[0].begin;
  if (shape.parenthesis && (begin == 0 || text[begin - 1] != '(' || char_at(text, groups.run[0].end) != ')'))
    return false;
  const std::uint32_t end = groups.run[n - 1].end;
  return !digit_before(text, begin) && !digit_after(text, end);
}

Span national(std::string_view text, const Groups& groups) {
  if (groups.count < 2 || groups.run[0].size() > 6) return {};
  for (const NationalShape& shape : kNationalShapes) {
    if (!has_shape(text, groups, shape)) continue;
    const auto n = static_cast<std::size_t>(std::ranges::find(shape.groups, 0) - shape.groups.begin());
    return {groups.run[0].begin - (shape.parenthesis ? 1U : 0U), groups.run[n - 1].end};
  }
  return {};
}

/// (NXX) NXX-XXXX, NXX-NXX-XXXX, NXX.NXX.XXXX, NXX NXX XXXX, each also after "1".
Span north_american(std::string_view text, const Groups& groups) {
  const std::size_t at = groups.count > 0 && groups.run[0].size() == 1 && groups.digit[0] == '1' ? 1 : 0;
  if (groups.count < at + 3 || groups.run[at].size() != 3) return {};
  if (groups.run[at + 1].size() != 3 || groups.run[at + 2].size() != 4) return {};
  if (!is_nanp(groups.digits(at + 3).substr(at))) return {};
  const std::uint32_t area = groups.run[at].begin;
  const bool opened = area > 0 && text[area - 1] == '(';
  if (opened != (text[groups.run[at].end] == ')')) return {};
  const std::uint32_t end = groups.run[at + 2].end;
  const char second = text[groups.run[at + 1].end];
  if (!opened && text[groups.run[at].end] != second && !(text[groups.run[at].end] == '/' && second == '-'))
    return {};
  const std::uint32_t begin = at == 1 ? groups.run[0].begin : area - (opened ? 1U : 0U);
  const bool joined = text[begin] != '(' && digit_before(text, begin);
  if (joined || digit_after(text, end)) return {};
  return {begin, end};
}

/// The value of a form field ("mobile=06+12+55"): there "+" stands for a space.
bool is_form_value(std::string_view text, std::size_t begin) {
  if (begin > 0 && text[begin - 1] == '(') --begin;
  return begin > 0 && text[begin - 1] == '=';
}

/// The value of a named field of JSON or a form, whose name is no word for a telephone.
bool has_other_key(const Window& window, std::size_t begin) {
  const std::string_view text = window.text;
  if (announced(text, window.phone_words, begin)) return false;
  return is_form_value(text, begin) ||
         (begin > 0 && text[begin - 1] == '"' && !attached_key(text, begin).empty());
}

int number(std::string_view text, const Run& run) {
  int value = 0;
  for (std::uint32_t i = run.begin; i < run.end; ++i) value = value * 10 + (text[i] - '0');
  return value;
}

/// Dates (2014-04-12, 12.04.2014, 20140412) and dotted addresses (192.168.1.10), which words like "call" may
/// precede.
bool is_date_or_address(std::string_view text, const Groups& groups, std::size_t n) {
  const auto is_year = [&](const Run& run) {
    return run.size() == 4 && (text.substr(run.begin, 2) == "19" || text.substr(run.begin, 2) == "20");
  };
  const auto is_day = [&](const Run& run) { return run.size() <= 2 && number(text, run) <= 31; };
  if (n == 1 && groups.run[0].size() == 8) {
    const std::string_view digits = groups.digits(1);
    return (digits.starts_with("19") || digits.starts_with("20")) && digits[4] <= '1' && digits[6] <= '3';
  }
  if (n < 3) return false;
  if (is_year(groups.run[0]) && is_day(groups.run[1]) && is_day(groups.run[2])) return true;
  if (is_day(groups.run[0]) && is_day(groups.run[1]) && is_year(groups.run[2])) return true;
  if (n != 4) return false;
  return std::ranges::all_of(std::span{groups.run}.first(3),
                             [&](const Run& run) { return run.size() <= 3 && text[run.end] == '.'; });
}

bool is_local_number(std::string_view text, const Groups& groups, std::size_t n) {
  const std::string_view digits = groups.digits(n);
  if (digits.size() < 7 || digits.size() > 12 || is_date_or_address(text, groups, n)) return false;
  // Seconds since 1970 have ten digits and begin with 1; a number in China has eleven.
  if (n == 1 && digits[0] == '1' && digits.size() >= 9 && digits.size() != 11) return false;
  return std::ranges::any_of(digits, [&](char c) { return c != digits[0]; });
}

Span announced_number(const Window& window, const Groups& groups) {
  if (groups.count == 0) return {};
  const std::uint32_t begin = groups.run[0].begin;
  if (glued_before(window.text, begin) || digit_before(window.text, begin)) return {};
  if (begin > 0 && window.text[begin - 1] == '/') return {};  // a version: "Mobile Safari/604.1.34"
  if (!announced(window.text, window.phone_words, begin)) return {};
  for (std::size_t n = groups.count; n > 0; --n) {
    const std::uint32_t end = groups.run[n - 1].end;
    if (is_local_number(window.text, groups, n) && ends_cleanly(window.text, end) &&
        char_at(window.text, end) != ':')
      return {begin, end};
  }
  return {};
}

/// What all written forms that need no word have in common: the size and first digit of their first group,
/// and that another group follows.
bool may_begin_written_form(std::string_view text, std::span<const Run> runs, std::size_t i) {
  const Run& run = runs[i];
  if (run.size() > 6 || i + 1 == runs.size() || runs[i + 1].begin - run.end > 3) return false;
  const char first = text[run.begin];
  if (std::string_view{" -./)+"}.find(text[run.end]) == std::string_view::npos) return false;
  if (run.size() == 3) return runs[i + 1].size() >= 2 && runs[i + 1].size() <= 4;
  if (run.size() == 1) return first == '1';
  return first == '0' || (run.size() == 2 && run.begin > 0 && text[run.begin - 1] == '(');
}

/// No part of a longer token, and not named as something else.
bool stands_alone(const Window& window, const Span& value) {
  return !glued_before(window.text, value.begin) && ends_cleanly(window.text, value.end) &&
         !has_other_key(window, value.begin);
}

}  // namespace

bool announced(std::string_view text, const std::vector<Span>& words, std::size_t begin) {
  auto after = std::ranges::upper_bound(words, begin, {}, &Span::end);
  if (after == words.begin()) return false;
  const std::size_t end = (--after)->end;
  if (begin - end > kNear) return false;
  return text.substr(end, begin - end).find_first_of(",;&{}|") == std::string_view::npos;
}

void find_phones(const Window& window, std::vector<Span>& out) {
  const std::vector<Run>& runs = window.anchors.runs;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (runs[i].size() > kMaxDigits) continue;
    Span value = international(window, i);
    if (value.end == 0) {
      // Most runs are of no interest; in number-dense text looking closer at each would cost more than all
      // the rest.
      const bool after_word =
          !window.phone_words.empty() && announced(window.text, window.phone_words, runs[i].begin);
      if (!after_word && !may_begin_written_form(window.text, runs, i)) continue;
      const Groups groups = collect(window, i, is_form_value(window.text, runs[i].begin));
      value = north_american(window.text, groups);
      if (value.end == 0) value = national(window.text, groups);
      if (value.end != 0 && !stands_alone(window, value)) value = {};
      if (value.end == 0) value = announced_number(window, groups);
    }
    if (value.end != 0) out.push_back(value);
  }
}

}  // namespace sluice::detect
