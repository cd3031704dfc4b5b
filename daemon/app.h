// SPDX-License-Identifier: Apache-2.0
// The composition root: the only file that knows every concrete class. Main thread: signals, policy loading,
// control socket, incidents. Inspection thread: everything that touches captured bytes. Sink thread: writes
// findings out.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "settings.h"

namespace sluice {

/// Exit codes of the outer interface.
inline constexpr int kExitFine = 0, kExitFindings = 1, kExitUsage = 2, kExitKernel = 3, kExitFailed = 1;

class App {
 public:
  explicit App(Settings settings);
  ~App();
  App(const App&) = delete;
  App& operator=(const App&) = delete;

  /// Loads the policy only; prints its mistakes to standard error.
  [[nodiscard]] int check();
  /// Runs until SIGTERM or SIGINT. Returns the exit code.
  [[nodiscard]] int run();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sluice
