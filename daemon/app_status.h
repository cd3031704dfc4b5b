// SPDX-License-Identifier: Apache-2.0
// What `sluice status` and `sluice doctor` say, and which losses of sight become findings.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <vector>

#include "alert/sinks/sinks.h"
#include "base/clock.h"
#include "control/control_socket.h"
#include "inspection.h"
#include "model/kernel_feature.h"

namespace sluice {

struct FindingLosses {
  std::uint64_t dropped = 0;
  std::uint64_t closed_early = 0;
};

/// Facts of the running daemon beside what the inspection counts. Main thread only.
class StatusFacts {
 public:
  StatusFacts();
  void policy_loaded(std::vector<std::string> files, WallTime at);
  void count(Verdict verdict) { ++findings_.at(static_cast<std::size_t>(verdict)); }

  [[nodiscard]] static std::string version();
  [[nodiscard]] const std::string& kernel() const { return kernel_; }
  [[nodiscard]] nlohmann::json policy_json(const policy::Policy& policy) const;
  [[nodiscard]] nlohmann::json doctor_json(const std::vector<KernelFeature>& features) const;
  /// Rates are since the last call.
  [[nodiscard]] nlohmann::json status_json(const ActivePolicy& active, const InspectionStatus& status,
                                           const std::vector<alert::SinkStatus>& sinks,
                                           const control::ControlSocket& control,
                                           const FindingLosses& losses);

 private:
  std::string kernel_;
  WallTime started_;
  std::vector<std::string> policy_files_;
  WallTime policy_loaded_at_;
  std::array<std::uint64_t, 4> findings_{};
  std::uint64_t last_records_ = 0;
  double last_cpu_s_ = 0;
  WallTime last_asked_;
};

struct CoverageLoss {
  std::string_view rule;  // "failure.overload", ...
  std::string sentence;
};

/// What got worse between two readings of the gate's drop counters and must be told. `before` may be empty.
[[nodiscard]] std::vector<CoverageLoss> coverage_losses(std::span<const enforce::GateDrop> before,
                                                        std::span<const enforce::GateDrop> now);

/// Where a gate that outlives its daemon is pinned; one place a state directory, so that a test's daemon
/// never touches the host's.
[[nodiscard]] std::string pin_directory(const std::string& state);

}  // namespace sluice
