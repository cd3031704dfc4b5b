// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/ids.h"

namespace sluice {

/// A decoded piece of a flow and where it was found. Consecutive pieces with the same `part` are one text: a
/// value may be split between them.
struct Content {
  Bytes bytes;
  StreamPos pos{};         // of the first byte in its part
  std::uint32_t part = 0;  // 0 = the raw stream; decoders number their parts
  std::string_view location = "raw";
};

}  // namespace sluice
