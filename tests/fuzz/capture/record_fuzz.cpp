// SPDX-License-Identifier: Apache-2.0
// Whatever stands in the ring: decoding never reads beyond the record, an event's payload lies inside the
// record and is no longer than what was written, and no byte of a flow comes out of the reassembler twice or
// out of order, whichever positions the records claim.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <utility>
#include <variant>
#include <vector>

#include "bpf/abi.h"
#include "capture/event_codec.h"
#include "stream/reassembler.h"

namespace {

using namespace sluice;

void require(bool holds) {
  if (!holds) std::abort();
}

bool lies_inside(Bytes inner, Bytes outer) {
  return inner.empty() ||
         (inner.data() >= outer.data() && inner.data() + inner.size() <= outer.data() + outer.size());
}

/// One flow's reassembler with what it must have accounted for.
class CheckedFlow {
 public:
  void feed(const PayloadSent& event) {
    const std::uint64_t pos = std::to_underlying(event.pos);
    const auto segment = stream_.feed(event.pos, event.payload, event.written);
    if (segment) take(*segment, event, pos);
    require(std::to_underlying(stream_.next()) == end_);
    require(stream_.lost() + delivered_ == end_);
  }

 private:
  void take(const stream::Segment& segment, const PayloadSent& event, std::uint64_t pos) {
    const std::uint64_t begin = std::to_underlying(segment.pos);
    require(segment.lost <= begin && begin - segment.lost == end_);  // right after the last one: never twice
    require(begin >= pos);
    // The very bytes of that position, not others of the record.
    require(segment.bytes.data() == event.payload.data() + (begin - pos));
    require(segment.bytes.data() + segment.bytes.size() == event.payload.data() + event.payload.size());
    end_ = begin + segment.bytes.size();
    delivered_ += segment.bytes.size();
  }

  stream::Reassembler stream_;
  std::uint64_t end_ = 0;  // position after the last byte that came out
  std::uint64_t delivered_ = 0;
};

void check(const Event& event, Bytes record, std::map<FlowKey, CheckedFlow>& flows) {
  if (const auto* started = std::get_if<ProcessStarted>(&event)) {
    require(started->exe.size() < abi::MAX_EXE && started->args.size() <= abi::MAX_ARGS);
    require(started->args.find('\0') == std::string::npos);
  }
  const auto* sent = std::get_if<PayloadSent>(&event);
  if (sent == nullptr) return;
  require(lies_inside(sent->payload, record));
  require(sent->payload.size() <= sent->written);
  require(sent->flow.state >= FlowState::trusted && sent->flow.state <= FlowState::blocked);
  flows[sent->flow.key].feed(*sent);
}

}  // namespace

// The input is a list of records: two bytes of length, then so many bytes.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::map<FlowKey, CheckedFlow> flows;
  ByteCursor input{{data, size}};
  while (const auto length = input.take_struct<std::uint16_t>()) {
    const Bytes wanted = *input.take(std::min<std::size_t>(*length, input.rest().size()));
    const std::vector<std::uint8_t> record{wanted.begin(),
                                           wanted.end()};  // a block of its own: ASan sees its end
    if (const auto event = capture::decode_event(record)) check(*event, record, flows);
  }
  return 0;
}
