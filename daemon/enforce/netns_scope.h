// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <sched.h>

#include "base/unique_fd.h"

namespace sluice::enforce {

/// Puts the calling thread into a network namespace for a scope. -1 stays where it is.
class NetnsScope {
 public:
  explicit NetnsScope(int netns) {
    if (netns < 0) {
      entered_ = true;
      return;
    }
    home_ = UniqueFd{::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)};
    entered_ = home_ && setns(netns, CLONE_NEWNET) == 0;
  }
  ~NetnsScope() {
    // Staying elsewhere would open the daemon's own sockets in a stranger's network: better no daemon.
    if (entered_ && home_ && setns(home_.get(), CLONE_NEWNET) != 0) __builtin_trap();
  }
  NetnsScope(const NetnsScope&) = delete;
  NetnsScope& operator=(const NetnsScope&) = delete;
  [[nodiscard]] bool entered() const { return entered_; }

 private:
  UniqueFd home_;
  bool entered_ = false;
};

}  // namespace sluice::enforce
