// SPDX-License-Identifier: Apache-2.0
// Overlap block mode (docs/decisions/0003): each piece is scanned behind the bytes that came before it, as
// one text.
#include "detect/detector_set.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "detect/catalogue.h"
#include "detect/fingerprint.h"
#include "detect/own_patterns.h"
#include "detect/text.h"

namespace sluice::detect {
namespace {

// A window must show a value of kOverlap bytes, its context before it, and what was held back at its end.
constexpr std::size_t kTail = kOverlap + 2 * kContext;
// A large piece is cut here, so that what a scan holds fits the second-level cache.
constexpr std::size_t kChunk = 64 * 1024;

struct Candidate {
  Span span;
  std::uint16_t detector = 0;  // index into detectors(), or one of the two below
};
constexpr std::uint16_t kPatternDetector = 0xfffe;
constexpr std::uint16_t kWordsDetector = 0xffff;

ValueForm form_of(std::uint16_t detector) {
  if (detector == kPatternDetector) return ValueForm::text;
  return detector == kWordsDetector ? ValueForm::words : detectors()[detector].form;
}

std::string_view name_of(std::uint16_t detector) {
  if (detector == kPatternDetector) return "pattern";
  return detector == kWordsDetector ? "words" : detectors()[detector].entry.name;
}

/// Longer first where two begin together; then a value inside another always comes after it.
bool outer_first(const Candidate& a, const Candidate& b) {
  if (a.span.begin != b.span.begin) return a.span.begin < b.span.begin;
  return a.span.end > b.span.end;
}

/// Leaves the values that lie within no other one.
void drop_contained(std::vector<Candidate>& candidates) {
  std::ranges::stable_sort(candidates, outer_first);
  std::uint32_t reach = 0;
  std::erase_if(candidates, [&](const Candidate& candidate) {
    const bool inside = candidate.span.end <= reach;
    reach = std::max(reach, candidate.span.end);
    return inside;
  });
}

void wipe(std::vector<std::uint8_t>& bytes) {
  if (!bytes.empty()) explicit_bzero(bytes.data(), bytes.size());
  bytes.clear();
}

}  // namespace

ScanState::~ScanState() { wipe(tail_); }

ScanState& ScanState::operator=(ScanState&& other) noexcept {
  tail_.swap(other.tail_);  // the old bytes are wiped with `other`
  told_.swap(other.told_);
  tail_end_ = other.tail_end_;
  cut_ = other.cut_;
  suppressed_ = other.suppressed_;
  return *this;
}

void ScanState::gap() {
  wipe(tail_);
  told_.clear();
  cut_ = false;
}

void ScanState::keep(std::string_view window, std::size_t size, StreamPos end) {
  cut_ = cut_ || window.size() > size;
  const Bytes kept = as_bytes(window.substr(window.size() - std::min(size, window.size())));
  tail_.assign(kept.begin(), kept.end());
  tail_end_ = end;
  const std::uint64_t begin = std::to_underlying(end) - tail_.size();
  std::erase_if(told_, [&](const Told& told) { return told.end <= begin; });
  std::ranges::sort(told_);
}

struct DetectorSet::Impl {
  struct View {
    std::string_view text;
    std::uint64_t pos = 0;        // stream position of text[0]
    std::size_t first_begin = 0;  // values that begin before lack their context
    std::size_t last_end = 0;     // values that end after are judged with the next window
  };

  void scan_view(const View& view, ScanState& state, std::vector<Match>& out);
  void gather(std::size_t data_class, const View& view);
  void report(std::size_t data_class, const View& view, ScanState& state, std::vector<Match>& out);

  std::vector<std::vector<std::uint16_t>> detectors_of;  // by data class
  std::vector<bool> in_use;                              // by detector
  bool needs_anchors = false;
  OwnPatterns own;
  Fingerprinter fingerprinter;

  // Memory of a scan, kept to be reused.
  std::vector<std::uint8_t> buffer;
  Anchors anchors;
  OwnHits hits;
  std::vector<std::vector<Span>> found;  // by detector
  std::vector<Candidate> candidates;

