// SPDX-License-Identifier: Apache-2.0
#include "detect/anchors.h"

#include <array>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sluice::detect {
namespace {

constexpr std::size_t kBlock = 64;

struct Masks {
  std::uint64_t digits = 0;  // bit i: byte i of the block is a digit
  std::uint64_t ats = 0;
};

// Inlined by force: at -O2 the compiler keeps a call a block, which costs as much as the work.
#if defined(__SSE2__)
[[gnu::always_inline]] inline Masks classify(const char* block) {
  const __m128i zero = _mm_set1_epi8('0');
  const __m128i nine = _mm_set1_epi8(9);
  const __m128i at = _mm_set1_epi8('@');
  Masks masks;
  for (int i = 0; i < 4; ++i) {
    __m128i bytes;
    std::memcpy(&bytes, block + 16 * i, sizeof bytes);
    const __m128i value = _mm_sub_epi8(bytes, zero);  // a digit is 0..9, all else is larger as unsigned
    const int digits = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(value, nine), value));
    const int ats = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, at));
    masks.digits |= std::uint64_t{static_cast<std::uint16_t>(digits)} << (16 * i);
    masks.ats |= std::uint64_t{static_cast<std::uint16_t>(ats)} << (16 * i);
  }
  return masks;
}
#else
inline Masks classify(const char* block) {
  Masks masks;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const auto value = static_cast<unsigned char>(block[i] - '0');
    masks.digits |= std::uint64_t{value <= 9} << i;
    masks.ats |= std::uint64_t{block[i] == '@'} << i;
  }
  return masks;
}
#endif

/// Turns masks into runs: a bit that differs from the one before opens or closes a run.
class RunBuilder {
 public:
  explicit RunBuilder(Anchors& out) : out_{out} {}

  [[gnu::always_inline]] void add(const Masks& masks, std::uint32_t base) {
    if ((masks.digits | masks.ats | std::uint64_t{open_}) == 0) return;  // most of most texts
    add_turns(masks, base);
  }

  void close(std::uint32_t end) {
    if (open_) out_.runs.back().end = end;
  }

 private:
  void add_turns(const Masks& masks, std::uint32_t base) {
    std::uint64_t turns = masks.digits ^ (masks.digits << 1 | std::uint64_t{open_});
    for (; turns != 0; turns &= turns - 1) {
      const auto pos = base + static_cast<std::uint32_t>(std::countr_zero(turns));
      if (open_) {
        out_.runs.back().end = pos;
      } else {
        out_.runs.push_back({pos, pos});
      }
      open_ = !open_;
    }
    for (std::uint64_t ats = masks.ats; ats != 0; ats &= ats - 1)
      out_.ats.push_back(base + static_cast<std::uint32_t>(std::countr_zero(ats)));
  }

  Anchors& out_;
  bool open_ = false;
};

}  // namespace

void find_anchors(std::string_view text, Anchors& out) {
  out.runs.clear();
  out.ats.clear();
  RunBuilder builder{out};
  std::size_t i = 0;
  for (; i + kBlock <= text.size(); i += kBlock)
    builder.add(classify(text.data() + i), static_cast<std::uint32_t>(i));
  std::array<char, kBlock> last{};
  if (i < text.size()) {
    std::memcpy(last.data(), text.data() + i, text.size() - i);
    builder.add(classify(last.data()), static_cast<std::uint32_t>(i));
  }
  builder.close(static_cast<std::uint32_t>(text.size()));
}

}  // namespace sluice::detect
