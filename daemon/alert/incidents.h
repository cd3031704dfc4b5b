// SPDX-License-Identifier: Apache-2.0
// One leak is told once. The first of its kind at once; what repeats it within the window is only counted,
// and when the window has passed one update tells the count. A leak: sender (exe, unit, uid), kind, data
// class, destination, verdict. Time comes in as a parameter.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "model/finding.h"

namespace sluice::alert {

struct IncidentLimits {
  std::chrono::milliseconds window{60'000};
  std::size_t max_open = 4096;    // one more closes the oldest early: its count is told, nothing is lost
  std::size_t max_recent = 1000;  // findings kept for `sluice findings` and `sluice show`
  std::size_t max_distinct =
      1024;  // fingerprints remembered an incident, to count distinct values over repeats
};

class Incidents {
 public:
  /// `seed` makes ids unique over restarts: random bits, or a constant in tests.
  explicit Incidents(std::uint64_t seed, IncidentLimits limits = {}) : seed_{seed}, limits_{limits} {}

  /// What must be told now: the first of a leak, with an id; nothing for a repeat; and the update of an
  /// incident that this finding closes (its window had passed, or its place was needed).
  [[nodiscard]] std::vector<Finding> report(Finding&& finding, WallTime now);
  /// The updates of the incidents whose window has passed: same id, count and merged values. Silent for
  /// count 1.
  [[nodiscard]] std::vector<Finding> expire(WallTime now);
  /// Closes all, for the end of the daemon.
  [[nodiscard]] std::vector<Finding> close_all();

  /// The newest findings with their present counts, oldest first; at most `limit`.
  [[nodiscard]] std::vector<Finding> snapshot(std::size_t limit = SIZE_MAX) const;
  [[nodiscard]] std::optional<Finding> find(const std::string& id) const;

  [[nodiscard]] std::size_t open() const { return open_.size(); }
  /// Incidents that were closed before their minute was over.
  [[nodiscard]] std::uint64_t closed_early() const { return closed_early_; }

 private:
  struct Incident {
    std::string key;
    std::uint64_t number = 0;
    Finding finding;
    std::set<Fingerprint> distinct;
    WallTime opened;
    std::uint32_t floor = 0;  // most values one finding had
  };

  void merge(Incident& incident, const Finding& repeat);
  void remember(const Incident& incident);
  /// Takes the oldest out of the open ones; appends its update to `out` if it has repeats.
  void close_oldest(std::vector<Finding>& out);
  [[nodiscard]] std::string next_id();

  std::uint64_t seed_;
  IncidentLimits limits_;
  std::list<Incident> open_;  // oldest first, which is the order in which windows pass
  std::unordered_map<std::string, std::list<Incident>::iterator> by_key_;
  std::deque<Finding> recent_;      // consecutive numbers
  std::uint64_t first_recent_ = 1;  // number of recent_.front()
  std::uint64_t last_number_ = 0;
  std::uint64_t closed_early_ = 0;
};

}  // namespace sluice::alert
