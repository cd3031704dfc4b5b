// SPDX-License-Identifier: Apache-2.0
// The bytes as they are, as one part. What no other decoder knows is still scanned.
#pragma once

#include "decode/decoder.h"

namespace sluice::decode {

class RawDecoder final : public Decoder {
 public:
  [[nodiscard]] DecodeStatus feed(Bytes bytes, ContentSink& out) override;
  void gap(std::uint64_t lost_bytes, ContentSink& out) override;
  void end(ContentSink& out) override;

 private:
  static constexpr std::uint32_t kPart = 0;
  StreamPos pos_{};
};

}  // namespace sluice::decode
