// SPDX-License-Identifier: Apache-2.0
#include "detect/mask.h"

#include <algorithm>

#include "detect/text.h"

namespace sluice::detect {
namespace {

constexpr std::size_t kShown = 4;
constexpr std::size_t kLong = 8;
constexpr std::size_t kMaxStars = 28;  // the form of a long pattern match stays readable

bool is_kept(ValueForm form, char c) {
  switch (form) {
    case ValueForm::digits:
      return is_digit(c);
    case ValueForm::alnum:
      return is_alnum(c);
    case ValueForm::email:
    case ValueForm::words:
    case ValueForm::text:
      return true;
  }
  std::abort();
}

std::string mask_email(std::string_view email) {
  const std::string_view last = email.substr(email.rfind('.') + 1);
  return last.size() <= kShown ? "*****@***." + std::string{last} : "*****@***.***";
}

/// bob%2Bnews%40example.com is bob+news@example.com.
std::string plain_email(std::string_view value) {
  std::string plain;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const std::string_view escape = value.substr(i, 3);
    if (escape == "%40" || escape == "%2B" || escape == "%2b") {
      plain += escape == "%40" ? '@' : '+';
      i += 2;
    } else {
      plain += to_lower(value[i]);
    }
  }
  return plain;
}

}  // namespace

MatchedText normalise(ValueForm form, std::string_view value) {
  if (form == ValueForm::email) return MatchedText{plain_email(value)};
  // A telephone number's "%2B" is a plus, not a 2.
  if (form == ValueForm::digits && value.starts_with('%')) value.remove_prefix(3);
  std::string kept;
  kept.reserve(value.size());
  for (const char c : value) {
    if (form == ValueForm::words && is_space(c)) {
      if (!kept.empty() && kept.back() != ' ') kept += ' ';
    } else if (is_kept(form, c)) {
      kept += form == ValueForm::alnum ? to_upper(c) : form == ValueForm::text ? c : to_lower(c);
    }
  }
  return MatchedText{std::move(kept)};
}

std::string mask(ValueForm form, const MatchedText& normalised) {
  const std::string_view value = normalised.reveal();
  if (form == ValueForm::email) return mask_email(value);
  const std::size_t shown = value.size() >= kLong ? kShown : 0;
  std::string masked(std::min(value.size() - shown, kMaxStars), '*');
  for (const char c : value.substr(value.size() - shown))  // half a character of UTF-8 is no text
    masked += (c & 0x80) != 0 || static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '*' : c;
  return masked;
}

}  // namespace sluice::detect
