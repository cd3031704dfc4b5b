// SPDX-License-Identifier: Apache-2.0
// What the readers of all sections share: the mistakes, the names, and values with their checks. Every reader
// goes on after a mistake, so that one load tells all of them.
#pragma once

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/policy_yaml.h"
#include "policy/policy_yaml_text.h"
#include "policy/policy_yaml_tree.h"

namespace sluice::policy {

inline constexpr std::size_t kMaxMistakes = 200;    // errors, and as many warnings, that are told
inline constexpr std::size_t kMaxValues = 4096;     // in one list
inline constexpr std::size_t kMaxValueBytes = 256;  // of a glob, name or word
inline constexpr std::size_t kMaxNamed = 512;  // data classes, senders, destinations, flows, ...: of each

class Mistakes {
 public:
  void error(Place place, std::string message) { add(Severity::error, place, std::move(message)); }
  void warning(Place place, std::string message) { add(Severity::warning, place, std::move(message)); }
  /// More are only counted: suggestions need not be looked for.
  [[nodiscard]] bool full() const { return errors_ >= kMaxMistakes; }
  [[nodiscard]] bool any_error() const { return errors_ > 0; }
  /// In the order of the files.
  [[nodiscard]] std::vector<Diagnostic> told(std::span<const PolicyText> texts) const;

 private:
  struct Mistake {
    Severity severity;
    Place place;
    std::string message;
  };
  void add(Severity severity, Place place, std::string message);

  std::vector<Mistake> found_;
  std::size_t errors_ = 0;
  std::size_t warnings_ = 0;
};

/// Names of one kind over all files.
class NameTable {
 public:
  struct Entry {
    std::size_t index = 0;
    Place place;
    bool used = false;
  };
  /// Where the name stands already, or nothing and it is added.
  [[nodiscard]] std::optional<Place> add(const std::string& name, std::size_t index, Place place);
  /// Counts as a use of it.
  [[nodiscard]] std::optional<std::size_t> use(const std::string& name);
  [[nodiscard]] const std::map<std::string, Entry>& entries() const { return entries_; }
  [[nodiscard]] std::vector<std::string_view> words() const;

 private:
  std::map<std::string, Entry> entries_;
};

/// One load.
struct Loading {
  const Vocabulary& vocabulary;
  std::span<const PolicyText> texts;
  Mistakes mistakes{};
  Policy policy{};
  NameTable data{}, senders{}, destinations{}, flows{}, connections{}, violations{};
  std::optional<Place> mode_place{}, failure_place{};
  std::vector<Place> flow_places{}, connection_places{};
  bool complete = true;  // false: a file could not be read, so a name that is missing may well stand in it

  void error(Place place, std::string message) { mistakes.error(place, std::move(message)); }
  void warning(Place place, std::string message) { mistakes.warning(place, std::move(message)); }
  [[nodiscard]] std::string where(Place place) const;  // a.yaml:4:3
};

/// How one key of a mapping is read. Sections are tables of these.
template <class T>
struct KeyReader {
  std::string_view key;
  void (*read)(Loading&, const YamlNode& value, T& out);
};

/// A key that a later version of the language has.
struct LaterKey {
  std::string_view key;
  std::string_view feature;
};

/// "; did you mean 'x'?" or, if nothing is near, the fallback.
[[nodiscard]] std::string suggestion(const Loading& loading, std::string_view word,
                                     std::span<const std::string_view> candidates,
                                     std::string_view fallback = {});

[[nodiscard]] std::string_view kind_name(const YamlNode& node);
[[nodiscard]] std::string listed(std::span<const std::string_view> words);  // a, b or c

/// Each of these tells a mistake and returns nothing or false if the node is no such thing. `what` names it:
/// "exe".
[[nodiscard]] bool is_map(Loading& loading, const YamlNode& node, std::string_view what);
[[nodiscard]] std::optional<std::string> read_text(Loading& loading, const YamlNode& node,
                                                   std::string_view what,
                                                   std::size_t max_bytes = kMaxValueBytes);
[[nodiscard]] std::optional<std::size_t> read_choice(Loading& loading, const YamlNode& node,
                                                     std::string_view what,
                                                     std::span<const std::string_view> words);
[[nodiscard]] std::optional<std::uint32_t> read_number(Loading& loading, const YamlNode& node,
                                                       std::string_view what, std::uint32_t least,
                                                       std::uint32_t most);
[[nodiscard]] std::optional<Verdict> read_verdict(Loading& loading,
                                                  const YamlNode& node);  // allow, alert, block
/// One value or a list of them, as nodes; a list must not be empty.
[[nodiscard]] std::vector<const YamlNode*> one_or_list(Loading& loading, const YamlNode& node,
                                                       std::string_view what);
[[nodiscard]] std::vector<std::string> read_texts(Loading& loading, const YamlNode& node,
                                                  std::string_view what);
/// A name that policy gives: letters, digits, '-', '_', '.', at most 64; none of the words with a meaning of
/// their own.
[[nodiscard]] bool is_name(Loading& loading, const YamlNode& node, std::string_view what);
/// Names of one kind, or `any`, which is an empty list. Sorted, without repetition.
[[nodiscard]] std::vector<std::size_t> read_references(Loading& loading, const YamlNode& node,
                                                       std::string_view what, NameTable& names, bool or_any);

[[nodiscard]] const YamlNode* find_key(const YamlNode& map, std::string_view key);
void unknown_key(Loading& loading, const YamlNode& key, std::string_view where,
                 std::span<const std::string_view> known, std::span<const LaterKey> later);

/// Reads what the table knows and tells every other key. `where`: "sender 'x'".
template <class T>
void read_keys(Loading& loading, const YamlNode& map, std::string_view where,
               std::span<const KeyReader<T>> table, std::span<const LaterKey> later, T& out) {
  std::vector<std::string_view> known;
  for (const KeyReader<T>& row : table) known.push_back(row.key);
  for (const YamlEntry& entry : map.entries) {
    const auto row = std::ranges::find(table, std::string_view{entry.key.text}, &KeyReader<T>::key);
    if (row == table.end()) {
      unknown_key(loading, entry.key, where, known, later);
    } else if (entry.value.kind == YamlNode::Kind::null) {
      loading.error(entry.key.place, "'" + entry.key.text + "' has no value");
    } else {
      row->read(loading, entry.value, out);
    }
  }
}

// The sections, one file each; `node` is the value of the section's key in one file.
void read_data(Loading& loading, const YamlNode& node);          // policy_yaml_data
void read_senders(Loading& loading, const YamlNode& node);       // policy_yaml_who
void read_destinations(Loading& loading, const YamlNode& node);  // policy_yaml_where
void read_flows(Loading& loading, const YamlNode& node);         // policy_yaml_flows
void read_connections(Loading& loading, const YamlNode& node);
void read_violations(Loading& loading, const YamlNode& node);
void read_version(Loading& loading, const YamlNode& node);  // policy_yaml_settings
void read_mode(Loading& loading, const YamlNode& node);
void read_failure(Loading& loading, const YamlNode& node);
void read_tests(Loading& loading, const YamlNode& node);  // policy_yaml_tests

/// An address with its port, as destinations and tests write them.
[[nodiscard]] std::optional<PortRange> read_ports(Loading& loading,
                                                  const YamlNode& node);  // policy_yaml_where

/// What is legal but surely not meant: unused names, flows that add nothing. And what only the whole shows.
void check_whole(Loading& loading);  // policy_yaml_lint

}  // namespace sluice::policy
