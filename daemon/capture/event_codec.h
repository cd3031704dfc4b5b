// SPDX-License-Identifier: Apache-2.0
// One record of the ring buffer -> one Event. The records come from our own programs, but a bug or a foreign
// writer must not become memory corruption, so lengths and enums are checked as those of a stranger.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "model/event.h"

namespace sluice::capture {

/// `record` is one record's bytes. The payload of PayloadSent borrows from it.
[[nodiscard]] Result<Event> decode_event(Bytes record);

}  // namespace sluice::capture
