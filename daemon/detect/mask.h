// SPDX-License-Identifier: Apache-2.0
// What of a value may be kept: its masked form, and the normalised form from which its fingerprint is made.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/sensitive.h"

namespace sluice::detect {

/// How the values of a detector are written.
enum class ValueForm : std::uint8_t {
  digits,  // separators carry no meaning
  alnum,   // neither do separators nor case
  email,
  words,  // neither do case nor the amount of white space
  text,   // as it stands
};

/// Equal values become equal texts.
[[nodiscard]] MatchedText normalise(ValueForm form, std::string_view value);

/// At most the last four characters, and those only of eight or more; of an e-mail address a short top-level
/// domain.
[[nodiscard]] std::string mask(ValueForm form, const MatchedText& normalised);

}  // namespace sluice::detect
