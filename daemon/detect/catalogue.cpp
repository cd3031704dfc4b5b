// SPDX-License-Identifier: Apache-2.0
#include "detect/catalogue.h"

#include <array>

#include "detect/checksums.h"
#include "detect/own_patterns.h"

namespace sluice::detect {
namespace {

constexpr std::array kDetectors{
    Detector{{"payment_card", "payment card numbers, plain or in printed groups",
              "issuer ranges, lengths, Luhn, neighbours", "************1111"},
             &find_payment_cards,
             ValueForm::digits},
    Detector{{"email", "e-mail addresses",
              "local part, domain labels, top-level domain; no file names, no URL users", "*****@***.com"},
             &find_emails,
             ValueForm::email},
    Detector{{"us_ssn", "US social security numbers",
              "area, group and serial; nine bare digits only near a word for them", "*****6789"},
             &find_us_ssns,
             ValueForm::digits,
             true},
    Detector{{"iban", "international bank account numbers", "length of the country, mod 97",
              "******************3000"},
             &find_ibans,
             ValueForm::alnum},
    Detector{
        {"phone", "telephone numbers",
         "calling code and length, North American plan, written forms; others near a word", "*******0132"},
        &find_phones,
        ValueForm::digits,
        true},
};

constexpr auto kEntries = [] {
  std::array<CatalogueEntry, kDetectors.size()> entries{};
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i] = kDetectors[i].entry;
  return entries;
}();

constexpr auto kCheckNames = [] {
  std::array<std::string_view, kChecks.size()> names{};
  for (std::size_t i = 0; i < names.size(); ++i) names[i] = kChecks[i].name;
  return names;
}();

}  // namespace

std::span<const Detector> detectors() { return kDetectors; }
std::span<const CatalogueEntry> catalogue() { return kEntries; }
std::span<const std::string_view> check_names() { return kCheckNames; }

std::optional<std::string> pattern_error(const PatternSpec& pattern) {
  auto usable = OwnPatterns::try_pattern(pattern);
  if (usable) return std::nullopt;
  return usable.error().message();
}

}  // namespace sluice::detect
