// SPDX-License-Identifier: Apache-2.0
#include "stream/reassembler.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace sluice::stream {

std::optional<Segment> Reassembler::feed(StreamPos pos, Bytes payload, std::uint32_t written) {
  constexpr std::uint64_t kMaxPos = std::numeric_limits<std::int64_t>::max();
  const std::uint64_t begin = std::to_underlying(pos);
  if (begin > kMaxPos - written) return std::nullopt;
  payload = payload.first(std::min<std::size_t>(payload.size(), written));
  const std::uint64_t end = begin + payload.size();
  if (end <= next_) return std::nullopt;
  const std::uint64_t seen = next_ > begin ? next_ - begin : 0;
  const Segment segment{.pos = StreamPos{begin + seen},
                        .bytes = payload.subspan(seen),
                        .lost = begin > next_ ? begin - next_ : 0};
  lost_ += segment.lost;
  next_ = end;
  return segment;
}

}  // namespace sluice::stream
