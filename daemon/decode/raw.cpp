// SPDX-License-Identifier: Apache-2.0
#include "decode/raw.h"

namespace sluice::decode {

DecodeStatus RawDecoder::feed(Bytes bytes, ContentSink& out) {
  if (bytes.empty()) return DecodeStatus::ok;
  out.content({.bytes = bytes, .pos = pos_, .part = kPart, .location = "raw"});
  pos_ = pos_ + bytes.size();
  return DecodeStatus::ok;
}

void RawDecoder::gap(std::uint64_t lost_bytes, ContentSink& out) {
  pos_ = pos_ + lost_bytes;
  out.part_gap(kPart);
}

void RawDecoder::end(ContentSink& out) { out.part_end(kPart); }

}  // namespace sluice::decode
