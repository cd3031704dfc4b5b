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

/// A value that is split between pieces of content is found if it is no longer than this.
inline constexpr std::size_t kOverlap = 1024;

/// What detection must remember of one part of one flow between two pieces: the last bytes and which matches
/// in them were already reported. Wiped on destruction.
class ScanState {
 public:
  ScanState() = default;
  ~ScanState();
  ScanState(ScanState&&) noexcept = default;
  ScanState& operator=(ScanState&&) noexcept;
  /// Bytes are missing before the next piece: nothing matches across them.
  void gap();
  /// Matches that were found and not reported because a window already held kMaxMatches of their data class.
  [[nodiscard]] std::uint64_t suppressed() const { return suppressed_; }

 private:
  friend class DetectorSet;
  struct Told {
    std::uint64_t begin = 0, end = 0;
    DataClassId data_class{};
    auto operator<=>(const Told&) const = default;
  };
  void keep(std::string_view window, std::size_t size, StreamPos end);

  std::vector<std::uint8_t> tail_;  // kOverlap bytes and their context
  StreamPos tail_end_{};            // stream position after tail_
  bool cut_ = false;                // bytes of this part came before tail_
  std::vector<Told> told_;          // sorted; matches that end within tail_
  std::uint64_t suppressed_ = 0;
};

/// Matches of one data class that one window of 64 KiB may report; honest content has fewer.
inline constexpr std::size_t kMaxMatches = 4096;

/// The compiled detectors of one policy. Immutable but for a scratch area: one thread at a time uses a set.
class DetectorSet {
 public:
  /// Fails on an unknown detector, check or a pattern that does not compile; names the data class.
  [[nodiscard]] static Result<DetectorSet> compile(std::span<const DataClassSpec> classes,
                                                   const FingerprintKey& key);
  DetectorSet(DetectorSet&&) noexcept;
  DetectorSet& operator=(DetectorSet&&) noexcept;
  ~DetectorSet();

  /// Appends the validated matches that became visible with `content`, each span once for a data class. At
  /// the end of a piece a value is judged as if the text ended there, since its bytes are about to leave;
  /// when more text comes it is judged again. So every value of the whole text is found in any split into
  /// pieces, and a split can only add values: a value that grows over a boundary is reported short and then
  /// long. Within a data class a value inside a longer one is left out. Time is linear in the piece, memory
  /// bounded by it.
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
