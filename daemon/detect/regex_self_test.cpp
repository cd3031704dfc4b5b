// SPDX-License-Identifier: Apache-2.0
// Vectorscan before 5.4.13 loses matches of "one letter and a class repeat" without a word (VectorCamp #325,
// #368, #402), and shares its file name with Hyperscan, so what is loaded must be asked. The recount below
// knows no regex.
#include <fmt/format.h>
#include <hs/hs.h>

#include <array>

#include "detect/detector_set.h"
#include "detect/regex_engine.h"
#include "detect/text.h"

namespace sluice::detect {
namespace {

constexpr std::size_t kTextSize = 256 * 1024;

bool is_word(char c) { return is_alnum(c) || c == '_'; }

/// Base64-like lines, the kind of text on which matches were lost.
std::string generate_text() {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-. ";
  std::string text;
  text.reserve(kTextSize);
  std::uint64_t state = 20261124;
  while (text.size() < kTextSize) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    text += kAlphabet[(state >> 33) % kAlphabet.size()];
  }
  return text;
}

struct LossProbe {
  std::string_view expression;
  std::size_t repeat;  // word characters after the C
  bool at_word_begin;
};
constexpr std::array kProbes{LossProbe{R"(C\w{10})", 10, false}, LossProbe{R"(\bC\w{15})", 15, true},
                             LossProbe{R"(C\w{4})", 4, false}};

std::size_t recount(std::string_view text, const LossProbe& probe) {
  std::size_t count = 0;
  std::size_t words = 0;  // word characters up to and with text[i]
  for (std::size_t i = 0; i < text.size(); ++i) {
    words = is_word(text[i]) ? words + 1 : 0;
    if (words <= probe.repeat || text[i - probe.repeat] != 'C') continue;
    if (!probe.at_word_begin || words == probe.repeat + 1) ++count;
  }
  return count;
}

}  // namespace

Result<> engine_self_test() {
  const std::string text = generate_text();
  for (const LossProbe& probe : kProbes) {
    RegexScratch scratch;
    const Expression expression{.text = std::string{probe.expression}};
    auto database = RegexDatabase::compile({&expression, 1}, RegexDatabase::Begins::unknown, scratch);
    if (!database) return fail(std::move(database.error()), "self-test of the regex library");
    std::vector<RegexHit> hits;
    database->scan(text, scratch, hits);
    const std::size_t expected = recount(text, probe);
    if (hits.size() != expected)
      return fail(
          fmt::format("the regex library {} finds {} of {} matches of '{}'; install libhyperscan5 5.4.0 or "
                      "Vectorscan 5.4.13 or later",
                      hs_version(), hits.size(), expected, probe.expression));
  }
  return {};
}

}  // namespace sluice::detect
