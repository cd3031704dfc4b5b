// SPDX-License-Identifier: Apache-2.0
// Scans a text, whole or in pieces, and reads the values back out of it: a Match holds none.
#pragma once

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "detect/detector_set.h"

namespace sluice::detect {

inline constexpr FingerprintKey kTestKey{1, 2, 3};

inline DetectorSet compile_or_throw(std::span<const DataClassSpec> classes) {
  auto set = DetectorSet::compile(classes, kTestKey);
  if (!set) throw std::runtime_error{set.error().message()};
  return std::move(*set);
}

inline DetectorSet set_of(std::string_view detector) {
  const DataClassSpec only{.name = "only", .detectors = {std::string{detector}}};
  return compile_or_throw({&only, 1});
}

/// One class a detector, in the order of the catalogue.
inline DetectorSet set_of_all() {
  std::vector<DataClassSpec> classes;
  for (const CatalogueEntry& entry : catalogue())
    classes.push_back({.name = std::string{entry.name}, .detectors = {std::string{entry.name}}});
  return compile_or_throw(classes);
}

inline std::vector<Match> scan_pieces(const DetectorSet& set, std::span<const std::string_view> pieces) {
  ScanState state;
  std::vector<Match> matches;
  std::uint64_t pos = 0;
  for (const std::string_view piece : pieces) {
    set.scan(state, {.bytes = as_bytes(piece), .pos = StreamPos{pos}}, matches);
    pos += piece.size();
  }
  return matches;
}

inline std::vector<Match> scan_whole(const DetectorSet& set, std::string_view text) {
  return scan_pieces(set, {&text, 1});
}

inline std::vector<std::string> values_in(std::string_view text, std::span<const Match> matches) {
  std::vector<std::string> values;
  for (const Match& match : matches) values.emplace_back(text.substr(match.begin, match.end - match.begin));
  return values;
}

inline std::vector<std::string> find_values(const DetectorSet& set, std::string_view text) {
  return values_in(text, scan_whole(set, text));
}

}  // namespace sluice::detect
