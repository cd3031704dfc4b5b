// SPDX-License-Identifier: Apache-2.0
// Kernel records as a closed set of alternatives. Loss is one of them.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/bytes.h"
#include "base/ids.h"
#include "model/flow.h"

namespace sluice {

/// The gate saw the first packet of a flow.
struct FlowOpened {
  std::uint64_t ktime_ns = 0;
  FlowFacts flow;
};

/// Payload an application sends. `payload` borrows ring memory and is valid only while the event is handled.
struct PayloadSent {
  std::uint64_t ktime_ns = 0;
  FlowFacts flow;
  StreamPos pos{};            // of the first captured byte
  std::uint32_t written = 0;  // bytes this record stands for
  Bytes payload;              // bytes captured: payload.size() < written means truncated, and why is counted
  bool held = false;          // the packet was refused and waits for a verdict
};

/// The socket was closed; no record of it follows.
struct FlowClosed {
  std::uint64_t ktime_ns = 0;
  SocketCookie cookie{};
  std::uint32_t epoch = 0;  // TCP
  bool datagram = false;    // the socket had a flow a peer: all of them end
};

/// A connection that policy denies was refused (enforce) or seen (observe).
struct ConnectDenied {
  std::uint64_t ktime_ns = 0;
  FlowFacts flow;
  std::uint32_t rule = 0;  // index of the policy's connection rule
  bool refused = false;
};

struct ProcessStarted {  // exec
  std::uint64_t ktime_ns = 0;
  Owner process;
  Tgid parent{};
  std::string exe;   // as the kernel was given it; may be relative
  std::string args;  // joined by spaces, cut
};

struct ProcessExited {
  std::uint64_t ktime_ns = 0;
  Tgid pid{};
  std::uint64_t start_ns = 0;
};

using Event = std::variant<FlowOpened, PayloadSent, FlowClosed, ConnectDenied, ProcessStarted, ProcessExited>;

}  // namespace sluice
