// SPDX-License-Identifier: Apache-2.0
#include "stream/reassembler.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>

namespace sluice::stream {
namespace {

TEST(Reassembler, PassesOrderedBytesThrough) {
  Reassembler stream;
  EXPECT_EQ(as_text(stream.feed(StreamPos{0}, as_bytes("abc"), 3)->bytes), "abc");
  const auto next = stream.feed(StreamPos{3}, as_bytes("de"), 2);
  EXPECT_EQ(as_text(next->bytes), "de");
  EXPECT_EQ(next->pos, StreamPos{3});
  EXPECT_EQ(next->lost, 0U);
}

TEST(Reassembler, TrimsWhatWasSeenBefore) {
  Reassembler stream;
  (void)stream.feed(StreamPos{0}, as_bytes("abcd"), 4);
  EXPECT_FALSE(stream.feed(StreamPos{1}, as_bytes("bc"), 2));
  const auto rest = stream.feed(StreamPos{2}, as_bytes("cdef"), 4);
  EXPECT_EQ(as_text(rest->bytes), "ef");
  EXPECT_EQ(rest->pos, StreamPos{4});
}

TEST(Reassembler, NamesAGapInFrontOfTheNextBytes) {
  Reassembler stream;
  (void)stream.feed(StreamPos{0}, as_bytes("ab"), 2);
  const auto after = stream.feed(StreamPos{10}, as_bytes("kl"), 2);
  EXPECT_EQ(after->lost, 8U);
  EXPECT_EQ(stream.lost(), 8U);
}

TEST(Reassembler, CountsATruncatedRecordAsAGap) {
  Reassembler stream;
  (void)stream.feed(StreamPos{0}, as_bytes("ab"), 5);  // five written, two captured
  EXPECT_EQ(stream.feed(StreamPos{5}, as_bytes("f"), 1)->lost, 3U);
}

TEST(Reassembler, CountsBytesMissingAtTheVeryStart) {
  Reassembler stream;
  EXPECT_EQ(stream.feed(StreamPos{7}, as_bytes("h"), 1)->lost, 7U);
}

TEST(Reassembler, RefusesAbsurdPositions) {
  Reassembler stream;
  EXPECT_FALSE(stream.feed(StreamPos{std::numeric_limits<std::uint64_t>::max() - 1}, as_bytes("abc"), 3));
  EXPECT_TRUE(stream.feed(StreamPos{0}, as_bytes("abc"), 3));
}

TEST(Reassembler, YieldsEachByteOnceHoweverRecordsOverlap) {
  std::mt19937 random{7};
  std::string text(4096, '\0');
  for (char& c : text) c = static_cast<char>('a' + random() % 26);
  for (int round = 0; round < 50; ++round) {
    Reassembler stream;
    std::string got;
    std::size_t end = 0;
    while (end < text.size()) {
      const std::size_t begin =
          end - std::min<std::size_t>(end, random() % 40);  // never a gap, often an overlap
      const std::size_t size = std::min<std::size_t>(1 + random() % 100, text.size() - begin);
      const auto piece = std::string_view{text}.substr(begin, size);
      if (auto segment = stream.feed(StreamPos{begin}, as_bytes(piece), static_cast<std::uint32_t>(size))) {
        EXPECT_EQ(segment->lost, 0U);
        got += as_text(segment->bytes);
      }
      end = std::max(end, begin + size);
    }
    EXPECT_EQ(got, text);
  }
}

}  // namespace
}  // namespace sluice::stream
