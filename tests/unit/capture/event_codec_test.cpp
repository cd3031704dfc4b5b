// SPDX-License-Identifier: Apache-2.0
#include "capture/event_codec.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "bpf/abi.h"

namespace sluice::capture {
namespace {

using Record = std::vector<std::uint8_t>;

template <class T>
Record to_record(const T& raw, std::string_view tail = {}) {
  Record out(sizeof raw + tail.size());
  std::memcpy(out.data(), &raw, sizeof raw);
  if (!tail.empty()) std::memcpy(out.data() + sizeof raw, tail.data(), tail.size());
  return out;
}

abi::payload_event payload_of(std::uint32_t written, std::uint32_t captured) {
  abi::payload_event raw{};
  raw.header = {.ktime_ns = 42, .type = abi::EVENT_PAYLOAD, .reserved = 0};
  raw.flow.cookie = 7;
  raw.flow.protocol = 17;
  raw.flow.state = abi::STATE_HELD;
  raw.flow.remote_port = 53;
  raw.flow.remote_addr[15] = 1;
  raw.flow.owner = {.start_ns = 5, .cgroup_id = 6, .tgid = 100, .uid = 1000, .gid = 1001, .reserved = 0};
  raw.pos = 1000;
  raw.written = written;
  raw.captured = captured;
  raw.refused = 1;
  return raw;
}

TEST(EventCodec, ReadsPayloadWithItsFlowAndOwner) {
  const Record record = to_record(payload_of(5, 5), "hello-and-slack-of-the-size-class");
  const auto event = decode_event(record);
  ASSERT_TRUE(event) << event.error().message();
  const auto& payload = std::get<PayloadSent>(*event);
  EXPECT_EQ(as_text(payload.payload), "hello");
  EXPECT_EQ(payload.pos, StreamPos{1000});
  EXPECT_TRUE(payload.held);
  EXPECT_EQ(payload.flow.owner.pid, Tgid{100});
  EXPECT_EQ(payload.flow.owner.uid, Uid{1000});
  EXPECT_EQ(payload.flow.state, FlowState::held);
  EXPECT_EQ(payload.flow.key.peer.to_string(), "[::1]:53") << "a UDP flow has its peer in the key";
}

TEST(EventCodec, ATcpFlowHasNoPeerInItsKey) {
  abi::payload_event raw = payload_of(1, 1);
  raw.flow.protocol = 6;
  const Record record = to_record(raw, "x");
  EXPECT_EQ(std::get<PayloadSent>(*decode_event(record)).flow.key.peer, Endpoint{});
}

TEST(EventCodec, ReadsExecArgumentsAsOneLine) {
  abi::exec_event raw{};
  raw.header.type = abi::EVENT_EXEC;
  std::memcpy(raw.exe, "/bin/sh", 7);
  raw.exe_len = 7;
  std::memcpy(raw.args, "sh\0-c\0true\0", 11);
  raw.args_len = 11;
  const Record record = to_record(raw);
  const auto event = decode_event(record);
  ASSERT_TRUE(event);
  EXPECT_EQ(std::get<ProcessStarted>(*event).args, "sh -c true");
  EXPECT_EQ(std::get<ProcessStarted>(*event).exe, "/bin/sh");
}

struct BadCase {
  std::string name;
  std::function<Record()> make;
  std::string error;
};

class BadRecord : public testing::TestWithParam<BadCase> {};

TEST_P(BadRecord, IsRefusedWithItsReason) {
  const Record record = GetParam().make();
  const auto event = decode_event(record);
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error().message(), GetParam().error);
}

template <class Change>
Record changed(Change change, std::string_view tail = "hello") {
  abi::payload_event raw = payload_of(5, 5);
  change(raw);
  return to_record(raw, tail);
}

INSTANTIATE_TEST_SUITE_P(
    Records, BadRecord,
    testing::Values(
        BadCase{"empty", [] { return Record{}; }, "record is shorter than a header"},
        BadCase{"unknown_type", [] { return changed([](auto& raw) { raw.header.type = 99; }); },
                "record of unknown type 99"},
        BadCase{"cut_struct",
                [] {
                  auto r = changed([](auto&) {});
                  r.resize(100);
                  return r;
                },
                "payload record is short"},
        BadCase{"cut_payload", [] { return changed([](auto&) {}, "hell"); },
                "payload record is shorter than its payload"},
        BadCase{"huge_payload",
                [] { return changed([](auto& raw) { raw.captured = raw.written = 0xffffffff; }); },
                "payload record is shorter than its payload"},
        BadCase{"captured_more_than_written", [] { return changed([](auto& raw) { raw.written = 4; }); },
                "payload record captured more than was written"},
        BadCase{"state", [] { return changed([](auto& raw) { raw.flow.state = 9; }); },
                "flow record with state 9"},
        BadCase{"exec_lengths",
                [] {
                  abi::exec_event raw{};
                  raw.header.type = abi::EVENT_EXEC;
                  raw.args_len = abi::MAX_ARGS + 1;
                  return to_record(raw);
                },
                "exec record with a bad length"}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace sluice::capture
