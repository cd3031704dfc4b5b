// SPDX-License-Identifier: Apache-2.0
// Who is at the other end of a unix socket, and whether they may give orders.
#pragma once

#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace sluice::control {

/// As the kernel noted it when the peer connected (SO_PEERCRED, SO_PEERGROUPS): nothing the peer says about
/// itself.
struct Peer {
  Tgid pid{};
  Uid uid{};
  Gid gid{};
  std::vector<Gid> groups;  // supplementary
};

[[nodiscard]] Result<Peer> peer_of(int socket);

/// Root, or a member of the socket's group.
[[nodiscard]] bool may_control(const Peer& peer, Gid group);

}  // namespace sluice::control
