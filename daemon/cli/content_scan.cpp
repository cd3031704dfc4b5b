// SPDX-License-Identifier: Apache-2.0
#include "cli/content_scan.h"

#include <sys/random.h>

#include <utility>

namespace sluice::cli {

/// The first format that is sure of the first piece; the last row takes anything.
void ContentScan::choose(Bytes first) {
  for (const decode::DecoderEntry& entry : decode::decoders()) {
    if (entry.sniff(first) != decode::Sniff::yes) continue;
    decoder_ = entry.create();
    return;
  }
  decoder_ = decode::decoders().back().create();
}

void ContentScan::feed(Bytes piece, std::vector<ScanMatch>& out) {
  out_ = &out;
  if (!decoder_) choose(piece);
  if (decoder_->feed(piece, *this) == decode::DecodeStatus::ok) return;
  // Not what it looked like, or broken: the bytes are scanned as they are, rather than not at all.
  states_.clear();
  decoder_ = decode::decoders().back().create();
  (void)decoder_->feed(piece, *this);
}

void ContentScan::end(std::vector<ScanMatch>& out) {
  out_ = &out;
  if (decoder_) decoder_->end(*this);
}

void ContentScan::content(const Content& piece) {
  matches_.clear();
  detectors_.scan(states_[piece.part], piece, matches_);
  for (Match& match : matches_) out_->push_back({std::move(match), std::string{piece.location}});
}

void ContentScan::part_gap(std::uint32_t part) { states_[part].gap(); }

void ContentScan::part_end(std::uint32_t part) { states_.erase(part); }

Result<detect::FingerprintKey> key_of_this_run() {
  detect::FingerprintKey key{};
  if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
    return fail(errno, "draw a key");
  return key;
}

}  // namespace sluice::cli
