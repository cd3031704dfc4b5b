// SPDX-License-Identifier: Apache-2.0
// The contract of the decoders: bytes of one direction of a flow in, content out. One file a format, one row
// a format in the table below.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "model/content.h"

namespace sluice::decode {

/// Takes content as it is decoded. Pieces of one part come in order and without holes, unless part_gap() says
/// so; pieces of different parts may alternate.
class ContentSink {
 public:
  virtual ~ContentSink() = default;
  /// Borrows the bytes and the location for the length of the call.
  virtual void content(const Content& piece) = 0;
  /// The next piece of `part` does not continue the one before: bytes were lost or could not be decoded.
  virtual void part_gap(std::uint32_t part) = 0;
  /// No piece of `part` follows, its scan state can go. A decoder may use the number again.
  virtual void part_end(std::uint32_t part) = 0;
};

enum class DecodeStatus : std::uint8_t {
  ok,            // the bytes were taken; all they decode to so far was given to the sink
  unrecognized,  // not this format: nothing was given to the sink, the bytes may go to another decoder
  malformed,     // this format, but broken: what was decoded was given to the sink, the rest was not read
};

/// Incremental: any split of the stream into feed() calls yields the same content. Memory is bounded by the
/// decoder, not by what the peer sends. After unrecognized or malformed the caller stops feeding. A decoder
/// of an outer layer (TLS records, chunked encoding, gzip) owns the decoder of the inner one and is the sink
/// of none: it feeds the inner decoder and hands on the sink it was given.
class Decoder {
 public:
  virtual ~Decoder() = default;
  [[nodiscard]] virtual DecodeStatus feed(Bytes bytes, ContentSink& out) = 0;
  /// Bytes are missing before the next feed(): find the next boundary, or tell part_gap().
  virtual void gap(std::uint64_t lost_bytes, ContentSink& out) = 0;
  /// The flow ended: whatever is held back is given to the sink.
  virtual void end(ContentSink& out) = 0;
};

/// How well the first bytes of a flow fit a format.
enum class Sniff : std::uint8_t { no, maybe_with_more, yes };

struct DecoderEntry {
  std::string_view name;
  Sniff (*sniff)(Bytes first);
  std::unique_ptr<Decoder> (*create)();
};

/// Every format, most specific first; the last one, "raw", takes anything.
[[nodiscard]] std::span<const DecoderEntry> decoders();

}  // namespace sluice::decode
