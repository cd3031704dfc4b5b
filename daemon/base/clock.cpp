// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <time.h>

namespace sluice {

std::uint64_t SystemClock::boottime_ns() const {
  timespec now{};
  clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace sluice
