// SPDX-License-Identifier: Apache-2.0
// Ordered bytes of one direction of a flow, with explicit gaps.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/ids.h"

namespace sluice::stream {

/// The next contiguous bytes. `lost` bytes are missing right before them (not captured, or passed unread
/// while the flow was trusted): nothing may match across.
struct Segment {
  StreamPos pos{};
  Bytes bytes;
  std::uint64_t lost = 0;
};

/// Trims what was seen before and names what is missing. Buffers nothing: the gate captures each byte once
/// and in order (it runs under the socket's lock and the ring keeps order), so a position beyond the expected
/// one is a loss that no later record will fill.
class Reassembler {
 public:
  /// `written` bytes of the stream from `pos`, of which `payload` was captured. Returns nothing if all of it
  /// was seen before or the position is absurd (beyond 2^63, which no kernel reports).
  [[nodiscard]] std::optional<Segment> feed(StreamPos pos, Bytes payload, std::uint32_t written);

  [[nodiscard]] StreamPos next() const { return StreamPos{next_}; }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }

 private:
  std::uint64_t next_ = 0;  // the gate counts every flow from 0, also one that it picked up in the middle
  std::uint64_t lost_ = 0;
};

}  // namespace sluice::stream
