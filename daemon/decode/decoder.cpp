// SPDX-License-Identifier: Apache-2.0
#include "decode/decoder.h"

#include <array>

#include "decode/raw.h"

namespace sluice::decode {
namespace {

constexpr std::array kDecoders{
    DecoderEntry{"raw", [](Bytes) { return Sniff::yes; },
                 []() -> std::unique_ptr<Decoder> { return std::make_unique<RawDecoder>(); }},
};

}  // namespace

std::span<const DecoderEntry> decoders() { return kDecoders; }

}  // namespace sluice::decode
