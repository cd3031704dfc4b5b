// SPDX-License-Identifier: Apache-2.0
// The facts of a policy test, as decide() takes them. What the test does not say stays unknown, and unknown
// matches no sender and no destination that asks for it.
#pragma once

#include "model/destination.h"
#include "model/sender.h"
#include "policy/policy.h"

namespace sluice::policy {

[[nodiscard]] Sender test_sender(const PolicyTest& test);
[[nodiscard]] Destination test_destination(const PolicyTest& test);

}  // namespace sluice::policy
