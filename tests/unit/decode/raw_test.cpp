// SPDX-License-Identifier: Apache-2.0
#include "decode/raw.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::decode {
namespace {

/// Writes down what a decoder tells.
class Recorder final : public ContentSink {
 public:
  void content(const Content& piece) override {
    told.push_back(std::string{piece.location} + " " + std::to_string(piece.part) + " @" +
                   std::to_string(std::to_underlying(piece.pos)) + " " + std::string{as_text(piece.bytes)});
  }
  void part_gap(std::uint32_t part) override { told.push_back("gap " + std::to_string(part)); }
  void part_end(std::uint32_t part) override { told.push_back("end " + std::to_string(part)); }

  std::vector<std::string> told;
};

TEST(RawDecoder, passes_bytes_through_with_their_positions) {
  RawDecoder decoder;
  Recorder sink;
  EXPECT_EQ(decoder.feed(as_bytes("abc"), sink), DecodeStatus::ok);
  EXPECT_EQ(decoder.feed(as_bytes(""), sink), DecodeStatus::ok);
  EXPECT_EQ(decoder.feed(as_bytes("de"), sink), DecodeStatus::ok);
  decoder.end(sink);
  EXPECT_EQ(sink.told, (std::vector<std::string>{"raw 0 @0 abc", "raw 0 @3 de", "end 0"}));
}

TEST(RawDecoder, tells_a_gap_and_counts_the_lost_bytes) {
  RawDecoder decoder;
  Recorder sink;
  EXPECT_EQ(decoder.feed(as_bytes("abc"), sink), DecodeStatus::ok);
  decoder.gap(100, sink);
  EXPECT_EQ(decoder.feed(as_bytes("de"), sink), DecodeStatus::ok);
  EXPECT_EQ(sink.told, (std::vector<std::string>{"raw 0 @0 abc", "gap 0", "raw 0 @103 de"}));
}

TEST(Decoders, the_last_one_takes_anything) {
  ASSERT_FALSE(decoders().empty());
  const DecoderEntry& last = decoders().back();
  EXPECT_EQ(last.name, "raw");
  EXPECT_EQ(last.sniff(as_bytes("\x00\xff")), Sniff::yes);
  Recorder sink;
  EXPECT_EQ(last.create()->feed(as_bytes("x"), sink), DecodeStatus::ok);
  EXPECT_EQ(sink.told.size(), 1U);
}

}  // namespace
}  // namespace sluice::decode
