// SPDX-License-Identifier: Apache-2.0
// A held datagram was dropped with success to its sender; after clearance it is sent again.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "model/flow.h"

namespace sluice::enforce {

/// Sends on a duplicate of the application's socket, to the captured destination and from the captured source
/// address, with its TOS and segment size, so that the receiver sees what it would have seen. Other options
/// that came with the one message (TTL, IP options) are the socket's own. Never blocks: a full send buffer is
/// an error.
[[nodiscard]] Result<> send_again(int socket, const FlowFacts& flow, Bytes payload);

/// Sends a UDP datagram whose socket is gone, from its address and port, in the network namespace `netns` (a
/// descriptor, or -1 for the current one). Fails for other protocols, and if somebody else took the port
/// meanwhile.
[[nodiscard]] Result<> send_in_place_of(const FlowFacts& flow, int netns, Bytes payload);

}  // namespace sluice::enforce
