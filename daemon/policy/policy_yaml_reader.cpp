// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_yaml_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace sluice::policy {

void Mistakes::add(Severity severity, Place place, std::string message) {
  std::size_t& count = severity == Severity::error ? errors_ : warnings_;
  if (++count <= kMaxMistakes) found_.push_back({severity, place, std::move(message)});
}

std::vector<Diagnostic> Mistakes::told(std::span<const PolicyText> texts) const {
  std::vector<Mistake> sorted = found_;
  std::ranges::stable_sort(sorted, {}, &Mistake::place);
  std::vector<Diagnostic> out;
  out.reserve(sorted.size());
  for (Mistake& mistake : sorted)
    out.push_back({mistake.severity, texts.empty() ? "policy" : texts[mistake.place.file].file,
                   mistake.place.line, mistake.place.column, std::move(mistake.message)});
  for (const auto& [severity, count] :
       {std::pair{Severity::error, errors_}, std::pair{Severity::warning, warnings_}})
    if (count > kMaxMistakes)
      out.push_back(
          {severity, out.back().file, 0, 0, fmt::format("{} more are not shown", count - kMaxMistakes)});
  return out;
}

std::optional<Place> NameTable::add(const std::string& name, std::size_t index, Place place) {
  const auto [entry, added] = entries_.try_emplace(name, Entry{index, place});
  if (added) return std::nullopt;
  return entry->second.place;
}

std::optional<std::size_t> NameTable::use(const std::string& name) {
  const auto entry = entries_.find(name);
  if (entry == entries_.end()) return std::nullopt;
  entry->second.used = true;
  return entry->second.index;
}

std::vector<std::string_view> NameTable::words() const {
  std::vector<std::string_view> out;
  out.reserve(entries_.size());
  for (const auto& [name, entry] : entries_) out.emplace_back(name);
  return out;
}

std::string Loading::where(Place place) const {
  return fmt::format("{}:{}:{}", texts[place.file].file, place.line, place.column);
}

std::string suggestion(const Loading& loading, std::string_view word,
                       std::span<const std::string_view> candidates, std::string_view fallback) {
  if (loading.mistakes.full()) return {};
  const std::string_view near = nearest_word(word, candidates);
  return near.empty() ? std::string{fallback} : fmt::format("; did you mean '{}'?", near);
}

std::string_view kind_name(const YamlNode& node) {
  switch (node.kind) {
    case YamlNode::Kind::null:
      return "nothing";
    case YamlNode::Kind::scalar:
      return "a single value";
    case YamlNode::Kind::list:
      return "a list";
    case YamlNode::Kind::map:
      return "a mapping";
  }
  std::abort();
}

std::string listed(std::span<const std::string_view> words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) out += i + 1 == words.size() ? " or " : ", ";
    out += words[i];
  }
  return out;
}

bool is_map(Loading& loading, const YamlNode& node, std::string_view what) {
  if (node.kind == YamlNode::Kind::map) return true;
  loading.error(node.place, fmt::format("{} must be a mapping, not {}", what, kind_name(node)));
  return false;
}

std::optional<std::string> read_text(Loading& loading, const YamlNode& node, std::string_view what,
                                     std::size_t max_bytes) {
  if (node.kind != YamlNode::Kind::scalar) {
    loading.error(node.place, fmt::format("{} must be a single value, not {}", what, kind_name(node)));
  } else if (node.text.empty()) {
    loading.error(node.place, fmt::format("{} is empty", what));
  } else if (node.text.size() > max_bytes) {
    loading.error(node.place, fmt::format("{} is longer than {} bytes", what, max_bytes));
  } else {
    return node.text;
  }
  return std::nullopt;
}

std::optional<std::size_t> read_choice(Loading& loading, const YamlNode& node, std::string_view what,
                                       std::span<const std::string_view> words) {
  const auto text = read_text(loading, node, what);
  if (!text) return std::nullopt;
  const auto word = std::ranges::find(words, *text);
  if (word != words.end()) return static_cast<std::size_t>(word - words.begin());
  loading.error(node.place, fmt::format("unknown {} '{}'{}", what, clip(*text),
                                        suggestion(loading, *text, words, "; expected " + listed(words))));
  return std::nullopt;
}

