// SPDX-License-Identifier: Apache-2.0
// version, mode and failure: what the policy is as a whole.
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "policy/policy_yaml_reader.h"

namespace sluice::policy {
namespace {

constexpr std::chrono::milliseconds kShortestHold{10};
constexpr std::chrono::milliseconds kLongestHold{60'000};

/// 500ms, 2s, 1m
std::optional<std::chrono::milliseconds> duration_of(std::string_view text) {
  std::uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  constexpr std::array<std::pair<std::string_view, std::int64_t>, 3> kUnits{
      {{"ms", 1}, {"s", 1'000}, {"m", 60'000}}};
  for (const auto& [name, milliseconds] : kUnits)
    if (unit == name) return std::chrono::milliseconds{count * milliseconds};
  return std::nullopt;
}

std::optional<OnFailure> read_direction(Loading& loading, const YamlNode& node) {
  static constexpr std::array<std::string_view, 2> kWords{"open", "closed"};
  const auto index = read_choice(loading, node, "direction", kWords);
  if (!index) return std::nullopt;
  return std::array{OnFailure::open, OnFailure::closed}[*index];
}

void read_daemon(Loading& loading, const YamlNode& node, Failure& out) {
  if (const auto direction = read_direction(loading, node)) out.daemon = *direction;
}

void read_overload(Loading& loading, const YamlNode& node, Failure& out) {
  if (const auto direction = read_direction(loading, node)) out.overload = *direction;
}

void read_opaque(Loading& loading, const YamlNode& node, Failure& out) {
  if (const auto verdict = read_verdict(loading, node)) out.opaque = *verdict;
}

void read_hold_limit(Loading& loading, const YamlNode& node, Failure& out) {
  const auto text = read_text(loading, node, "hold_limit");
  if (!text) return;
  const auto duration = duration_of(*text);
  if (!duration) {
    loading.error(node.place,
                  fmt::format("bad duration '{}'; expected a number with ms, s or m, such as 500ms or 2s",
                              clip(*text)));
  } else if (*duration < kShortestHold || *duration > kLongestHold) {
    loading.error(node.place, fmt::format("hold_limit {} is out of range; it is 10ms to 60s", clip(*text)));
  } else {
    out.hold_limit = *duration;
  }
}

constexpr std::array kFailureKeys{
    KeyReader<Failure>{"daemon", read_daemon},
    KeyReader<Failure>{"overload", read_overload},
    KeyReader<Failure>{"opaque", read_opaque},
    KeyReader<Failure>{"hold_limit", read_hold_limit},
};

constexpr std::array kFailureLater{
    LaterKey{"identity", "failure of sender identity"},
    LaterKey{"memory", "memory limits"},
};

/// `mode` and `failure` are of the whole policy, so one file says them.
bool stands_once(Loading& loading, std::optional<Place>& first, Place place, std::string_view key) {
  if (first) {
    loading.error(place, fmt::format("'{}' stands already at {}; one file only may set it", key,
                                     loading.where(*first)));
    return false;
  }
  first = place;
  return true;
}

}  // namespace

void read_version(Loading& loading, const YamlNode& node) {
  const auto text = read_text(loading, node, "version");
  if (text && *text != "1")
    loading.error(node.place,
                  fmt::format("unsupported version '{}'; this Sluice reads version 1", clip(*text)));
}

void read_mode(Loading& loading, const YamlNode& node) {
  static constexpr std::array<std::string_view, 2> kWords{"observe", "enforce"};
  if (!stands_once(loading, loading.mode_place, node.place, "mode")) return;
  if (const auto index = read_choice(loading, node, "mode", kWords))
    loading.policy.mode = std::array{Mode::observe, Mode::enforce}[*index];
}

void read_failure(Loading& loading, const YamlNode& node) {
  if (!stands_once(loading, loading.failure_place, node.place, "failure")) return;
  if (is_map(loading, node, "'failure'"))
    read_keys<Failure>(loading, node, "failure", kFailureKeys, kFailureLater, loading.policy.failure);
}

}  // namespace sluice::policy
