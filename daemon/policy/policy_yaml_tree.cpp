// SPDX-License-Identifier: Apache-2.0
// Built from yaml-cpp's events and not from its Node: events carry every mark, show duplicate keys, and let
// nesting be refused before the parser goes down into it.
#include "policy/policy_yaml_tree.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <exception>
#include <optional>
#include <sstream>
#include <unordered_map>

#include "policy/policy_yaml_text.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kMaxDuplicates = 200;

/// Ends the parse from inside an event. Caught in read_yaml, the only place that calls yaml-cpp.
struct Refused : std::exception {
  explicit Refused(YamlMistake m) : mistake{std::move(m)} {}
  [[nodiscard]] const char* what() const noexcept override { return "refused"; }
  YamlMistake mistake;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(std::string_view text, std::uint32_t file, YamlTree& out)
      : text_{text}, file_{file}, out_{out} {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    const Place place = at(mark);
    if (line_of(text_, place.line).starts_with("---")) refuse(place, "a policy file is one YAML document");
    refuse(place, "this line is indented less than what it continues");
  }
  void OnDocumentEnd() override {}

  void OnAnchor(const YAML::Mark& mark, const std::string& name) override {
    refuse(at(mark),
           fmt::format("anchors are not supported; if '&{}' is meant as text, quote it", clip(name)));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    refuse(at(mark), "aliases are not supported");
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override { add({.place = value_place(mark)}); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                const std::string& value) override {
    check_tag(mark, tag);
    const Place place = at(mark);
    if (tag == "!" && mark.pos >= 0 &&
        quote_is_open(text_.substr(std::min(text_.size(), static_cast<std::size_t>(mark.pos)))))
      refuse(place, "the quote that opens here is never closed");
    add({.kind = YamlNode::Kind::scalar, .place = place, .text = value});
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(mark, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    open(mark, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

  /// Where the innermost list or map that is not closed yet begins.
  [[nodiscard]] std::optional<Place> innermost() const {
    return levels_.empty() ? std::nullopt : std::optional{levels_.back().node.place};
  }

 private:
  /// A list or map being read; of a map also the key that waits for its value and the keys seen.
  struct Level {
    YamlNode node;
    YamlNode key;
    bool key_waits = false;
    std::unordered_map<std::string, Place> seen{};
  };

  [[noreturn]] static void refuse(Place place, std::string message) {
    throw Refused{{place, std::move(message)}};
  }

  [[nodiscard]] Place at(const YAML::Mark& mark) const { return {file_, mark.line + 1, mark.column + 1}; }

  /// yaml-cpp puts a missing value where the next token is: its key is the better place.
  [[nodiscard]] Place value_place(const YAML::Mark& mark) const {
    return !levels_.empty() && levels_.back().key_waits ? levels_.back().key.place : at(mark);
  }

  void check_tag(const YAML::Mark& mark, const std::string& tag) const {
    if (!tag.empty() && tag != "?" && tag != "!")
      refuse(at(mark), fmt::format("tags are not supported; if '{}' is meant as text, quote it", clip(tag)));
  }

  void open(const YAML::Mark& mark, YamlNode::Kind kind) {
    if (levels_.size() >= static_cast<std::size_t>(kMaxPolicyDepth))
      refuse(at(mark), fmt::format("nested deeper than {}", kMaxPolicyDepth));
    levels_.push_back({.node = {.kind = kind, .place = at(mark)}, .key = {}});
  }

  void close() {
    YamlNode done = std::move(levels_.back().node);
    levels_.pop_back();
    add(std::move(done));
  }

  void add(YamlNode node) {
    if (levels_.empty()) {
      out_.root = std::move(node);
      return;
    }
    Level& level = levels_.back();
    if (level.node.kind == YamlNode::Kind::list) {
      level.node.items.push_back(std::move(node));
    } else if (!level.key_waits) {
      if (node.kind != YamlNode::Kind::scalar) refuse(node.place, "a key must be a word");
      level.key = std::move(node);
      level.key_waits = true;
    } else {
      level.key_waits = false;
      add_entry(level, std::move(node));
    }
  }

  void add_entry(Level& level, YamlNode value) {
    const auto [first, added] = level.seen.try_emplace(level.key.text, level.key.place);
    if (added) {
      level.node.entries.push_back({std::move(level.key), std::move(value)});
      return;
    }
    if (out_.mistakes.size() >= kMaxDuplicates) refuse(level.key.place, "more duplicate keys than are told");
    out_.mistakes.push_back({level.key.place, fmt::format("duplicate key '{}'; it already stands in line {}",
                                                          clip(level.key.text), first->second.line)});
  }

  std::string_view text_;
  std::uint32_t file_;
  YamlTree& out_;
  std::vector<Level> levels_;
  int documents_ = 0;
};

/// yaml-cpp's messages tell what its parser met; say what the writer likely did.
YamlMistake explained(const YAML::ParserException& error, std::string_view text, std::uint32_t file,
                      std::optional<Place> innermost) {
  Place place{file, std::max(error.mark.line + 1, 1), std::max(error.mark.column + 1, 1)};
  if (const int tab = tab_in_indentation(text, place.line); tab > 0)
    return {{file, place.line, tab}, "a tab in the indentation; YAML takes spaces only"};
  const std::string_view line = line_of(text, place.line);
  const std::string_view here =
      line.substr(std::min(line.size(), static_cast<std::size_t>(place.column - 1)));
  if (error.msg == "the referenced anchor is not defined")
    return {place,
            fmt::format("'{}' is read as a YAML alias; quote text that begins with *", first_word(here))};
  if (innermost &&
      (error.msg == "end of sequence flow not found" || error.msg == "end of map flow not found"))
    return {*innermost, "what opens here is never closed, or a comma is missing in it"};
  if (error.msg == "unknown token")
    return {place, fmt::format("no YAML value begins with '{}'; quote it", clip(here.substr(0, 1)))};
  if (error.msg == "illegal map value")
    return {place,
            "bad YAML: a ':' where no key can be; quote text that contains ': ', and check the indentation"};
  return {place, fmt::format("bad YAML: {}", error.msg)};
}

}  // namespace

YamlTree read_yaml(std::string_view text, std::uint32_t file) {
  YamlTree tree;
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);  // byte order mark
  if (const auto bad = unreadable(text)) {
    tree.mistakes.push_back({{file, bad->line, bad->column}, bad->message});
    return tree;
  }
  TreeBuilder builder{text, file, tree};
  try {
    std::istringstream input{std::string{text}};
    YAML::Parser parser{input};
    while (parser.HandleNextDocument(builder)) {
    }
    tree.complete = true;
  } catch (const Refused& refused) {
    tree.mistakes.push_back(refused.mistake);
  } catch (const YAML::ParserException& error) {
    tree.mistakes.push_back(explained(error, text, file, builder.innermost()));
  } catch (const std::exception& error) {
    tree.mistakes.push_back({{file, 0, 0}, fmt::format("bad YAML: {}", error.what())});
  }
  // A mark past the end (a bracket never closed) points at the last line instead.
  const int lines = line_count(text);
  for (YamlMistake& mistake : tree.mistakes) mistake.place.line = std::min(mistake.place.line, lines);
  return tree;
}

}  // namespace sluice::policy
