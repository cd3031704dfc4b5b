// SPDX-License-Identifier: Apache-2.0
#include "capture/event_codec.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstring>

#include "bpf/abi.h"

namespace sluice::capture {
namespace {

Owner to_owner(const abi::owner& from) {
  return {.pid = Tgid{from.tgid},
          .uid = Uid{from.uid},
          .gid = Gid{from.gid},
          .cgroup = CgroupId{from.cgroup_id},
          .start_ns = from.start_ns};
}

Endpoint to_endpoint(const __u8 (&addr)[16], std::uint16_t port) {
  Endpoint out;
  std::memcpy(out.address.bytes.data(), addr, sizeof addr);
  out.port = port;
  return out;
}

Result<FlowFacts> to_flow(const abi::flow_record& from) {
  if (from.state < abi::STATE_UNRULED || from.state > abi::STATE_BLOCKED)
    return fail(fmt::format("flow record with state {}", from.state));
  FlowFacts flow{.key = {.cookie = SocketCookie{from.cookie}, .peer = {}},
                 .epoch = from.epoch,
                 .protocol = Protocol{from.protocol},
                 .state = from.state == abi::STATE_UNRULED ? FlowState::watched : FlowState{from.state},
                 .local = to_endpoint(from.local_addr, from.local_port),
                 .remote = to_endpoint(from.remote_addr, from.remote_port),
                 .owner = to_owner(from.owner),
                 .socket_inode = from.socket_inode,
                 .netns = from.netns,
                 .ifindex = from.ifindex,
                 .raw = from.raw != 0,
                 .tos = from.tos,
                 .segment_size = from.gso_size};
  if (flow.is_datagram()) flow.key.peer = flow.remote;
  return flow;
}

Result<Event> decode_opened(ByteCursor cursor) {
  const auto raw = cursor.take_struct<abi::flow_opened_event>();
  if (!raw) return fail("flow_opened record is short");
  auto flow = to_flow(raw->flow);
  if (!flow) return std::unexpected{std::move(flow.error())};
  return FlowOpened{.ktime_ns = raw->header.ktime_ns, .flow = *flow};
}

Result<Event> decode_payload(ByteCursor cursor) {
  const auto raw = cursor.take_struct<abi::payload_event>();
  if (!raw) return fail("payload record is short");
  if (raw->captured > raw->written) return fail("payload record captured more than was written");
  const auto payload = cursor.take(raw->captured);
  if (!payload) return fail("payload record is shorter than its payload");
  auto flow = to_flow(raw->flow);
  if (!flow) return std::unexpected{std::move(flow.error())};
  return PayloadSent{.ktime_ns = raw->header.ktime_ns,
                     .flow = *flow,
                     .pos = StreamPos{raw->pos},
                     .written = raw->written,
                     .payload = *payload,
                     .held = raw->refused != 0};
}

Result<Event> decode_closed(ByteCursor cursor) {
  const auto raw = cursor.take_struct<abi::flow_closed_event>();
  if (!raw) return fail("flow_closed record is short");
  return FlowClosed{.ktime_ns = raw->header.ktime_ns,
                    .cookie = SocketCookie{raw->cookie},
                    .epoch = raw->epoch,
                    .datagram = raw->datagram != 0};
}

Result<Event> decode_denied(ByteCursor cursor) {
  const auto raw = cursor.take_struct<abi::connect_denied_event>();
  if (!raw) return fail("connect_denied record is short");
  auto flow = to_flow(raw->flow);
  if (!flow) return std::unexpected{std::move(flow.error())};
  return ConnectDenied{
      .ktime_ns = raw->header.ktime_ns, .flow = *flow, .rule = raw->rule, .refused = raw->refused != 0};
}

Result<Event> decode_exec(ByteCursor cursor) {
  const auto raw = cursor.take_struct<abi::exec_event>();
  if (!raw) return fail("exec record is short");
  if (raw->exe_len >= abi::MAX_EXE || raw->args_len > abi::MAX_ARGS)
    return fail("exec record with a bad length");
  std::string args{raw->args, raw->args_len};
  while (!args.empty() && args.back() == '\0') args.pop_back();
  std::ranges::replace(args, '\0', ' ');
  return ProcessStarted{.ktime_ns = raw->header.ktime_ns,
                        .process = to_owner(raw->process),
                        .parent = Tgid{raw->parent},
                        .exe = std::string{raw->exe, raw->exe_len},
                        .args = std::move(args)};
}

Result<Event> decode_exit(ByteCursor cursor) {
  const auto raw = cursor.take_struct<abi::exit_event>();
  if (!raw) return fail("exit record is short");
  return ProcessExited{.ktime_ns = raw->header.ktime_ns, .pid = Tgid{raw->tgid}, .start_ns = raw->start_ns};
}

}  // namespace

Result<Event> decode_event(Bytes record) {
  const ByteCursor cursor{record};
  const auto header = ByteCursor{record}.take_struct<abi::event_header>();
  if (!header) return fail("record is shorter than a header");
  switch (header->type) {
    case abi::EVENT_FLOW_OPENED:
      return decode_opened(cursor);
    case abi::EVENT_PAYLOAD:
      return decode_payload(cursor);
    case abi::EVENT_FLOW_CLOSED:
      return decode_closed(cursor);
    case abi::EVENT_CONNECT_DENIED:
      return decode_denied(cursor);
    case abi::EVENT_EXEC:
      return decode_exec(cursor);
    case abi::EVENT_EXIT:
      return decode_exit(cursor);
  }
  return fail(fmt::format("record of unknown type {}", header->type));
}

}  // namespace sluice::capture
