// SPDX-License-Identifier: Apache-2.0
#include "detect/own_patterns.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "detect/text.h"

namespace sluice::detect {
namespace {

constexpr std::array<std::string_view, 9> kSsnWords{"ssn",
                                                    "social security",
                                                    "social_security",
                                                    "social-security",
                                                    "socialsecurity",
                                                    "tax id",
                                                    "tax_id",
                                                    "taxid",
                                                    "tin"};
constexpr std::array<std::string_view, 24> kPhoneWords{
    "phone", "telephone", "tel",     "mobile",   "cell",      "cellphone",    "sms",         "fax",
    "call",  "whatsapp",  "msisdn",  "handy",    "telefon",   "telefono",     "telefone",    "telefoon",
    "mobil", "movil",     "celular", "portable", "cellulare", "mobiltelefon", "phonenumber", "phone number"};

// White space within a phrase: line breaks and indentation, but no page of them.
constexpr std::string_view kWhiteSpace = R"(\s{1,16})";
constexpr std::size_t kMaxWhiteSpace = 16;

/// Lower case, single spaces, none at the ends.
std::string tidy(std::string_view phrase) {
  std::string result;
  for (const char c : phrase) {
    if (!is_space(c))
      result += to_lower(c);
    else if (!result.empty() && result.back() != ' ')
      result += ' ';
  }
  if (!result.empty() && result.back() == ' ') result.pop_back();
  return result;
}

std::string word_expression(std::string_view tidied) {
  std::string result;
  while (true) {
    const std::size_t space = tidied.find(' ');
    result += escape_literal(tidied.substr(0, space));
    if (space == std::string_view::npos) return result;
    result += kWhiteSpace;
    tidied.remove_prefix(space + 1);
  }
}

/// Where the phrase that ends at `end` begins. The library only tells ends; `end` must be one.
std::uint32_t word_begin(std::string_view text, std::size_t end, std::string_view tidied) {
  for (std::size_t i = tidied.size(); i-- > 0;) {
    if (tidied[i] != ' ') {
      --end;
      continue;
    }
    for (std::size_t n = 0; n < kMaxWhiteSpace && end > 0 && is_space(text[end - 1]); ++n) --end;
  }
  return static_cast<std::uint32_t>(end);
}

bool is_word_char(char c) { return is_alnum(c) || c == '_' || (c & 0x80) != 0; }

bool is_whole_word(std::string_view text, const Span& span) {
  if (is_word_char(text[span.begin]) && span.begin > 0 && is_word_char(text[span.begin - 1]) &&
      !ends_escape(text, span.begin))
    return false;
  return !is_word_char(text[span.end - 1]) || !is_word_char(char_at(text, span.end));
}

/// A word lies wholly within kNear bytes before or after the value. `words` are in order of their ends.
bool is_near(const std::vector<Span>& words, const Span& value) {
  const std::size_t low = value.begin > kNear ? value.begin - kNear : 0;
  auto word = std::ranges::lower_bound(words, low, {}, &Span::end);
  for (; word != words.end() && word->end <= value.end + kNear; ++word) {
    if (word->end <= value.begin && word->begin >= low) return true;
    if (word->begin >= value.end) return true;
  }
  return false;
}

bool passes(const Check& check, std::string_view value) {
  std::string kept;
  for (const char c : value)
    if (is_digit(c) || (is_letter(c) && check.letters)) kept += c;
  if (check.last_may_be_x && to_upper(value.back()) == 'X') kept += 'X';
  return check.valid(kept);
}

void sort_by_end(std::vector<Span>& spans) {
  if (!std::ranges::is_sorted(spans, {}, &Span::end)) std::ranges::sort(spans, {}, &Span::end);
}

}  // namespace

const Check* find_check(std::string_view name) {
  const auto* found = std::ranges::find(kChecks, name, &Check::name);
  return found != kChecks.end() ? found : nullptr;
}

void OwnPatterns::add_word(Role role, std::size_t index, std::string_view word) {
  std::string tidied = tidy(word);
  if (tidied.empty()) return;
  expressions_.push_back({.text = word_expression(tidied), .caseless = true});
  entries_.push_back({role, index, std::move(tidied)});
}

Result<> OwnPatterns::add_pattern(DataClassId data_class, const PatternSpec& spec) {
  const Check* check = spec.check.empty() ? nullptr : find_check(spec.check);
  if (check == nullptr && !spec.check.empty()) return fail(fmt::format("unknown check '{}'", spec.check));
  const Expression expression{.text = spec.expression};
  auto begins = RegexDatabase::compile({&expression, 1}, RegexDatabase::Begins::known, scratch_);
  if (!begins) return std::unexpected{std::move(begins.error())};
  const std::size_t index = patterns_.size();
  expressions_.push_back({.text = spec.expression, .once = true});
  entries_.push_back({Role::pattern, index, {}});
  for (const std::string& word : spec.near) add_word(Role::near_word, index, word);
  patterns_.push_back({data_class, std::move(*begins), check, !spec.near.empty()});
  return {};
}

Result<> OwnPatterns::try_pattern(const PatternSpec& spec) {
  OwnPatterns own;
  return own.add_pattern({}, spec);
}

Result<OwnPatterns> OwnPatterns::compile(std::span<const DataClassSpec> classes, bool announce) {
  OwnPatterns own;
  if (announce) {
    for (const std::string_view word : kSsnWords) own.add_word(Role::ssn_word, 0, word);
    for (const std::string_view word : kPhoneWords) own.add_word(Role::phone_word, 0, word);
  }
  for (std::size_t i = 0; i < classes.size(); ++i) {
    for (const PatternSpec& pattern : classes[i].patterns)
      if (auto added = own.add_pattern(static_cast<DataClassId>(i), pattern); !added)
        return fail(std::move(added.error()),
                    fmt::format("data class '{}': pattern '{}'", classes[i].name, pattern.expression));
    for (const std::string& word : classes[i].words) own.add_word(Role::words, i, word);
  }
  if (own.expressions_.empty()) return own;
  auto common = RegexDatabase::compile(own.expressions_, RegexDatabase::Begins::unknown, own.scratch_);
  if (!common) return fail(std::move(common.error()), "all patterns and words together");
  own.common_ = std::move(*common);
  return own;
}

void OwnPatterns::take_hit(std::string_view text, const RegexHit& hit, OwnHits& hits) const {
  const Entry& entry = entries_[hit.expression];
  if (entry.role == Role::pattern) {
    hits.seen[entry.index] = 1;
    return;
  }
  const Span span{word_begin(text, hit.end, entry.word), hit.end};
  if (entry.role == Role::words) {
    if (is_whole_word(text, span)) hits.found.push_back({span, static_cast<DataClassId>(entry.index), true});
    return;
  }
  if (!is_key_word(text, span.begin, span.end)) return;
  if (entry.role == Role::ssn_word) hits.ssn_words.push_back(span);
  if (entry.role == Role::phone_word) hits.phone_words.push_back(span);
  if (entry.role == Role::near_word) hits.near[entry.index].push_back(span);
}

void OwnPatterns::find_pattern(std::string_view text, std::size_t index, OwnHits& hits) const {
  const Pattern& pattern = patterns_[index];
  sort_by_end(hits.near[index]);
  if (pattern.needs_near && hits.near[index].empty()) return;
  hits.spans.clear();
  pattern.begins.scan(text, scratch_, hits.spans);
  for (const RegexHit& hit : hits.spans) {
    const Span span{hit.begin, hit.end};
    if (pattern.needs_near && !is_near(hits.near[index], span)) continue;
    if (pattern.check != nullptr && !passes(*pattern.check, text.substr(span.begin, span.end - span.begin)))
      continue;
    hits.found.push_back({span, pattern.data_class, false});
  }
}

void OwnPatterns::scan(std::string_view text, OwnHits& hits) const {
  hits.ssn_words.clear();
  hits.phone_words.clear();
  hits.found.clear();
  hits.raw.clear();
  hits.near.resize(patterns_.size());
  for (auto& near : hits.near) near.clear();
  hits.seen.assign(patterns_.size(), 0);
  if (expressions_.empty()) return;
  common_.scan(text, scratch_, hits.raw);
  for (const RegexHit& hit : hits.raw) take_hit(text, hit, hits);
  sort_by_end(hits.ssn_words);
  sort_by_end(hits.phone_words);
  for (std::size_t i = 0; i < patterns_.size(); ++i)
    if (hits.seen[i] != 0) find_pattern(text, i, hits);
}

}  // namespace sluice::detect
