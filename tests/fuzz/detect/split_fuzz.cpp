// SPDX-License-Identifier: Apache-2.0
// Whatever the text and wherever it is cut: every value of the whole text is found in the pieces, no span is
// told twice, and no masked form shows more than four characters.
#include <algorithm>
#include <cstdlib>
#include <set>
#include <tuple>
#include <vector>

#include "detect/detector_set.h"

namespace {

using namespace sluice;
using namespace sluice::detect;

using Told = std::tuple<DataClassId, std::uint64_t, std::uint64_t>;

const DetectorSet& everything() {
  static const DetectorSet set = [] {
    std::vector<DataClassSpec> classes;
    for (const CatalogueEntry& entry : catalogue())
      classes.push_back({.name = std::string{entry.name}, .detectors = {std::string{entry.name}}});
    classes.push_back({.name = "contact", .detectors = {"email", "phone"}});
    classes.push_back({.name = "own",
                       .patterns = {{.expression = "LOY-[0-9]{4,10}", .near = {"member"}},
                                    {.expression = "K[a-z]{1,50};"},
                                    {.expression = "^[A-Z]{3}$"}},
                       .words = {"strictly confidential"}});
    auto compiled = DetectorSet::compile(classes, {});
    if (!compiled) std::abort();
    return std::move(*compiled);
  }();
  return set;
}

std::set<Told> add(const std::vector<Match>& matches) {
  std::set<Told> all;
  for (const Match& match : matches) {
    if (!all.insert({match.data_class, match.begin, match.end}).second) std::abort();
    if (match.end <= match.begin) std::abort();
    if (match.detector != "email" && std::ranges::count_if(match.masked, [](char c) { return c != '*'; }) > 4)
      std::abort();
  }
  return all;
}

}  // namespace

// The first bytes are lengths of pieces, up to a zero; the rest is the text.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::uint8_t* zero = std::find(data, data + size, std::uint8_t{0});
  if (zero == data || zero == data + size) return 0;
  const Bytes lengths{data, zero};
  const Bytes text{zero + 1, data + size};

  ScanState whole_state;
  std::vector<Match> whole;
  everything().scan(whole_state, {.bytes = text}, whole);

  ScanState state;
  std::vector<Match> pieces;
  Bytes rest = text;
  for (std::size_t i = 0; !rest.empty(); ++i) {
    const Bytes piece = rest.first(std::min<std::size_t>(rest.size(), lengths[i % lengths.size()]));
    everything().scan(state, {.bytes = piece, .pos = StreamPos{text.size() - rest.size()}}, pieces);
    rest = rest.subspan(piece.size());
  }
  if (!std::ranges::includes(add(pieces), add(whole))) std::abort();
  return 0;
}