  ~Impl() { wipe(buffer); }
};

void DetectorSet::Impl::gather(std::size_t data_class, const View& view) {
  candidates.clear();
  const auto add = [&](const Span& span, std::uint16_t detector) {
    if (span.begin >= view.first_begin) candidates.push_back({span, detector});
  };
  for (const std::uint16_t detector : detectors_of[data_class])
    for (const Span& span : found[detector]) add(span, detector);
  for (const OwnMatch& match : hits.found)
    if (match.data_class == static_cast<DataClassId>(data_class))
      add(match.span, match.is_words ? kWordsDetector : kPatternDetector);
}

void DetectorSet::Impl::report(std::size_t data_class, const View& view, ScanState& state,
                               std::vector<Match>& out) {
  const auto told_before = static_cast<std::ptrdiff_t>(state.told_.size());
  std::size_t reported = 0;
  for (const Candidate& candidate : candidates) {
    const Span& span = candidate.span;
    if (span.end > view.last_end) continue;
    const ScanState::Told told{view.pos + span.begin, view.pos + span.end,
                               static_cast<DataClassId>(data_class)};
    if (std::binary_search(state.told_.begin(), state.told_.begin() + told_before, told)) continue;
    if (++reported > kMaxMatches) {
      ++state.suppressed_;
      continue;
    }
    state.told_.push_back(told);
    const ValueForm form = form_of(candidate.detector);
    const MatchedText value = normalise(form, view.text.substr(span.begin, span.end - span.begin));
    out.push_back({.data_class = told.data_class,
                   .detector = name_of(candidate.detector),
                   .begin = told.begin,
                   .end = told.end,
                   .fingerprint = fingerprinter.of(value),
                   .masked = mask(form, value)});
  }
  // The next data class searches what all windows before told; its own entries cannot be among the new ones.
  std::inplace_merge(state.told_.begin(), state.told_.begin() + told_before, state.told_.end());
}

void DetectorSet::Impl::scan_view(const View& view, ScanState& state, std::vector<Match>& out) {
  if (needs_anchors) find_anchors(view.text, anchors);
  own.scan(view.text, hits);
  const Window window{view.text, anchors, hits.ssn_words, hits.phone_words};
  for (std::size_t i = 0; i < found.size(); ++i) {
    found[i].clear();
    if (in_use[i]) detectors()[i].find(window, found[i]);
  }
  for (std::size_t i = 0; i < detectors_of.size(); ++i) {
    gather(i, view);
    if (candidates.empty()) continue;
    drop_contained(candidates);
    report(i, view, state, out);
  }
}

DetectorSet::DetectorSet(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
DetectorSet::DetectorSet(DetectorSet&&) noexcept = default;
DetectorSet& DetectorSet::operator=(DetectorSet&&) noexcept = default;
DetectorSet::~DetectorSet() = default;

Result<DetectorSet> DetectorSet::compile(std::span<const DataClassSpec> classes, const FingerprintKey& key) {
  auto impl = std::make_unique<Impl>();
  impl->found.resize(detectors().size());
  impl->in_use.assign(detectors().size(), false);
  bool announce = false;
  for (const DataClassSpec& spec : classes) {
    auto& indices = impl->detectors_of.emplace_back();
    for (const std::string& name : spec.detectors) {
      const auto found =
          std::ranges::find(detectors(), name, [](const Detector& row) { return row.entry.name; });
      if (found == detectors().end())
        return fail(fmt::format("data class '{}': unknown detector '{}'", spec.name, name));
      const auto index = static_cast<std::uint16_t>(found - detectors().begin());
      indices.push_back(index);
      impl->in_use[index] = true;
      impl->needs_anchors = true;
      announce = announce || found->needs_words;
    }
  }
  auto own = OwnPatterns::compile(classes, announce);
  if (!own) return std::unexpected{std::move(own.error())};
  impl->own = std::move(*own);
  auto fingerprinter = Fingerprinter::create(key);
  if (!fingerprinter) return std::unexpected{std::move(fingerprinter.error())};
  impl->fingerprinter = std::move(*fingerprinter);
  return DetectorSet{std::move(impl)};
}

void DetectorSet::scan(ScanState& state, const Content& content, std::vector<Match>& out) const {
  if (content.pos != state.tail_end_) state.gap();
  StreamPos pos = content.pos;
  for (Bytes rest = content.bytes; !rest.empty();) {
    const Bytes piece = rest.first(std::min(rest.size(), kChunk));
    rest = rest.subspan(piece.size());
    std::vector<std::uint8_t>& buffer = impl_->buffer;
    const std::size_t tail = state.tail_.size();
    buffer.assign(state.tail_.begin(), state.tail_.end());
    buffer.insert(buffer.end(), piece.begin(), piece.end());
    const Impl::View view{
        .text = as_text(buffer),
        .pos = std::to_underlying(pos) - tail,
        .first_begin = state.cut_ ? kContext : 0,
        .last_end = rest.empty() ? buffer.size() : buffer.size() - std::min(kContext, buffer.size())};
    impl_->scan_view(view, state, out);
    pos = pos + piece.size();
    state.keep(view.text, kTail, pos);
  }
}

}  // namespace sluice::detect
