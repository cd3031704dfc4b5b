// SPDX-License-Identifier: Apache-2.0
#include "detect/mask.h"

#include <algorithm>

#include "detect/text.h"

namespace sluice::detect {
namespace {

constexpr std::size_t kShown = 4;
constexpr std::size_t kLong = 8;
constexpr std::size_t kMaxStars = 28;  // the form of a long pattern match stays readable

bool is_shown(ValueForm form, char c) {
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

}  // namespace

MatchedText normalise(ValueForm form, std::string_view value) {
  std::string kept;
  kept.reserve(value.size());
  const std::size_t escaped_at = form == ValueForm::email ? value.find("%40") : std::string_view::npos;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (i == escaped_at) {
      kept += '@';
      i += 2;
    } else if (form == ValueForm::words && is_space(c)) {
      if (!kept.empty() && kept.back() != ' ') kept += ' ';
    } else if (is_shown(form, c)) {
      kept += form == ValueForm::alnum ? to_upper(c) : form == ValueForm::text ? c : to_lower(c);
    }
  }
  // A telephone number's "%2B" is a plus, not a 2.
  if (form == ValueForm::digits && value.starts_with('%')) kept.erase(0, 1);
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
