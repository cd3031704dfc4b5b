// SPDX-License-Identifier: Apache-2.0
#include "control/peer.h"

#include <sys/socket.h>
#include <sys/types.h>

#include <algorithm>

namespace sluice::control {

Result<Peer> peer_of(int socket) {
  ucred credentials{};
  socklen_t length = sizeof credentials;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0)
    return fail(errno, "read the peer's credentials");
  Peer peer{.pid = Tgid{static_cast<std::uint32_t>(credentials.pid)},
            .uid = Uid{credentials.uid},
            .gid = Gid{credentials.gid},
            .groups = {}};

  std::vector<gid_t> groups(64);
  length = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
  int status = getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length);
  if (status != 0 && errno == ERANGE) {  // length now says how much it is
    groups.resize(length / sizeof(gid_t));
    status = getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &length);
  }
  if (status != 0) return fail(errno, "read the peer's groups");
  groups.resize(length / sizeof(gid_t));
  for (const gid_t group : groups) peer.groups.push_back(Gid{group});
  return peer;
}

bool may_control(const Peer& peer, Gid group) {
  return peer.uid == Uid{0} || peer.gid == group ||
         std::ranges::find(peer.groups, group) != peer.groups.end();
}

}  // namespace sluice::control
