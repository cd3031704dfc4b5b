// SPDX-License-Identifier: Apache-2.0
// Decisions as pure functions of a policy and facts. They do no I/O, read no clock and return their reason.
#pragma once

#include "model/decision.h"
#include "model/destination.h"
#include "model/flow.h"
#include "model/sender.h"
#include "policy/policy.h"

namespace sluice::policy {

/// A fact that is unknown (empty text, the address ::, port 0) matches no value of a rule, not even '*': what
/// is learned later can only allow more.
[[nodiscard]] bool matches(const SenderRule& rule, const Sender& sender);
[[nodiscard]] bool matches(const DestinationRule& rule, const Destination& destination);

struct Facts {
  const Sender& sender;
  const Destination& destination;
  DataClassId data_class{};
  bool encrypted = false;  // the value was read as plaintext of an encrypted connection
};

/// May this sender send this data class there? In observe mode a block is told as would_block.
[[nodiscard]] Decision decide(const Policy& policy, Mode mode, const Facts& facts);

/// How the gate must treat a flow: trusted if a flow covers any data of it whatever the encryption (or the
/// policy names no data), held if in enforce mode some data class, or what cannot be read (failure.opaque),
/// could end in block, watched otherwise.
[[nodiscard]] FlowState classify(const Policy& policy, Mode mode, const Sender& sender,
                                 const Destination& destination);

/// The connection rule that denies this destination, or nullptr.
[[nodiscard]] const ConnectionRule* denies(const Policy& policy, const Destination& destination);

/// The decision about a connection that `rule` denies: block, or would_block in observe mode.
[[nodiscard]] Decision decide_connection(const ConnectionRule& rule, Mode mode, const Sender& sender,
                                         const Destination& destination);

}  // namespace sluice::policy
