// SPDX-License-Identifier: Apache-2.0
// Reaching an application's socket: a duplicate of its descriptor, for the moment of one act.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <list>
#include <map>
#include <unordered_map>

#include "base/result.h"
#include "base/unique_fd.h"
#include "model/flow.h"

namespace sluice::enforce {

/// Finds and duplicates sockets of other processes by pidfd_getfd(2). Remembers which descriptor of which
/// process a flow was, and a pidfd a process; both bounded. Every duplicate is checked by SO_COOKIE, so a
/// reused pid or descriptor is never mistaken. One thread.
class SocketAccess {
 public:
  /// A duplicate of the flow's socket. Drop it at once: a duplicate held open delays the application's FIN.
  /// ESRCH when no process holds the socket any more.
  [[nodiscard]] Result<UniqueFd> duplicate(const FlowFacts& flow);
  void forget(const FlowKey& key) { fds_.erase(key.cookie); }
  void forget(Tgid pid) { pidfds_.erase(pid); }

 private:
  struct Place {
    Tgid pid{};
    int fd = -1;
  };
  [[nodiscard]] int pidfd(Tgid pid);
  [[nodiscard]] UniqueFd try_place(const Place& place, SocketCookie cookie);

  static constexpr std::size_t kMaxPlaces = 65'536;
  static constexpr std::size_t kMaxPidfds = 512;
  std::unordered_map<SocketCookie, Place> fds_;
  std::map<Tgid, UniqueFd> pidfds_;
};

/// Pushes what TCP holds back: clears a TCP_CORK that is clear. False, and nothing done, on a corked socket:
/// clearing and setting it again would race with the application's own use of the option.
[[nodiscard]] Result<bool> kick(int socket);
/// connect(AF_UNSPEC): drops the send queue and resets the connection; the application's next call fails at
/// once.
[[nodiscard]] Result<> disconnect(int socket);
/// SOCK_DESTROY by sock_diag(7) in the network namespace `netns` (a descriptor, or -1 for the current one).
[[nodiscard]] Result<> sock_destroy(const FlowFacts& flow, int netns);

}  // namespace sluice::enforce