std::optional<std::uint32_t> read_number(Loading& loading, const YamlNode& node, std::string_view what,
                                         std::uint32_t least, std::uint32_t most) {
  const auto text = read_text(loading, node, what);
  if (!text) return std::nullopt;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc{} && end == text->data() + text->size() && least <= value && value <= most)
    return value;
  loading.error(node.place, fmt::format("bad {} '{}'; it is a whole number from {} to {}", what, clip(*text),
                                        least, most));
  return std::nullopt;
}

std::optional<Verdict> read_verdict(Loading& loading, const YamlNode& node) {
  static constexpr std::array<std::string_view, 3> kWords{"allow", "alert", "block"};
  const auto index = read_choice(loading, node, "verdict", kWords);
  if (!index) return std::nullopt;
  return std::array{Verdict::allow, Verdict::alert, Verdict::block}[*index];
}

std::vector<const YamlNode*> one_or_list(Loading& loading, const YamlNode& node, std::string_view what) {
  if (node.kind != YamlNode::Kind::list) return {&node};
  if (node.items.empty()) loading.error(node.place, fmt::format("{} is an empty list", what));
  if (node.items.size() > kMaxValues) {
    loading.error(node.place, fmt::format("{} has more than {} values", what, kMaxValues));
    return {};
  }
  std::vector<const YamlNode*> out;
  out.reserve(node.items.size());
  for (const YamlNode& item : node.items) out.push_back(&item);
  return out;
}

std::vector<std::string> read_texts(Loading& loading, const YamlNode& node, std::string_view what) {
  std::vector<std::string> out;
  for (const YamlNode* item : one_or_list(loading, node, what))
    if (auto text = read_text(loading, *item, what)) out.push_back(std::move(*text));
  return out;
}

bool is_name(Loading& loading, const YamlNode& node, std::string_view what) {
  constexpr std::size_t kMaxName = 64;
  const auto text = read_text(loading, node, fmt::format("the name of a {}", what), kMaxName);
  if (!text) return false;
  const auto odd = std::ranges::find_if(*text, [](char c) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return !plain && c != '-' && c != '_' && c != '.';
  });
  if (odd != text->end()) {
    loading.error(node.place, fmt::format("{} name '{}' may hold only letters, digits, '-', '_' and '.'",
                                          what, clip(*text)));
    return false;
  }
  if (*text == "any" || *text == "default") {
    loading.error(node.place, fmt::format("'{}' has a meaning of its own and cannot name a {}", *text, what));
    return false;
  }
  return true;
}

std::vector<std::size_t> read_references(Loading& loading, const YamlNode& node, std::string_view what,
                                         NameTable& names, bool or_any) {
  if (or_any && node.kind == YamlNode::Kind::scalar && node.text == "any") return {};
  std::vector<std::size_t> out;
  for (const YamlNode* item : one_or_list(loading, node, fmt::format("the list of {}s", what))) {
    const auto text = read_text(loading, *item, fmt::format("a {}", what));
    if (!text) continue;
    if (const auto index = names.use(*text)) {
      out.push_back(*index);
    } else if (*text == "any") {
      loading.error(item->place,
                    or_any ? "'any' stands alone, not in a list" : fmt::format("'any' is no {}", what));
    } else if (loading.complete) {
      loading.error(item->place, fmt::format("unknown {} '{}'{}", what, clip(*text),
                                             suggestion(loading, *text, names.words())));
    }
  }
  std::ranges::sort(out);
  const auto repeated = std::ranges::unique(out);
  out.erase(repeated.begin(), repeated.end());
  return out;
}

const YamlNode* find_key(const YamlNode& map, std::string_view key) {
  for (const YamlEntry& entry : map.entries)
    if (entry.key.text == key) return &entry.value;
  return nullptr;
}

void unknown_key(Loading& loading, const YamlNode& key, std::string_view where,
                 std::span<const std::string_view> known, std::span<const LaterKey> later) {
  if (loading.mistakes.full()) return loading.error(key.place, {});  // only counted
  const auto row = std::ranges::find(later, std::string_view{key.text}, &LaterKey::key);
  if (row != later.end()) {
    loading.error(key.place,
                  fmt::format("'{}' ({}) is not available in this version", row->key, row->feature));
    return;
  }
  loading.error(key.place, fmt::format("unknown key '{}' in {}{}", clip(key.text), where,
                                       suggestion(loading, key.text, known, "; known: " + listed(known))));
}

}  // namespace sluice::policy
