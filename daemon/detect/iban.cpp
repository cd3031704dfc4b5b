// SPDX-License-Identifier: Apache-2.0
// IBANs (ISO 13616): country, two check digits, the country's length; whole, or in fours with one separator.
#include <algorithm>
#include <array>
#include <string_view>

#include "detect/checksums.h"
#include "detect/recognizers.h"

namespace sluice::detect {
namespace {

struct IbanCountry {
  std::array<char, 2> code;
  std::uint8_t length;
};

// SWIFT's IBAN registry; sorted by code.
constexpr std::array kCountries{
    IbanCountry{{'A', 'D'}, 24}, IbanCountry{{'A', 'E'}, 23}, IbanCountry{{'A', 'L'}, 28},
    IbanCountry{{'A', 'T'}, 20}, IbanCountry{{'A', 'Z'}, 28}, IbanCountry{{'B', 'A'}, 20},
    IbanCountry{{'B', 'E'}, 16}, IbanCountry{{'B', 'G'}, 22}, IbanCountry{{'B', 'H'}, 22},
    IbanCountry{{'B', 'I'}, 27}, IbanCountry{{'B', 'R'}, 29}, IbanCountry{{'B', 'Y'}, 28},
    IbanCountry{{'C', 'H'}, 21}, IbanCountry{{'C', 'R'}, 22}, IbanCountry{{'C', 'Y'}, 28},
    IbanCountry{{'C', 'Z'}, 24}, IbanCountry{{'D', 'E'}, 22}, IbanCountry{{'D', 'J'}, 27},
    IbanCountry{{'D', 'K'}, 18}, IbanCountry{{'D', 'O'}, 28}, IbanCountry{{'E', 'E'}, 20},
    IbanCountry{{'E', 'G'}, 29}, IbanCountry{{'E', 'S'}, 24}, IbanCountry{{'F', 'I'}, 18},
    IbanCountry{{'F', 'K'}, 18}, IbanCountry{{'F', 'O'}, 18}, IbanCountry{{'F', 'R'}, 27},
    IbanCountry{{'G', 'B'}, 22}, IbanCountry{{'G', 'E'}, 22}, IbanCountry{{'G', 'I'}, 23},
    IbanCountry{{'G', 'L'}, 18}, IbanCountry{{'G', 'R'}, 27}, IbanCountry{{'G', 'T'}, 28},
    IbanCountry{{'H', 'N'}, 28}, IbanCountry{{'H', 'R'}, 21}, IbanCountry{{'H', 'U'}, 28},
    IbanCountry{{'I', 'E'}, 22}, IbanCountry{{'I', 'L'}, 23}, IbanCountry{{'I', 'Q'}, 23},
    IbanCountry{{'I', 'S'}, 26}, IbanCountry{{'I', 'T'}, 27}, IbanCountry{{'J', 'O'}, 30},
    IbanCountry{{'K', 'W'}, 30}, IbanCountry{{'K', 'Z'}, 20}, IbanCountry{{'L', 'B'}, 28},
    IbanCountry{{'L', 'C'}, 32}, IbanCountry{{'L', 'I'}, 21}, IbanCountry{{'L', 'T'}, 20},
    IbanCountry{{'L', 'U'}, 20}, IbanCountry{{'L', 'V'}, 21}, IbanCountry{{'L', 'Y'}, 25},
    IbanCountry{{'M', 'C'}, 27}, IbanCountry{{'M', 'D'}, 24}, IbanCountry{{'M', 'E'}, 22},
    IbanCountry{{'M', 'K'}, 19}, IbanCountry{{'M', 'N'}, 20}, IbanCountry{{'M', 'R'}, 27},
    IbanCountry{{'M', 'T'}, 31}, IbanCountry{{'M', 'U'}, 30}, IbanCountry{{'N', 'I'}, 28},
    IbanCountry{{'N', 'L'}, 18}, IbanCountry{{'N', 'O'}, 15}, IbanCountry{{'O', 'M'}, 23},
    IbanCountry{{'P', 'K'}, 24}, IbanCountry{{'P', 'L'}, 28}, IbanCountry{{'P', 'S'}, 29},
    IbanCountry{{'P', 'T'}, 25}, IbanCountry{{'Q', 'A'}, 29}, IbanCountry{{'R', 'O'}, 24},
    IbanCountry{{'R', 'S'}, 22}, IbanCountry{{'R', 'U'}, 33}, IbanCountry{{'S', 'A'}, 24},
    IbanCountry{{'S', 'C'}, 31}, IbanCountry{{'S', 'D'}, 18}, IbanCountry{{'S', 'E'}, 24},
    IbanCountry{{'S', 'I'}, 19}, IbanCountry{{'S', 'K'}, 24}, IbanCountry{{'S', 'M'}, 27},
    IbanCountry{{'S', 'O'}, 23}, IbanCountry{{'S', 'T'}, 25}, IbanCountry{{'S', 'V'}, 28},
    IbanCountry{{'T', 'L'}, 23}, IbanCountry{{'T', 'N'}, 24}, IbanCountry{{'T', 'R'}, 26},
    IbanCountry{{'U', 'A'}, 29}, IbanCountry{{'V', 'A'}, 22}, IbanCountry{{'V', 'G'}, 24},
    IbanCountry{{'X', 'K'}, 20}, IbanCountry{{'Y', 'E'}, 30},
};
static_assert(std::ranges::is_sorted(kCountries, {}, &IbanCountry::code));
constexpr std::size_t kLongest = 34;

std::size_t length_for(char first, char second) {
  const std::array<char, 2> code{to_upper(first), to_upper(second)};
  const auto* found = std::ranges::lower_bound(kCountries, code, {}, &IbanCountry::code);
  return found != kCountries.end() && found->code == code ? found->length : 0;
}

/// The value that begins at `begin`, where a country code and two digits stand; empty if it is none.
Span iban_at(std::string_view text, std::uint32_t begin) {
  const std::size_t length = length_for(text[begin], text[begin + 1]);
  const bool lower = is_lower(text[begin]);
  if (length == 0 || lower != is_lower(text[begin + 1])) return {};
  const char third = char_at(text, begin + 4);
  const char separator = third == ' ' || third == '-' || third == '+' ? third : '\0';
  std::array<char, kLongest> value{};
  std::size_t at = begin;
  for (std::size_t i = 0; i < length; ++i, ++at) {
    if (separator != '\0' && i > 0 && i % 4 == 0 && char_at(text, at++) != separator) return {};
    const char c = char_at(text, at);
    if (!is_digit(c) && !(lower ? is_lower(c) : is_upper(c))) return {};
    value[i] = c;
  }
  if (is_alnum(char_at(text, at)) || !iban_mod97_valid({value.data(), length})) return {};
  return {begin, static_cast<std::uint32_t>(at)};
}

}  // namespace

void find_ibans(const Window& window, std::vector<Span>& out) {
  const std::string_view text = window.text;
  for (const Run& run : window.anchors.runs) {
    if (run.size() < 2 || run.begin < 2) continue;
    if (!is_letter(text[run.begin - 1]) || !is_letter(text[run.begin - 2])) continue;
    const std::uint32_t begin = run.begin - 2;
    if (begin > 0 && (is_alnum(text[begin - 1]) || text[begin - 1] == '_') && !ends_escape(text, begin))
      continue;
    const Span value = iban_at(text, begin);
    if (value.end != 0) out.push_back(value);
  }
}

}  // namespace sluice::detect
