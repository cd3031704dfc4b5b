// SPDX-License-Identifier: Apache-2.0
// Decoders and detectors over a stream of bytes, as the pipeline runs them over a flow, with no flow.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "decode/decoder.h"
#include "detect/detector_set.h"

namespace sluice::cli {

struct ScanMatch {
  Match match;
  std::string location;  // part of the content; offsets count within it
};

class ContentScan final : public decode::ContentSink {
 public:
  /// Borrows the detectors.
  explicit ContentScan(const detect::DetectorSet& detectors) : detectors_{detectors} {}

  /// Appends the matches that end in this piece.
  void feed(Bytes piece, std::vector<ScanMatch>& out);
  void end(std::vector<ScanMatch>& out);

  void content(const Content& piece) override;
  void part_gap(std::uint32_t part) override;
  void part_end(std::uint32_t part) override;

 private:
  void choose(Bytes first);

  const detect::DetectorSet& detectors_;
  std::unique_ptr<decode::Decoder> decoder_;
  std::map<std::uint32_t, detect::ScanState> states_;
  std::vector<ScanMatch>* out_ = nullptr;
  std::vector<Match> matches_;  // scratch
};

/// A key for one run: fingerprints then tell values apart, and mean nothing afterwards.
[[nodiscard]] Result<detect::FingerprintKey> key_of_this_run();

}  // namespace sluice::cli
