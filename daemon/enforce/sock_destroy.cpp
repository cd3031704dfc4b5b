// SPDX-License-Identifier: Apache-2.0
// SOCK_DESTROY over sock_diag(7): ends a TCP socket that no process holds any more.
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "enforce/netns_scope.h"
#include "enforce/socket_access.h"

namespace sluice::enforce {
namespace {

struct Request {
  nlmsghdr header;
  inet_diag_req_v2 diag;
};

void fill_address(const IpAddress& from, bool v4, __be32 (&to)[4]) {
  if (v4)
    std::memcpy(to, from.bytes.data() + 12, 4);
  else
    std::memcpy(to, from.bytes.data(), 16);
}

Request make_request(const FlowFacts& flow, bool v4) {
  Request request{};
  request.header = {.nlmsg_len = sizeof request,
                    .nlmsg_type = SOCK_DESTROY,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
                    .nlmsg_seq = 1,
                    .nlmsg_pid = 0};
  request.diag.sdiag_family = v4 ? AF_INET : AF_INET6;
  request.diag.sdiag_protocol = IPPROTO_TCP;
  request.diag.idiag_states = ~0U;
  request.diag.id.idiag_sport = htons(flow.local.port);
  request.diag.id.idiag_dport = htons(flow.remote.port);
  fill_address(flow.local.address, v4, request.diag.id.idiag_src);
  fill_address(flow.remote.address, v4, request.diag.id.idiag_dst);
  const std::uint64_t cookie = std::to_underlying(flow.key.cookie);
  request.diag.id.idiag_cookie[0] = static_cast<__u32>(cookie);
  request.diag.id.idiag_cookie[1] = static_cast<__u32>(cookie >> 32U);
  return request;
}

}  // namespace

Result<> sock_destroy(const FlowFacts& flow, int netns) {
  const NetnsScope scope{netns};
  if (!scope.entered()) return fail(errno, "enter the flow's network namespace");
  const UniqueFd socket{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)};
  if (!socket) return fail(errno, "open sock_diag");
  const Request request = make_request(flow, flow.local.address.is_v4());
  if (send(socket.get(), &request, sizeof request, 0) != static_cast<ssize_t>(sizeof request))
    return fail(errno, "ask sock_diag to destroy the socket");
  struct {
    nlmsghdr header;
    nlmsgerr error;
    char rest[512];
  } reply{};
  const ssize_t n = recv(socket.get(), &reply, sizeof reply, 0);
  if (n < static_cast<ssize_t>(sizeof(nlmsghdr) + sizeof(nlmsgerr))) return fail("sock_diag gave no answer");
  if (reply.header.nlmsg_type == NLMSG_ERROR && reply.error.error != 0)
    return fail(-reply.error.error, "destroy the socket");
  return {};
}

}  // namespace sluice::enforce
