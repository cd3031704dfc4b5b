// SPDX-License-Identifier: Apache-2.0
// Detection on one core: all built-in detectors with validation, masks and fingerprints, against the bare
// library on the same bytes in the same run: with the expressions one would write for the same detectors
// (ratio_to_expressions, above 1 is faster), and with the database that the detectors themselves use
// (ratio_to_own_database, below 1).
#include <benchmark/benchmark.h>
#include <time.h>

#include <random>
#include <string>

#include "detect/detector_set.h"
#include "detect/own_patterns.h"

namespace sluice::detect {
namespace {

constexpr std::size_t kSize = 4 << 20;
constexpr std::size_t kPiece = 16 << 10;  // a TLS record, or what a large write is captured in

using Random = std::mt19937_64;

std::string digits(Random& random, std::size_t n) {
  std::string text;
  while (n-- > 0) text += static_cast<char>('0' + random() % 10);
  return text;
}

/// JSON and mark-up: words, short numbers, an address or a telephone number every two kilobytes.
std::string web_text() {
  Random random{1};
  constexpr std::string_view kWords[] = {
      "the ",        "class=\"", "customer",  " order",  "</div>\n<p>",
      "\"name\":\"", "\", ",     "function(", "return ", "https://cdn.example.net/",
      "and ",        "price ",   "margin:"};
  std::string text;
  while (text.size() < kSize) {
    text += kWords[random() % std::size(kWords)];
    if (random() % 12 == 0) text += digits(random, 1 + random() % 4);
    if (random() % 300 == 0) text += " mail bob" + digits(random, 3) + "@example.com ";
    if (random() % 900 == 0) text += " phone (415) 555-" + digits(random, 4);
  }
  text.resize(kSize);
  return text;
}

/// Rows of ids, prices, times and a card number in every tenth.
std::string number_text() {
  Random random{2};
  std::string text;
  while (text.size() < kSize) {
    text += digits(random, 7) + ',' + digits(random, 18) + ",2026-11-" + digits(random, 2) +
            "T10:" + digits(random, 2) + ':' + digits(random, 2) + ".123Z," + digits(random, 3) + '.' +
            digits(random, 2) + ',' + digits(random, 12);
    if (random() % 10 == 0) text += ",4111 1111 1111 1111";
    text += '\n';
  }
  text.resize(kSize);
  return text;
}

std::string binary() {
  Random random{3};
  std::string text;
  while (text.size() < kSize) text += static_cast<char>(random());
  return text;
}

/// What the same detectors are as expressions, before any validation.
std::vector<Expression> expressions() {
  std::vector<Expression> all;
  for (const std::string_view text :
       {R"(\b[0-9]([ -]?[0-9]){11,18}\b)",
        R"([a-zA-Z0-9._+-]{1,64}@[a-zA-Z0-9-]{1,63}(\.[a-zA-Z0-9-]{1,63}){1,4})",
        R"(\b[0-9]{3}[- ]?[0-9]{2}[- ]?[0-9]{4}\b)", R"(\b[A-Z]{2}[0-9]{2}([ -]?[A-Z0-9]){11,30}\b)",
        R"(\+[0-9]([ ().-]?[0-9]){6,14})", R"(\b[2-9][0-9]{2}\)?[ .-][0-9]{3}[ .-][0-9]{4}\b)"})
    all.push_back({.text = std::string{text}});
  return all;
}

/// Seconds of processor time of this thread: the share that others take of the machine is not counted.
template <class Work>
double seconds(const Work& work) {
  const auto now = [] {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  };
  const double start = now();
  work();
  return now() - start;
}

template <class Piece>
void each_piece(std::string_view text, const Piece& piece) {
  for (std::size_t at = 0; at < text.size(); at += kPiece) piece(text.substr(at, kPiece), at);
}

void scan(benchmark::State& state, const std::string& text) {
  std::vector<DataClassSpec> classes;
  for (const CatalogueEntry& entry : catalogue())
    classes.push_back({.name = std::string{entry.name}, .detectors = {std::string{entry.name}}});
  const auto set = DetectorSet::compile(classes, {});
  const auto own = OwnPatterns::compile({}, true);
  RegexScratch scratch;
  const auto bare = RegexDatabase::compile(expressions(), RegexDatabase::Begins::unknown, scratch);
  if (!set || !own || !bare) return state.SkipWithError("compile");

  std::vector<Match> matches;
  std::vector<RegexHit> hits;
  OwnHits own_hits;
  double ours = 0, with_expressions = 0, own_database = 0;
  for (auto iteration : state) {
    ScanState scan_state;
    matches.clear();
    const double took = seconds([&] {
      each_piece(text, [&](std::string_view piece, std::size_t at) {
        set->scan(scan_state, {.bytes = as_bytes(piece), .pos = StreamPos{at}}, matches);
      });
    });
    state.SetIterationTime(took);
    ours += took;
    with_expressions += seconds([&] {
      each_piece(text, [&](std::string_view piece, std::size_t) {
        hits.clear();
        bare->scan(piece, scratch, hits);
      });
    });
    own_database += seconds(
        [&] { each_piece(text, [&](std::string_view piece, std::size_t) { own->scan(piece, own_hits); }); });
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * text.size()));
  state.counters["ratio_to_expressions"] = with_expressions / ours;
  state.counters["ratio_to_own_database"] = own_database / ours;
  state.counters["matches_per_MB"] =
      static_cast<double>(matches.size()) / (static_cast<double>(text.size()) / 1e6);
}

BENCHMARK_CAPTURE(scan, web_text, web_text())->UseManualTime();
BENCHMARK_CAPTURE(scan, number_text, number_text())->UseManualTime();
BENCHMARK_CAPTURE(scan, binary, binary())->UseManualTime();

}  // namespace
}  // namespace sluice::detect

BENCHMARK_MAIN();
