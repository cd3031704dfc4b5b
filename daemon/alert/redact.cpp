// SPDX-License-Identifier: Apache-2.0
#include "alert/redact.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/ip.h"

namespace sluice::alert {
namespace {

constexpr std::size_t kMinDigitsInArgs = 6;
constexpr std::size_t kMinDigitsInNames = 9;  // the shortest customer number that detectors know: US SSN
constexpr std::size_t kMaxBetweenDigits = 2;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// End of the digit run that starts at `begin`: after its last digit.
std::size_t run_end(std::string_view text, std::size_t begin) {
  std::size_t end = begin;
  for (std::size_t i = begin; i < text.size() && i - end <= kMaxBetweenDigits; ++i) {
    if (is_digit(text[i])) {
      end = i + 1;
    } else if (is_letter(text[i])) {
      break;
    }
  }
  return end;
}

/// Length of the IP address at the start of `text`, with its port if it has one; 0 if there is none.
std::size_t address_length(std::string_view text) {
  std::size_t end = std::min(text.find_first_not_of("0123456789abcdefABCDEF:."), text.size());
  if (end < text.size() && (is_letter(text[end]) || text[end] == '-')) return 0;
  while (end > 0 && (text[end - 1] == '.' || text[end - 1] == ':')) --end;  // the end of a sentence
  const std::string_view token = text.substr(0, end);
  if (IpAddress::parse(token)) return end;
  const std::size_t colon = token.rfind(':');
  const bool port = colon != token.npos && end - colon <= 6 && IpAddress::parse(token.substr(0, colon));
  return port ? end : 0;
}

enum class Addresses : bool { mask, keep };

void mask_digits(std::string& text, std::size_t min_digits, Addresses addresses) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!is_digit(text[i])) continue;
    if (addresses == Addresses::keep && (i == 0 || !(is_letter(text[i - 1]) || text[i - 1] == '-'))) {
      if (const std::size_t length = address_length(std::string_view{text}.substr(i)); length > 0) {
        i += length - 1;
        continue;
      }
    }
    const auto first = text.begin() + static_cast<std::ptrdiff_t>(i);
    const auto last = text.begin() + static_cast<std::ptrdiff_t>(run_end(text, i));
    if (static_cast<std::size_t>(std::count_if(first, last, is_digit)) >= min_digits)
      std::replace_if(first, last, is_digit, '*');
    i = static_cast<std::size_t>(last - text.begin()) - 1;
  }
}

std::string mask_addresses(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view token = text.substr(0, end);
    const bool address = token.find('@') != token.npos || token.find("%40") != token.npos;
    out += address ? std::string_view{"***"} : token;
    if (end == text.size()) break;
    out += ' ';
    text.remove_prefix(end + 1);
  }
  return out;
}

/// Length of the well-formed UTF-8 sequence at the start of `text` (Unicode 15, table 3-7), 0 if there is
/// none.
std::size_t utf8_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<std::uint8_t>(text[i]) : 0U; };
  const auto in = [&](std::size_t i, unsigned low, unsigned high) { return at(i) >= low && at(i) <= high; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return in(1, 0x80, 0xbf) ? 2 : 0;
  const bool third = in(2, 0x80, 0xbf);
  if (lead >= 0xe0 && lead <= 0xef)
    return in(1, lead == 0xe0 ? 0xa0 : 0x80, lead == 0xed ? 0x9f : 0xbf) && third ? 3 : 0;
  if (lead >= 0xf0 && lead <= 0xf4)
    return in(1, lead == 0xf0 ? 0x90 : 0x80, lead == 0xf4 ? 0x8f : 0xbf) && third && in(3, 0x80, 0xbf) ? 4
                                                                                                       : 0;
  return 0;
}

/// C0, DEL, and C1 (which some terminals obey): U+0080..U+009F are 0xc2 0x80..0x9f.
bool is_control(std::string_view sequence) {
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(sequence[i]); };
  if (sequence.size() == 1) return byte(0) < 0x20 || byte(0) == 0x7f;
  return sequence.size() == 2 && byte(0) == 0xc2 && byte(1) < 0xa0;
}

}  // namespace

std::string printable(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const std::size_t length = utf8_length(bytes);
    const std::string_view sequence = bytes.substr(0, length == 0 ? 1 : length);
    if (length == 0) {
      out += "\xef\xbf\xbd";
    } else {
      out += is_control(sequence) ? std::string_view{"?"} : sequence;
    }
    bytes.remove_prefix(sequence.size());
  }
  return out;
}

std::string redact_args(std::string_view args) {
  // Addresses first: the digits of "%40" may fall to the other mask. Both on the raw bytes: a broken byte
  // between two digits must not hide the run.
  std::string out = mask_addresses(args);
  mask_digits(out, kMinDigitsInArgs, Addresses::mask);
  return printable(out);
}

std::string redact_name(std::string_view name) {
  std::string out{name};
  mask_digits(out, kMinDigitsInNames, Addresses::keep);
  return printable(out);
}

}  // namespace sluice::alert
