// SPDX-License-Identifier: Apache-2.0
// Time comes in as a parameter: stages never read a clock, tests turn one by hand.
#pragma once

#include <chrono>
#include <cstdint>

namespace sluice {

using WallTime = std::chrono::system_clock::time_point;

class Clock {
 public:
  virtual ~Clock() = default;
  /// Nanoseconds of CLOCK_BOOTTIME, the clock of the kernel's records.
  [[nodiscard]] virtual std::uint64_t boottime_ns() const = 0;
  /// UTC, for what people read.
  [[nodiscard]] virtual WallTime now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t boottime_ns() const override;
  [[nodiscard]] WallTime now() const override { return std::chrono::system_clock::now(); }
};

}  // namespace sluice
