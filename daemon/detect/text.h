// SPDX-License-Identifier: Apache-2.0
// What the recognizers share: character classes, and what may stand beside a value. No locale, no allocation.
// Every look at the text around a value is bounded by kContext, so that a value is judged alike in each
// window that shows it with its context.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::detect {

/// How far before and after a value its judgement may look.
inline constexpr std::size_t kContext = 128;
/// How far a word of context may be from the value it speaks of.
inline constexpr std::size_t kNear = 64;

[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
[[nodiscard]] constexpr bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
[[nodiscard]] constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
[[nodiscard]] constexpr bool is_letter(char c) { return is_upper(c) || is_lower(c); }
[[nodiscard]] constexpr bool is_alnum(char c) { return is_digit(c) || is_letter(c); }
[[nodiscard]] constexpr bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
[[nodiscard]] constexpr char to_upper(char c) { return is_lower(c) ? static_cast<char>(c - 32) : c; }
[[nodiscard]] constexpr char to_lower(char c) { return is_upper(c) ? static_cast<char>(c + 32) : c; }
[[nodiscard]] constexpr bool is_hex(char c) {
  return is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'f');
}

/// The byte at `i`, or 0 where the text has none.
[[nodiscard]] constexpr char char_at(std::string_view text, std::size_t i) {
  return i < text.size() ? text[i] : '\0';
}

/// How many of the bytes from `begin` on still belong to a URL escape that began before it: "%20" + "4111" is
/// read as one digit run, but its first two digits are the escape's.
[[nodiscard]] constexpr std::size_t escape_rest(std::string_view text, std::size_t begin) {
  if (begin >= 1 && text[begin - 1] == '%' && is_hex(char_at(text, begin)) &&
      is_hex(char_at(text, begin + 1)))
    return 2;
  if (begin >= 2 && text[begin - 2] == '%' && is_hex(text[begin - 1]) && is_hex(char_at(text, begin)))
    return 1;
  return 0;
}

/// The bytes before `begin` end an escape of a URL ("%3D"), of JSON or of a program ("\n", "\u0022"): what
/// looks like a letter or a digit there is no neighbour.
[[nodiscard]] constexpr bool ends_escape(std::string_view text, std::size_t begin) {
  if (begin >= 3 && text[begin - 3] == '%' && is_hex(text[begin - 2]) && is_hex(text[begin - 1])) return true;
  if (begin >= 2 && text[begin - 2] == '\\') {
    const char c = text[begin - 1];
    return c == 'n' || c == 'r' || c == 't';
  }
  if (begin < 6 || text[begin - 6] != '\\' || text[begin - 5] != 'u') return false;
  return text.substr(begin - 4, 2) == "00" && is_hex(text[begin - 2]) && is_hex(text[begin - 1]);
}

/// "%2B", the plus sign of a URL.
[[nodiscard]] constexpr bool ends_plus_escape(std::string_view text, std::size_t begin) {
  return begin >= 3 && text[begin - 3] == '%' && text[begin - 2] == '2' && to_lower(text[begin - 1]) == 'b';
}

inline constexpr std::size_t kMaxKey = 32;

/// The name of the field whose value begins at `begin`: "name":"value, name=value, name: value. Empty if
/// there is none.
[[nodiscard]] constexpr std::string_view attached_key(std::string_view text, std::size_t begin) {
  const auto is_quote = [](char c) { return c == '"' || c == '\''; };
  std::size_t end = begin;
  if (end > 0 && is_quote(text[end - 1])) --end;
  while (end > 0 && text[end - 1] == ' ' && begin - end < 3) --end;
  if (end == 0 || (text[end - 1] != ':' && text[end - 1] != '=')) return {};
  --end;
  if (end > 0 && is_quote(text[end - 1])) --end;
  std::size_t first = end;
  while (first > 0 && end - first < kMaxKey &&
         (is_alnum(text[first - 1]) || text[first - 1] == '_' || text[first - 1] == '-'))
    --first;
  return text.substr(first, end - first);
}
static_assert(attached_key("{\"order_id\": \"4", 14) == "order_id" && attached_key("a&seq=4", 6) == "seq");
static_assert(attached_key("a 4", 2).empty() && attached_key("ean: 4", 5) == "ean");

/// A piece of an identifier such as a UUID: it holds a digit, or is four or more hex letters.
[[nodiscard]] constexpr bool is_id_piece(std::string_view token) {
  bool all_hex = !token.empty();
  for (const char c : token) {
    if (is_digit(c)) return true;
    all_hex = all_hex && is_hex(c);
  }
  return all_hex && token.size() >= 4;
}

inline constexpr std::size_t kIdPiece = 8;

/// Something before `begin` shows that the digits from there on are only a part of a longer token.
[[nodiscard]] constexpr bool glued_before(std::string_view text, std::size_t begin) {
  if (begin == 0) return false;
  const char c = text[begin - 1];
  if (is_alnum(c) || c == '_') return !ends_escape(text, begin);
  if (c == '.') return begin >= 2 && is_digit(text[begin - 2]);
  if (c != '-') return false;
  std::size_t first = begin - 1;
  while (first > 0 && begin - 1 - first < kIdPiece && is_alnum(text[first - 1])) --first;
  return is_id_piece(text.substr(first, begin - 1 - first));
}

/// The same after `end`. Where the text ends nothing is glued: a value is judged on what is there.
[[nodiscard]] constexpr bool glued_after(std::string_view text, std::size_t end) {
  const char c = char_at(text, end);
  if (is_alnum(c) || c == '_') return true;
  if (c == '.') return is_digit(char_at(text, end + 1));
  if (c != '-') return false;
  std::size_t last = end + 1;
  while (last < text.size() && last - end <= kIdPiece && is_alnum(text[last])) ++last;
  return is_id_piece(text.substr(end + 1, last - end - 1));
}

/// A word of context may be part of a key ("user_ssn", "homePhone", "phoneNumbers"), but not of another word
/// ("hotel").
[[nodiscard]] constexpr bool is_key_word(std::string_view text, std::size_t begin, std::size_t end) {
  const char before = begin > 0 ? text[begin - 1] : '\0';
  if (is_letter(before) && !(is_lower(before) && is_upper(text[begin])) && !ends_escape(text, begin))
    return false;
  // "iPhone OS 13_3 ... 536.57.11" announces no number.
  if (before == 'i' && !is_letter(begin > 1 ? text[begin - 2] : '\0')) return false;
  char after = char_at(text, end);
  if (to_lower(after) == 's') after = char_at(text, end + 1);
  if (is_lower(after)) return false;
  return !(is_upper(after) && is_upper(text[end - 1]));
}

static_assert(escape_rest("%204111", 1) == 2 && escape_rest("%D04111", 2) == 1 &&
              escape_rest("x4111", 1) == 0);
static_assert(ends_escape("%3D4", 3) && ends_escape("\\n4", 2) && ends_escape("\\u00224", 6) &&
              !ends_escape("abn4", 3));
static_assert(!glued_before("card-4", 5) && glued_before("dead-4", 5) && glued_before("0.4", 2) &&
              glued_before("x4", 1));
static_assert(glued_after("4-12ab", 1) && !glued_after("4-", 1) && !glued_after("4.", 1) &&
              glued_after("4.5", 1));
static_assert(!is_key_word("hotel", 2, 5) && is_key_word("homeTel=", 4, 7) && is_key_word("tels:", 0, 3));
static_assert(!is_key_word("iPhone", 1, 6));

}  // namespace sluice::detect
