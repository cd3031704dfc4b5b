// SPDX-License-Identifier: Apache-2.0
// Reaching an application's socket: a duplicate of its descriptor, for the moment of one act.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "model/flow.h"

namespace sluice::enforce {

/// Finds and duplicates sockets of other processes by pidfd_getfd(2). Every duplicate is checked by
/// SO_COOKIE, so a reused pid or descriptor is never mistaken. Remembers a pidfd a process and where its
/// sockets were when its descriptors were last listed; bounded. Listing costs in proportion to a process's
/// descriptors, so a process is listed again only when the last listing has been paid off tenfold; until then
/// a socket that is not found fails. One thread.
class SocketAccess {
 public:
  explicit SocketAccess(const Clock& clock) : clock_{clock} {}

  /// A duplicate of the flow's socket. Drop it at once: a duplicate held open delays the application's FIN.
  /// ESRCH when it is not found.
  [[nodiscard]] Result<UniqueFd> duplicate(const FlowFacts& flow);
  void forget(Tgid pid) { processes_.erase(pid); }

 private:
  struct Process {
    UniqueFd pidfd;
    std::unordered_map<std::uint64_t, int> sockets;  // inode -> descriptor
    int newest = -1;                                 // descriptor that was found last
    std::uint64_t list_again_ns = 0;
  };
  [[nodiscard]] Process* process(Tgid pid);
  [[nodiscard]] static UniqueFd try_descriptor(const Process& process, int fd, SocketCookie cookie);
  [[nodiscard]] static UniqueFd guess(Process& process, const FlowFacts& flow);
  [[nodiscard]] bool list(Tgid pid, Process& process);

  static constexpr std::size_t kMaxProcesses = 512;
  static constexpr std::size_t kMaxSockets = 65'536;  // a process
  const Clock& clock_;
  std::map<Tgid, Process> processes_;
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
