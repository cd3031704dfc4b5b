// SPDX-License-Identifier: Apache-2.0
#include "alert/incidents.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <utility>

namespace sluice::alert {
namespace {

/// NUL cannot stand in a path, a unit or a name, so no two leaks share a key.
std::string key_of(const Finding& finding) {
  const Sender& sender = finding.sender;
  std::string key = fmt::format("{} {} {}", std::to_underlying(finding.kind),
                                std::to_underlying(finding.decision.verdict), std::to_underlying(sender.uid));
  for (const std::string_view part :
       {std::string_view{finding.data_class}, std::string_view{sender.unit}, std::string_view{sender.exe}}) {
    key += '\0';
    key += part;
  }
  key += '\0';
  key += finding.destination.to_string();
  key += '\0';
  key += to_string(finding.flow.protocol);
  return key;
}

/// SplitMix64: distinct inputs have distinct outputs, so ids of one run never repeat.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30U)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27U)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31U);
}

std::uint32_t saturating_add(std::uint32_t a, std::uint32_t b) {
  constexpr auto kMax = std::numeric_limits<std::uint32_t>::max();
  return a > kMax - b ? kMax : a + b;
}

template <class T>
void append_new(std::vector<T>& to, const std::vector<T>& from, std::size_t limit) {
  for (const T& item : from)
    if (to.size() < limit && std::ranges::find(to, item) == to.end()) to.push_back(item);
}

}  // namespace

std::string Incidents::next_id() { return fmt::format("{:016x}", mix(seed_ + last_number_)); }

void Incidents::merge(Incident& incident, const Finding& repeat) {
  Finding& told = incident.finding;
  told.count = saturating_add(told.count, repeat.count);
  told.last = std::max(told.last, repeat.last);
  append_new(told.masked, repeat.masked, Finding::kMaxSamples);
  append_new(told.fingerprints, repeat.fingerprints, Finding::kMaxSamples);
  append_new(told.detectors, repeat.detectors, SIZE_MAX);
  if (repeat.flow.key == told.flow.key && repeat.flow.epoch == told.flow.epoch) told.ledger = repeat.ledger;

  // Exact while every value has a fingerprint here; else the most that is certain.
  for (const Fingerprint fingerprint : repeat.fingerprints)
    if (incident.distinct.size() < limits_.max_distinct) incident.distinct.insert(fingerprint);
  incident.floor = std::max(incident.floor, repeat.values);
  told.values = std::max(static_cast<std::uint32_t>(incident.distinct.size()), incident.floor);
}

void Incidents::remember(const Incident& incident) {
  if (incident.number < first_recent_) return;  // already fallen out of the recent ones
  recent_[incident.number - first_recent_] = incident.finding;
}

void Incidents::close_oldest(std::vector<Finding>& out) {
  Incident& oldest = open_.front();
  by_key_.erase(oldest.key);
  if (oldest.finding.count > 1) out.push_back(std::move(oldest.finding));
  open_.pop_front();
}

std::vector<Finding> Incidents::report(Finding&& finding, WallTime now) {
  std::vector<Finding> out = expire(now);
  std::string key = key_of(finding);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    merge(*found->second, finding);
    remember(*found->second);
    return out;
  }

  if (open_.size() >= limits_.max_open) {
    ++closed_early_;
    close_oldest(out);
  }
  Incident incident{.key = std::move(key), .number = ++last_number_, .finding = std::move(finding)};
  if (incident.finding.id.empty()) incident.finding.id = next_id();
  if (incident.finding.first == WallTime{}) incident.finding.first = now;
  if (incident.finding.last == WallTime{}) incident.finding.last = now;
  incident.distinct.insert(incident.finding.fingerprints.begin(), incident.finding.fingerprints.end());
  incident.floor = incident.finding.values;
  incident.opened = now;

  recent_.push_back(incident.finding);
  if (recent_.size() > limits_.max_recent) {
    recent_.pop_front();
    ++first_recent_;
  }
  out.push_back(incident.finding);
  open_.push_back(std::move(incident));
  by_key_.emplace(open_.back().key, std::prev(open_.end()));
  return out;
}

std::vector<Finding> Incidents::expire(WallTime now) {
  std::vector<Finding> out;
  // A clock that was set back closes as well: better one update too many than an incident that never ends.
  const auto passed = [&](const Incident& incident) {
    return now < incident.opened || now - incident.opened >= limits_.window;
  };
  while (!open_.empty() && passed(open_.front())) close_oldest(out);
  return out;
}

std::vector<Finding> Incidents::close_all() {
  std::vector<Finding> out;
  while (!open_.empty()) close_oldest(out);
  return out;
}

std::vector<Finding> Incidents::snapshot(std::size_t limit) const {
  const auto n = static_cast<std::ptrdiff_t>(std::min(limit, recent_.size()));
  return {recent_.end() - n, recent_.end()};
}

std::optional<Finding> Incidents::find(const std::string& id) const {
  const auto found = std::ranges::find(recent_, id, &Finding::id);
  if (found == recent_.end()) return std::nullopt;
  return *found;
}

}  // namespace sluice::alert
