// SPDX-License-Identifier: Apache-2.0
// What policy asks the detectors for, and what they answer.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice {

/// Index of a data class in the policy that named it.
enum class DataClassId : std::uint16_t {};

/// A pattern of the policy's own.
struct PatternSpec {
  std::string expression;  // Hyperscan's subset of PCRE; a match of up to 1 KiB is found across segments
  std::string check;       // name of a validator ("luhn", ...); empty = none
  std::vector<std::string>
      near;  // at least one of these words within 64 bytes before or after; empty = anywhere
};

/// One data class: the union of its detectors, patterns and words.
struct DataClassSpec {
  std::string name;
  std::vector<std::string> detectors;  // names in the catalogue
  std::vector<PatternSpec> patterns;
  std::vector<std::string> words;  // case-insensitive, whole words
  std::uint32_t at_least = 1;      // distinct values in one flow before the class counts as found
};

/// Keyed fingerprint (first 8 bytes of an HMAC-SHA256) of a normalised value: equal values can be told, not
/// read.
enum class Fingerprint : std::uint64_t {};

/// A validated value in scanned text. Holds no raw value.
struct Match {
  DataClassId data_class{};
  std::string_view detector;  // catalogue name, "pattern" or "words"; lives as long as the detector set
  std::uint64_t begin = 0;    // stream position of the value, [begin, end)
  std::uint64_t end = 0;
  Fingerprint fingerprint{};
  std::string masked;  // at most the last four characters of a long value
};

}  // namespace sluice
