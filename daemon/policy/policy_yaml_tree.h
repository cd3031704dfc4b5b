// SPDX-License-Identifier: Apache-2.0
// YAML text as a tree of passive nodes, each with its place. Hides yaml-cpp: the readers see only this.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::policy {

/// Line and column count from 1; 0 = the file as a whole. Orders as the reader meets it.
struct Place {
  std::uint32_t file = 0;  // index of the text
  int line = 0;
  int column = 0;
  auto operator<=>(const Place&) const = default;
};

struct YamlEntry;

struct YamlNode {
  enum class Kind : std::uint8_t { null, scalar, list, map };
  Kind kind = Kind::null;
  Place place;
  std::string text;                // scalar
  std::vector<YamlNode> items;     // list
  std::vector<YamlEntry> entries;  // map, in the order of the file; keys are scalars and unique
};

struct YamlEntry {
  YamlNode key;
  YamlNode value;
};

struct YamlMistake {
  Place place;
  std::string message;
};

struct YamlTree {
  YamlNode root;                      // null for an empty text
  bool complete = false;              // false: the text is not YAML (or not ours to read) from some place on
  std::vector<YamlMistake> mistakes;  // syntax, or duplicate keys, of which the first is kept
};

inline constexpr std::size_t kMaxPolicyBytes = 1 << 20;
inline constexpr int kMaxPolicyDepth = 32;

/// Never throws. Refused: more than kMaxPolicyBytes, nesting over kMaxPolicyDepth, bytes that are not UTF-8,
/// control characters, anchors and aliases (so nothing in a text can stand for more than its own size), tags,
/// a second document.
[[nodiscard]] YamlTree read_yaml(std::string_view text, std::uint32_t file);

}  // namespace sluice::policy
