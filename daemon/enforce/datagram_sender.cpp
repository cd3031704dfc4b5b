// SPDX-License-Identifier: Apache-2.0
#include "enforce/datagram_sender.h"

#include <netinet/in.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include <cstring>

#include "enforce/netns_scope.h"

namespace sluice::enforce {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

/// Addresses that mean something only together with a device.
bool needs_device(const IpAddress& address) {
  const auto& b = address.bytes;
  if (address.is_v4()) return b[12] >= 224 || (b[12] == 169 && b[13] == 254);
  return b[0] == 0xff || (b[0] == 0xfe && (b[1] & 0xc0U) == 0x80);
}

SocketAddress to_sockaddr(const Endpoint& endpoint, int family, std::uint32_t ifindex) {
  SocketAddress out;
  if (family == AF_INET) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port);
    std::memcpy(&v4.sin_addr, endpoint.address.bytes.data() + 12, 4);
    std::memcpy(&out.storage, &v4, sizeof v4);
    out.size = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port);
    std::memcpy(&v6.sin6_addr, endpoint.address.bytes.data(), 16);
    if (needs_device(endpoint.address)) v6.sin6_scope_id = ifindex;
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.size = sizeof v6;
  }
  return out;
}

int option_of(int socket, int option, int otherwise) {
  int value = otherwise;
  socklen_t size = sizeof value;
  return getsockopt(socket, SOL_SOCKET, option, &value, &size) == 0 ? value : otherwise;
}

/// What the packet had beside its bytes, as control messages: source address (ip(7) IP_PKTINFO, ipv6(7)
/// IPV6_PKTINFO), TOS or traffic class, and the segment size where one send makes several datagrams (udp(7)
/// UDP_SEGMENT).
class Control {
 public:
  Control(const FlowFacts& flow, int family) {
    const std::uint32_t ifindex = needs_device(flow.remote.address) ? flow.ifindex : 0;
    const int tos = flow.tos;
    if (family == AF_INET) {
      in_pktinfo info{};
      info.ipi_ifindex = static_cast<int>(ifindex);
      std::memcpy(&info.ipi_spec_dst, flow.local.address.bytes.data() + 12, 4);
      add(IPPROTO_IP, IP_PKTINFO, info);
      add(IPPROTO_IP, IP_TOS, tos);
    } else {
      in6_pktinfo info{};
      info.ipi6_ifindex = ifindex;
      std::memcpy(&info.ipi6_addr, flow.local.address.bytes.data(), 16);
      add(IPPROTO_IPV6, IPV6_PKTINFO, info);
      // A mapped IPv4 destination takes IPv4's option.
      flow.remote.address.is_v4() ? add(IPPROTO_IP, IP_TOS, tos) : add(IPPROTO_IPV6, IPV6_TCLASS, tos);
    }
    if (flow.segment_size != 0 && flow.protocol == Protocol::udp && !flow.raw)
      add(IPPROTO_UDP, UDP_SEGMENT, flow.segment_size);
  }
  void attach(msghdr& message) {
    message.msg_control = memory_;
    message.msg_controllen = size_;
  }

 private:
  template <class Value>
  void add(int level, int type, const Value& value) {
    cmsghdr header{};
    header.cmsg_level = level;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(memory_ + size_, &header, sizeof header);
    std::memcpy(memory_ + size_ + CMSG_LEN(0), &value, sizeof value);
    size_ += CMSG_SPACE(sizeof value);
  }

  alignas(cmsghdr) char memory_[CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int)) + CMSG_SPACE(2)]{};
  std::size_t size_ = 0;
};

Result<> send_message(int socket, msghdr& message, std::size_t size) {
  const ssize_t n = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n < 0) return fail(errno, "send a datagram again");
  if (static_cast<std::size_t>(n) != size) return fail("a datagram was sent in part");
  return {};
}

}  // namespace

Result<> send_again(int socket, const FlowFacts& flow, Bytes payload) {
  const int family = option_of(socket, SO_DOMAIN, AF_INET);
  Endpoint to = flow.remote;
  // Raw sockets take no port; ping sockets take the identifier from their own binding.
  if (flow.protocol != Protocol::udp && flow.protocol != Protocol::udplite) to.port = 0;
  SocketAddress address = to_sockaddr(to, family, flow.ifindex);
  iovec bytes{.iov_base = const_cast<std::uint8_t*>(payload.data()), .iov_len = payload.size()};
  msghdr message{};
  message.msg_name = &address.storage;
  message.msg_namelen = address.size;
  message.msg_iov = &bytes;
  message.msg_iovlen = 1;
  Control control{flow, family};
  control.attach(message);
  auto sent = send_message(socket, message, payload.size());
  if (sent || sent.error().code.value() == EAGAIN) return sent;
  message.msg_control = nullptr;  // a socket type without the option: its own source then
  message.msg_controllen = 0;
  return send_message(socket, message, payload.size());
}

Result<> send_in_place_of(const FlowFacts& flow, int netns, Bytes payload) {
  if (flow.protocol != Protocol::udp || flow.raw) return fail(ESRCH, "the socket is gone");
  const int family = flow.local.address.is_v4() ? AF_INET : AF_INET6;
  const NetnsScope scope{netns};
  if (!scope.entered()) return fail(errno, "enter the flow's network namespace");
  const UniqueFd socket{::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  if (!socket) return fail(errno, "open a socket in place of one that is gone");
  const SocketAddress from = to_sockaddr(flow.local, family, flow.ifindex);
  if (bind(socket.get(), reinterpret_cast<const sockaddr*>(&from.storage), from.size) != 0)
    return fail(errno, "take the port of a socket that is gone");
  return send_again(socket.get(), flow, payload);
}

}  // namespace sluice::enforce
