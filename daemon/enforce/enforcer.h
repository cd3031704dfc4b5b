// SPDX-License-Identifier: Apache-2.0
// The seam behind which verdicts become real. Everything before it runs in tests without a kernel.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"
#include "model/flow.h"

namespace sluice::enforce {

/// How a socket was brought to its end.
enum class Destroyed : std::uint8_t { disconnected, sock_destroy, refused_only };

/// As a finding tells it.
constexpr std::string_view to_string(Destroyed how) {
  switch (how) {
    case Destroyed::disconnected:
      return "socket disconnected";
    case Destroyed::sock_destroy:
      return "socket destroyed";
    case Destroyed::refused_only:
      return "every packet refused";
  }
  return "";
}

class Enforcer {
 public:
  virtual ~Enforcer() = default;
  /// Puts the flow in `state` from its next packet on. Takes effect at flush().
  virtual void set_state(const FlowFacts& flow, FlowState state) = 0;
  /// Lets the held bytes below `until` leave. Takes effect, with a kick, at flush().
  virtual void clear(const FlowFacts& flow, StreamPos until) = 0;
  /// Sends a held datagram that was read and cleared, on the application's own socket.
  virtual void resend(const FlowFacts& flow, Bytes payload) = 0;
  /// Refuses the flow for ever and, for TCP, destroys the socket: the application sees an error at once.
  virtual Destroyed block(const FlowFacts& flow) = 0;
  /// Removes the flow's kernel state after its close was read.
  virtual void forget(const FlowFacts& flow) = 0;
  virtual void flush() = 0;
};

}  // namespace sluice::enforce
