// SPDX-License-Identifier: Apache-2.0
// Writes seed inputs for record_fuzz into a folder: what the kernel side may put into the ring, and a little
// of what it must not.
#include <cstdint>
#include <cstring>
#include <fstream>
#include <initializer_list>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "bpf/abi.h"

namespace {

namespace abi = sluice::abi;

/// A record as record_fuzz reads it: two bytes of length, the struct, what follows it.
template <class T>
std::string record(const T& raw, std::string_view tail = {}) {
  const auto size = static_cast<std::uint16_t>(sizeof raw + tail.size());
  std::string out(sizeof size + sizeof raw, '\0');
  std::memcpy(out.data(), &size, sizeof size);
  std::memcpy(out.data() + sizeof size, &raw, sizeof raw);
  return out.append(tail);
}

template <class T>
T of_type(abi::event_type type) {
  T raw{};
  raw.header.ktime_ns = 42;
  raw.header.type = type;
  return raw;
}

void fill(abi::flow_record& flow, std::uint8_t protocol) {
  flow.cookie = 7;
  flow.socket_inode = 99;
  flow.owner.start_ns = 5;
  flow.owner.tgid = 100;
  flow.local_port = 40000;
  flow.remote_port = 443;
  flow.remote_addr[15] = 1;
  flow.protocol = protocol;
  flow.state = abi::STATE_HELD;
}

template <class T>
std::string of_flow(abi::event_type type) {
  T raw = of_type<T>(type);
  fill(raw.flow, 6);
  return record(raw);
}

struct Sent {
  std::uint64_t pos = 0;
  std::string_view bytes;
  std::uint32_t lost = 0;  // written and not captured
  std::uint8_t protocol = 6;
};

std::string payload(const Sent& sent) {
  auto raw = of_type<abi::payload_event>(abi::EVENT_PAYLOAD);
  fill(raw.flow, sent.protocol);
  raw.pos = sent.pos;
  raw.captured = static_cast<std::uint32_t>(sent.bytes.size());
  raw.written = raw.captured + sent.lost;
  raw.refused = 1;
  return record(raw, std::string{sent.bytes} + "slack of the size class");
}

std::string closed() {
  auto raw = of_type<abi::flow_closed_event>(abi::EVENT_FLOW_CLOSED);
  raw.cookie = 7;
  return record(raw);
}

std::string exec() {
  auto raw = of_type<abi::exec_event>(abi::EVENT_EXEC);
  raw.process.tgid = 100;
  raw.exe_len = 7;
  raw.args_len = 11;
  std::memcpy(raw.exe, "/bin/sh", 7);
  std::memcpy(raw.args, "sh\0-c\0true\0", 11);
  return record(raw);
}

std::string gone() {
  auto raw = of_type<abi::exit_event>(abi::EVENT_EXIT);
  raw.tgid = 100;
  return record(raw);
}

std::string join(std::initializer_list<std::string> records) {
  std::string out;
  for (const std::string& each : records) out += each;
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  constexpr std::uint64_t kLast = std::numeric_limits<std::int64_t>::max();
  const std::pair<std::string_view, std::string> seeds[] = {
      {"a_whole_flow",
       join({of_flow<abi::flow_opened_event>(abi::EVENT_FLOW_OPENED), payload({.bytes = "card=4111 "}),
             payload({.pos = 10, .bytes = "1111 1111"}), closed()})},
      {"seen_twice", join({payload({.bytes = "0123456789"}), payload({.pos = 5, .bytes = "56789abc"}),
                           payload({.bytes = "0123"})})},
      {"a_gap", join({payload({.bytes = "01234"}), payload({.pos = 100, .bytes = "later"})})},
      {"truncated",
       join({payload({.bytes = "01234", .lost = 3995}), payload({.pos = 4000, .bytes = "after"})})},
      {"datagrams", join({payload({.bytes = "dns", .protocol = 17}),
                          payload({.pos = 3, .bytes = "dns", .protocol = 17})})},
      {"far_position",
       join({payload({.pos = kLast - 3, .bytes = "edge"}), payload({.pos = 2 * kLast, .bytes = "over"})})},
      {"processes", join({exec(), gone()})},
      {"denied", of_flow<abi::connect_denied_event>(abi::EVENT_CONNECT_DENIED)},
  };
  for (const auto& [name, bytes] : seeds) {
    std::ofstream file{std::string{argv[1]} + '/' + std::string{name}, std::ios::binary};
    if (!(file << bytes).flush()) return 1;
  }
  return 0;
}
