// SPDX-License-Identifier: Apache-2.0
// data: what is customer data.
#include <fmt/format.h>

#include <array>

#include "policy/policy_yaml_reader.h"

namespace sluice::policy {
namespace {

/// A class as it is written: `check` and `near` belong to every pattern beside them.
struct DataDraft {
  DataClassSpec spec;
  std::vector<Place> pattern_places;
  std::string check;
  std::vector<std::string> near;
  Place check_place, near_place;
};

void read_detector(Loading& loading, const YamlNode& node, DataDraft& out) {
  const std::vector<std::string_view>& known = loading.vocabulary.detectors;
  for (const YamlNode* item : one_or_list(loading, node, "detector")) {
    auto text = read_text(loading, *item, "detector");
    if (!text) continue;
    if (std::ranges::find(known, *text) == known.end()) {
      loading.error(item->place,
                    fmt::format("unknown detector '{}'{}", clip(*text),
                                suggestion(loading, *text, known, "; `sluice detectors` lists them")));
    } else if (std::ranges::find(out.spec.detectors, *text) != out.spec.detectors.end()) {
      loading.warning(item->place, fmt::format("detector '{}' is listed twice", *text));
    }
    out.spec.detectors.push_back(std::move(*text));
  }
}

void read_pattern(Loading& loading, const YamlNode& node, DataDraft& out) {
  constexpr std::size_t kMaxPattern = 4096;
  for (const YamlNode* item : one_or_list(loading, node, "pattern")) {
    auto text = read_text(loading, *item, "pattern", kMaxPattern);
    out.spec.patterns.push_back({.expression = text.value_or(""), .check = {}, .near = {}});
    out.pattern_places.push_back(item->place);
  }
}

void read_check(Loading& loading, const YamlNode& node, DataDraft& out) {
  out.check_place = node.place;
  const std::vector<std::string_view>& known = loading.vocabulary.checks;
  const auto text = read_text(loading, node, "check");
  if (!text) return;
  if (std::ranges::find(known, *text) != known.end()) {
    out.check = *text;
    return;
  }
  loading.error(node.place, fmt::format("unknown check '{}'{}", clip(*text),
                                        suggestion(loading, *text, known, "; known: " + listed(known))));
}

void read_near(Loading& loading, const YamlNode& node, DataDraft& out) {
  out.near_place = node.place;
  out.near = read_texts(loading, node, "near");
}

void read_words(Loading& loading, const YamlNode& node, DataDraft& out) {
  out.spec.words = read_texts(loading, node, "words");
}

void read_at_least(Loading& loading, const YamlNode& node, DataDraft& out) {
  constexpr std::uint32_t kMost = 1'000'000;
  out.spec.at_least = read_number(loading, node, "at_least", 1, kMost).value_or(1);
}

constexpr std::array kKeys{
    KeyReader<DataDraft>{"detector", read_detector}, KeyReader<DataDraft>{"pattern", read_pattern},
    KeyReader<DataDraft>{"check", read_check},       KeyReader<DataDraft>{"near", read_near},
    KeyReader<DataDraft>{"words", read_words},       KeyReader<DataDraft>{"at_least", read_at_least},
};

constexpr std::array kLater{
    LaterKey{"exact", "exact data match"},           LaterKey{"columns", "exact data match"},
    LaterKey{"fields", "data class by field names"}, LaterKey{"form", "hashed and encoded forms"},
    LaterKey{"documents", "document fingerprints"},  LaterKey{"language", "data class by language"},
    LaterKey{"confidence", "confidence thresholds"},
};

/// Patterns are judged with their check and near, so only after all keys were read.
void finish_patterns(Loading& loading, DataDraft& draft) {
  constexpr std::size_t kMaxReason = 240;
  for (std::size_t i = 0; i < draft.spec.patterns.size(); ++i) {
    PatternSpec& pattern = draft.spec.patterns[i];
    pattern.check = draft.check;
    pattern.near = draft.near;
    if (pattern.expression.empty() || !loading.vocabulary.pattern_error) continue;
    if (const auto why = loading.vocabulary.pattern_error(pattern))
      loading.error(draft.pattern_places[i],
                    fmt::format("pattern cannot be used: {}", clip(*why, kMaxReason)));
  }
  if (!draft.spec.patterns.empty()) return;
  for (const auto& [key, place] :
       {std::pair{"check", draft.check_place}, std::pair{"near", draft.near_place}})
    if (place.line > 0)
      loading.error(place, fmt::format("'{}' without 'pattern'; detectors have a check of their own", key));
}

void read_class(Loading& loading, const YamlEntry& entry) {
  if (!is_name(loading, entry.key, "data class")) return;
  const std::string& name = entry.key.text;
  if (const auto first = loading.data.add(name, loading.policy.data.size(), entry.key.place)) {
    loading.error(entry.key.place,
                  fmt::format("data class '{}' stands already at {}", name, loading.where(*first)));
    return;
  }
  const std::string where = fmt::format("data class '{}'", name);
  DataDraft draft;
  draft.spec.name = name;
  if (is_map(loading, entry.value, where)) {
    read_keys<DataDraft>(loading, entry.value, where, kKeys, kLater, draft);
    finish_patterns(loading, draft);
    const auto only_narrows = [](const YamlEntry& e) {
      return e.key.text == "check" || e.key.text == "near" || e.key.text == "at_least";
    };
    if (std::ranges::all_of(entry.value.entries, only_narrows))
      loading.error(entry.key.place,
                    where + " has neither detector, pattern nor words: it would find nothing");
  }
  loading.policy.data.push_back(std::move(draft.spec));
}

}  // namespace

void read_data(Loading& loading, const YamlNode& node) {
  if (!is_map(loading, node, "'data'")) return;
  for (const YamlEntry& entry : node.entries) {
    if (loading.policy.data.size() >= kMaxNamed) {
      loading.error(entry.key.place, fmt::format("more than {} data classes", kMaxNamed));
      return;
    }
    read_class(loading, entry);
  }
}

}  // namespace sluice::policy
