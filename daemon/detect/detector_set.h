// SPDX-License-Identifier: Apache-2.0
// Content in, matches out: the one entry of the detect stage.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/content.h"
#include "model/detection.h"

namespace sluice::detect {

/// Key of the value fingerprints (HMAC-SHA256), made at install.
using FingerprintKey = std::array<std::uint8_t, 32>;

/// A value or its context that is split between two pieces of content is found if it lies within this many bytes.
inline constexpr std::size_t kOverlap = 1024;

/// What detection must remember of one part of one flow between two pieces: the last kOverlap bytes and how far
/// matches were already reported. Wiped on destruction.
class ScanState {
 public:
  ScanState() = default;
  ~ScanState();
  ScanState(ScanState&&) noexcept = default;
  ScanState& operator=(ScanState&&) noexcept = default;
  /// Bytes are missing before the next piece: nothing matches across them.
  void gap();

 private:
  friend class DetectorSet;
  std::vector<std::uint8_t> tail_;     // at most kOverlap bytes
  StreamPos tail_end_{};               // stream position after tail_
  std::uint64_t reported_until_ = 0;   // matches that end at or before this position were told
};

/// The compiled detectors of one policy. Immutable but for a scratch area: one thread at a time uses a set.
class DetectorSet {
 public:
  /// Fails on an unknown detector, check or a pattern that does not compile; names the data class.
  [[nodiscard]] static Result<DetectorSet> compile(std::span<const DataClassSpec> classes, const FingerprintKey& key);
  DetectorSet(DetectorSet&&) noexcept;
  DetectorSet& operator=(DetectorSet&&) noexcept;
  ~DetectorSet();

  /// Appends the validated matches that end in `content`. Any split of a part into pieces yields the same values
  /// (as long as a value and its context fit kOverlap); time is linear in the piece, memory bounded by it.
  void scan(ScanState& state, const Content& content, std::vector<Match>& out) const;

 private:
  struct Impl;
  explicit DetectorSet(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// One row of `sluice detectors`.
struct CatalogueEntry {
  std::string_view name;
  std::string_view summary;
  std::string_view validation;  // "IIN ranges, lengths, Luhn"
  std::string_view masked;      // what a finding shows: "************1111"
};
[[nodiscard]] std::span<const CatalogueEntry> catalogue();

/// Names usable as `check:` of a policy's own pattern.
[[nodiscard]] std::span<const std::string_view> check_names();

/// Why a policy's own pattern cannot be used, or nothing.
[[nodiscard]] std::optional<std::string> pattern_error(const PatternSpec& pattern);

/// Refuses a regex library that loses matches (Vectorscan before 5.4.13 does, silently). Run once at start.
[[nodiscard]] Result<> engine_self_test();

}  // namespace sluice::detect
