// SPDX-License-Identifier: Apache-2.0
// A table of keys, each with the function that reads its value; whatever is wrong is noted with its place and
// reading goes on, so that all mistakes are told at once.
#include "settings.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <fstream>
#include <span>
#include <sstream>
#include <system_error>

namespace sluice {
namespace {

constexpr std::size_t kMaxText = 1U << 20U;
constexpr std::size_t kMinRing = 1U << 20U;
constexpr std::size_t kMaxRing = 1U << 30U;

/// Collects mistakes of one file.
class Notes {
 public:
  explicit Notes(std::string_view file) : file_{file} {}

  void error(const YAML::Mark& mark, std::string message) {
    const bool placed = !mark.is_null();
    diagnostics.push_back({.severity = policy::Severity::error,
                           .file = file_,
                           .line = placed ? mark.line + 1 : 0,
                           .column = placed ? mark.column + 1 : 0,
                           .message = std::move(message)});
  }

  std::vector<policy::Diagnostic> diagnostics;

 private:
  std::string file_;
};

std::string with_nearest(std::string message, std::string_view word,
                         std::span<const std::string_view> words) {
  if (const std::string_view near = policy::nearest_word(word, words); !near.empty())
    return message + "; did you mean '" + std::string{near} + "'?";
  message += "; it is one of";
  for (const std::string_view known : words)
    message += (known == words.front() ? " " : ", ") + std::string{known};
  return message;
}

std::optional<std::string> scalar(const YAML::Node& node, std::string_view key, Notes& notes) {
  if (node.IsScalar() && !node.Scalar().empty()) return node.Scalar();
  notes.error(node.Mark(), "'" + std::string{key} + "' takes one value");
  return std::nullopt;
}

void read_text(const YAML::Node& node, std::string_view key, std::string& out, Notes& notes) {
  if (auto value = scalar(node, key, notes)) out = std::move(*value);
}

/// A path that depends on the directory of whoever starts the daemon is a slip.
void read_path(const YAML::Node& node, std::string_view key, std::string& out, Notes& notes) {
  auto value = scalar(node, key, notes);
  if (!value) return;
  if (!value->starts_with('/'))
    return notes.error(node.Mark(), "'" + std::string{key} + "' must be an absolute path");
  out = std::move(*value);
}

template <class T>
struct Word {
  std::string_view word;
  T value;
};
template <class T>
Word(std::string_view, T) -> Word<T>;  // clang 16 deduces no aggregates

template <class T, std::size_t N>
void read_word(const YAML::Node& node, std::string_view key, const std::array<Word<T>, N>& table, auto& out,
               Notes& notes) {
  const auto value = scalar(node, key, notes);
  if (!value) return;
  std::array<std::string_view, N> words;
  for (std::size_t i = 0; i < N; ++i) {
    if (table[i].word == *value) {
      out = table[i].value;
      return;
    }
    words[i] = table[i].word;
  }
  notes.error(node.Mark(), with_nearest("unknown " + std::string{key} + " '" + *value + "'", *value, words));
}

constexpr std::array kModes{Word{"observe", Mode::observe}, Word{"enforce", Mode::enforce}};
constexpr std::array kLoopback{Word{"ignore", Loopback::ignore}, Word{"watch", Loopback::watch}};
constexpr std::array kLevels{Word{"debug", LogLevel::debug}, Word{"info", LogLevel::info},
                             Word{"warning", LogLevel::warning}, Word{"error", LogLevel::error}};
constexpr std::array kTerminal{Word{"auto", TerminalFindings::automatic}, Word{"true", TerminalFindings::yes},
                               Word{"false", TerminalFindings::no}};
constexpr std::array kBools{Word{"true", true}, Word{"false", false}};

/// "64", "64 MiB": digits, then a unit of the table ("" is one of them or not).
struct Unit {
  std::string_view word;
  std::uint64_t factor;
};
constexpr std::array kSizeUnits{Unit{"", 1}, Unit{"KiB", 1U << 10U}, Unit{"MiB", 1U << 20U},
                                Unit{"GiB", 1U << 30U}};
constexpr std::array kTimeUnits{Unit{"ms", 1}, Unit{"s", 1000}, Unit{"min", 60'000}};
constexpr std::array kCountUnits{Unit{"", 1}};

std::optional<std::uint64_t> quantity(std::string_view text, std::span<const Unit> units) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{}) return std::nullopt;
  std::string_view rest = text.substr(static_cast<std::size_t>(end - text.data()));
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const auto unit = std::ranges::find(units, rest, &Unit::word);
  std::uint64_t product = 0;
  if (unit == units.end() || __builtin_mul_overflow(number, unit->factor, &product)) return std::nullopt;
  return product;
}

struct Range {
  std::span<const Unit> units;
  std::uint64_t min;
  std::uint64_t max;
  std::string_view allowed;  // in words
};

std::optional<std::uint64_t> read_quantity(const YAML::Node& node, std::string_view key, const Range& range,
                                           Notes& notes) {
  const auto text = scalar(node, key, notes);
  if (!text) return std::nullopt;
  const auto value = quantity(*text, range.units);
  if (value && *value >= range.min && *value <= range.max) return value;
  notes.error(node.Mark(),
              "'" + *text + "' does not fit '" + std::string{key} + "': " + std::string{range.allowed});
  return std::nullopt;
}

void read_list(const YAML::Node& node, std::string_view key, bool dash, std::vector<std::string>& out,
               Notes& notes) {
  std::vector<std::string> items;
  const auto one = [&](const YAML::Node& item) {
    std::string path;
    if (dash && item.IsScalar() && item.Scalar() == "-") {
      path = "-";
    } else {
      read_path(item, key, path, notes);
    }
    if (!path.empty()) items.push_back(std::move(path));
  };
  if (node.IsSequence()) {
    for (const YAML::Node& item : node) one(item);
  } else {
    one(node);
  }
  if (node.IsSequence() && node.size() == 0)
    return notes.error(node.Mark(), "'" + std::string{key} + "' is an empty list; leave the key out instead");
  out = std::move(items);
}

struct Key {
  std::string_view name;
  void (*read)(const YAML::Node&, Settings&, Notes&);
};

void read_map(const YAML::Node& node, std::string_view where, std::span<const Key> keys, Settings& out,
              Notes& notes) {
  if (!node.IsMap())
    return notes.error(node.Mark(), std::string{where} + " must be a map of keys and values");
  std::vector<std::string_view> names;
  for (const Key& key : keys) names.push_back(key.name);
  std::vector<std::string> seen;
  for (const auto& entry : node) {
    const std::string name = entry.first.IsScalar() ? entry.first.Scalar() : "";
    const auto key = std::ranges::find(keys, name, &Key::name);
    if (key == keys.end()) {
      notes.error(entry.first.Mark(),
                  with_nearest("unknown key '" + name + "' in " + std::string{where}, name, names));
    } else if (std::ranges::find(seen, name) != seen.end()) {
      notes.error(entry.first.Mark(), "key '" + name + "' stands twice");
    } else {
      seen.push_back(name);
      key->read(entry.second, out, notes);
    }
  }
}

constexpr std::array kFindingsKeys{
    Key{"file", [](const YAML::Node& n, Settings& s,
                   Notes& notes) { read_list(n, "file", true, s.findings.files, notes); }},
    Key{"terminal", [](const YAML::Node& n, Settings& s,
                       Notes& notes) { read_word(n, "terminal", kTerminal, s.findings.terminal, notes); }},
    Key{"journald", [](const YAML::Node& n, Settings& s,
                       Notes& notes) { read_word(n, "journald", kBools, s.findings.journald, notes); }},
};

constexpr std::array kControlKeys{
    Key{"socket", [](const YAML::Node& n, Settings& s,
                     Notes& notes) { read_path(n, "socket", s.control.socket, notes); }},
    Key{"group", [](const YAML::Node& n, Settings& s,
                    Notes& notes) { read_text(n, "group", s.control.group, notes); }},
};

void read_ring(const YAML::Node& node, Settings& settings, Notes& notes) {
  constexpr Range kRange{kSizeUnits, kMinRing, kMaxRing, "a power of two from 1 MiB to 1 GiB, like 64 MiB"};
  const auto bytes = read_quantity(node, "ring_bytes", kRange, notes);
  if (!bytes) return;
  if (!std::has_single_bit(*bytes))
    return notes.error(node.Mark(), "'ring_bytes' must be " + std::string{kRange.allowed});
  settings.ring_bytes = static_cast<std::size_t>(*bytes);
}

void read_max_flows(const YAML::Node& node, Settings& settings, Notes& notes) {
  constexpr Range kRange{kCountUnits, 64, 4'194'304, "a number from 64 to 4194304"};
  if (const auto n = read_quantity(node, "max_flows", kRange, notes))
    settings.max_flows = static_cast<std::uint32_t>(*n);
}

void read_heartbeat(const YAML::Node& node, Settings& settings, Notes& notes) {
  constexpr Range kRange{kTimeUnits, 500, 600'000, "a time from 500 ms to 10 min, like 5 s"};
  if (const auto ms = read_quantity(node, "heartbeat_timeout", kRange, notes))
    settings.heartbeat_timeout = std::chrono::milliseconds{*ms};
}

constexpr std::array kKeys{
    Key{"policy", [](const YAML::Node& n, Settings& s,
                     Notes& notes) { read_list(n, "policy", false, s.policies, notes); }},
    Key{"mode",
        [](const YAML::Node& n, Settings& s, Notes& notes) { read_word(n, "mode", kModes, s.mode, notes); }},
    Key{"cgroup",
        [](const YAML::Node& n, Settings& s, Notes& notes) { read_path(n, "cgroup", s.cgroup, notes); }},
    Key{"findings", [](const YAML::Node& n, Settings& s,
                       Notes& notes) { read_map(n, "findings", kFindingsKeys, s, notes); }},
    Key{"control", [](const YAML::Node& n, Settings& s,
                      Notes& notes) { read_map(n, "control", kControlKeys, s, notes); }},
    Key{"state",
        [](const YAML::Node& n, Settings& s, Notes& notes) { read_path(n, "state", s.state, notes); }},
    Key{"loopback", [](const YAML::Node& n, Settings& s,
                       Notes& notes) { read_word(n, "loopback", kLoopback, s.loopback, notes); }},
    Key{"ring_bytes", &read_ring},
    Key{"max_flows", &read_max_flows},
    Key{"heartbeat_timeout", &read_heartbeat},
    Key{"log_level", [](const YAML::Node& n, Settings& s,
                        Notes& notes) { read_word(n, "log_level", kLevels, s.log_level, notes); }},
};

}  // namespace

LoadedSettings parse_settings(std::string_view file, std::string_view text) {
  Notes notes{file};
  Settings settings;
  if (text.size() > kMaxText) {
    notes.error(YAML::Mark::null_mark(), "the file is larger than 1 MiB");
  } else {
    try {
      const YAML::Node root = YAML::Load(std::string{text});
      if (!root.IsNull()) read_map(root, "the settings", kKeys, settings, notes);
    } catch (const YAML::Exception& error) {
      notes.error(error.mark, error.msg);
    }
  }
  if (!notes.diagnostics.empty()) return {std::nullopt, std::move(notes.diagnostics)};
  return {std::move(settings), {}};
}

LoadedSettings load_settings(const std::optional<std::string>& file) {
  const std::string path = file.value_or(std::string{kDefaultSettingsFile});
  std::ifstream in{path};
  std::stringstream text;
  if (in && in.peek() != std::ifstream::traits_type::eof()) text << in.rdbuf();
  if (in.is_open() && !in.bad()) return parse_settings(path, text.str());
  const std::error_code code{errno, std::generic_category()};
  if (!file && code == std::errc::no_such_file_or_directory) return {Settings{}, {}};
  return {std::nullopt, {{.file = path, .message = "cannot read the settings: " + code.message()}}};
}

}  // namespace sluice
