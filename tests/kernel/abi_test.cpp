// SPDX-License-Identifier: Apache-2.0
// The layout of abi.h as the BPF compiler saw it (abi_types.bpf.c), against the layout as this compiler sees
// it.
#include <bpf/btf.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "bpf/abi.h"

namespace sluice {
namespace {

struct Member {
  std::string name;
  std::size_t offset;
};
struct Layout {
  std::string name;
  std::size_t size;
  std::vector<Member> members;
};

void PrintTo(const Layout& layout, std::ostream* out) { *out << layout.name; }

#define MEMBER(type, member) \
  Member { #member, offsetof(abi::type, member) }
const std::vector<Layout> kLayouts{
    {"event_header",
     sizeof(abi::event_header),
     {MEMBER(event_header, ktime_ns), MEMBER(event_header, type), MEMBER(event_header, reserved)}},
    {"owner",
     sizeof(abi::owner),
     {MEMBER(owner, start_ns), MEMBER(owner, cgroup_id), MEMBER(owner, tgid), MEMBER(owner, uid),
      MEMBER(owner, gid), MEMBER(owner, reserved)}},
    {"flow_key",
     sizeof(abi::flow_key),
     {MEMBER(flow_key, cookie), MEMBER(flow_key, peer_addr), MEMBER(flow_key, peer_port),
      MEMBER(flow_key, reserved)}},
    {"flow",
     sizeof(abi::flow),
     {MEMBER(flow, cleared), MEMBER(flow, passed), MEMBER(flow, accounted), MEMBER(flow, last_ns),
      MEMBER(flow, socket_inode), MEMBER(flow, owner), MEMBER(flow, next_seq), MEMBER(flow, syn_seq),
      MEMBER(flow, state), MEMBER(flow, epoch), MEMBER(flow, netns), MEMBER(flow, closed)}},
    {"flow_record",
     sizeof(abi::flow_record),
     {MEMBER(flow_record, cookie), MEMBER(flow_record, socket_inode), MEMBER(flow_record, owner),
      MEMBER(flow_record, local_addr), MEMBER(flow_record, remote_addr), MEMBER(flow_record, local_port),
      MEMBER(flow_record, remote_port), MEMBER(flow_record, netns), MEMBER(flow_record, epoch),
      MEMBER(flow_record, ifindex), MEMBER(flow_record, protocol), MEMBER(flow_record, state),
      MEMBER(flow_record, raw), MEMBER(flow_record, tos), MEMBER(flow_record, gso_size),
      MEMBER(flow_record, reserved)}},
    {"flow_opened_event",
     sizeof(abi::flow_opened_event),
     {MEMBER(flow_opened_event, header), MEMBER(flow_opened_event, flow)}},
    {"payload_event",
     sizeof(abi::payload_event),
     {MEMBER(payload_event, header), MEMBER(payload_event, flow), MEMBER(payload_event, pos),
      MEMBER(payload_event, written), MEMBER(payload_event, captured), MEMBER(payload_event, refused),
      MEMBER(payload_event, reserved)}},
    {"flow_closed_event",
     sizeof(abi::flow_closed_event),
     {MEMBER(flow_closed_event, header), MEMBER(flow_closed_event, cookie), MEMBER(flow_closed_event, epoch),
      MEMBER(flow_closed_event, datagram)}},
    {"connect_denied_event",
     sizeof(abi::connect_denied_event),
     {MEMBER(connect_denied_event, header), MEMBER(connect_denied_event, flow),
      MEMBER(connect_denied_event, rule), MEMBER(connect_denied_event, refused)}},
    {"exec_event",
     sizeof(abi::exec_event),
     {MEMBER(exec_event, header), MEMBER(exec_event, process), MEMBER(exec_event, parent),
      MEMBER(exec_event, exe_len), MEMBER(exec_event, args_len), MEMBER(exec_event, reserved),
      MEMBER(exec_event, exe), MEMBER(exec_event, args)}},
    {"exit_event",
     sizeof(abi::exit_event),
     {MEMBER(exit_event, header), MEMBER(exit_event, start_ns), MEMBER(exit_event, tgid),
      MEMBER(exit_event, reserved)}},
    {"bank",
     sizeof(abi::bank),
     {MEMBER(bank, default_state), MEMBER(bank, on_daemon_failure), MEMBER(bank, on_overload),
      MEMBER(bank, deny_connects)}},
    {"control",
     sizeof(abi::control),
     {MEMBER(control, heartbeat_ns), MEMBER(control, heartbeat_limit_ns), MEMBER(control, resend_cookie),
      MEMBER(control, resend_len), MEMBER(control, bank), MEMBER(control, daemon_tgid),
      MEMBER(control, awake), MEMBER(control, watch_loopback), MEMBER(control, banks)}},
    {"denied_key", sizeof(abi::denied_key), {MEMBER(denied_key, prefix), MEMBER(denied_key, addr)}},
    {"denied_value",
     sizeof(abi::denied_value),
     {MEMBER(denied_value, rule), MEMBER(denied_value, ranges), MEMBER(denied_value, ports)}},
    {"ruling",
     sizeof(abi::ruling),
     {MEMBER(ruling, key), MEMBER(ruling, cleared), MEMBER(ruling, epoch), MEMBER(ruling, state)}},
    {"rulings",
     sizeof(abi::rulings),
     {MEMBER(rulings, count), MEMBER(rulings, applied), MEMBER(rulings, items)}},
};
#undef MEMBER

struct FreeBtf {
  void operator()(btf* b) const { btf__free(b); }
};

class AbiLayout : public testing::TestWithParam<Layout> {};

TEST_P(AbiLayout, IsTheSameOnBothSides) {
  const std::unique_ptr<btf, FreeBtf> types{btf__parse(SLUICE_ABI_TYPES, nullptr)};
  ASSERT_TRUE(types) << "no BTF in " << SLUICE_ABI_TYPES;
  const int id = btf__find_by_name_kind(types.get(), GetParam().name.c_str(), BTF_KIND_STRUCT);
  ASSERT_GT(id, 0) << "struct " << GetParam().name << " is not in abi_types.bpf.c";
  const btf_type* type = btf__type_by_id(types.get(), static_cast<__u32>(id));
  EXPECT_EQ(type->size, GetParam().size);
  ASSERT_EQ(btf_vlen(type), GetParam().members.size()) << "a member that this test does not know";
  for (__u32 i = 0; i < btf_vlen(type); ++i) {
    EXPECT_EQ(btf__name_by_offset(types.get(), btf_members(type)[i].name_off), GetParam().members[i].name);
    EXPECT_EQ(btf_member_bit_offset(type, i) / 8, GetParam().members[i].offset) << GetParam().members[i].name;
  }
}

INSTANTIATE_TEST_SUITE_P(Structs, AbiLayout, testing::ValuesIn(kLayouts),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace sluice
