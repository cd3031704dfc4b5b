// SPDX-License-Identifier: Apache-2.0
#include "enforce/kernel_enforcer.h"

#include <bpf/bpf.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <string>

#include "enforce/netns_scope.h"

namespace sluice::enforce {
namespace {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

SocketAddress to_sockaddr(const Endpoint& endpoint, int family) {
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
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.size = sizeof v6;
  }
  return out;
}

int family_of(int socket) {
  int family = AF_INET;
  socklen_t size = sizeof family;
  if (getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &family, &size) != 0) return AF_INET;
  return family;
}

}  // namespace

void KernelEnforcer::set_state(const FlowFacts& flow, FlowState state) { gate_.rule(flow, state); }

void KernelEnforcer::clear(const FlowFacts& flow, StreamPos until) {
  gate_.clear(flow, until);
  const auto same = [&flow](const FlowFacts& queued) { return queued.key == flow.key; };
  if (std::ranges::none_of(to_kick_, same)) to_kick_.push_back(flow);
}

void KernelEnforcer::resend(const FlowFacts& flow, Bytes payload) {
  auto socket = sockets_.duplicate(flow);
  if (!socket) {
    ++counters_.resends_failed;
    return;
  }
  const SocketAddress to = to_sockaddr(flow.remote, family_of(socket->get()));
  const std::atomic_ref<__u64> resending{gate_.handles().control->resend_cookie};
  resending.store(std::to_underlying(flow.key.cookie), std::memory_order_seq_cst);
  // A connected UDP socket takes its own peer as destination too.
  const ssize_t n = sendto(socket->get(), payload.data(), payload.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                           reinterpret_cast<const sockaddr*>(&to.storage), to.size);
  resending.store(0, std::memory_order_seq_cst);
  n == static_cast<ssize_t>(payload.size()) ? ++counters_.resends : ++counters_.resends_failed;
}

Destroyed KernelEnforcer::block(const FlowFacts& flow) {
  gate_.rule(flow, FlowState::blocked);
  gate_.apply();  // refused at the gate first, so that nothing leaves while the socket is being ended
  std::erase_if(to_kick_, [&flow](const FlowFacts& queued) { return queued.key == flow.key; });
  if (flow.protocol == Protocol::udp) return Destroyed::refused_only;  // the next sendto fails with EPERM
  if (auto socket = sockets_.duplicate(flow); socket && disconnect(socket->get())) {
    ++counters_.destroyed;
    return Destroyed::disconnected;
  }
  if (sock_destroy(flow, netns(flow))) {
    ++counters_.destroyed;
    return Destroyed::sock_destroy;
  }
  ++counters_.destroy_failed;
  return Destroyed::refused_only;
}

void KernelEnforcer::forget(const FlowFacts& flow) {
  sockets_.forget(flow.key);
  std::erase_if(to_kick_, [&flow](const FlowFacts& queued) { return queued.key == flow.key; });
  gate_.forget(flow.key);
}

void KernelEnforcer::flush() {
  gate_.apply();
  if (to_kick_.empty()) return;
  const std::vector<FlowFacts> kicks = std::exchange(to_kick_, {});
  for (const FlowFacts& flow : kicks) kick_flow(flow);
  push_orphans();
}

void KernelEnforcer::kick_flow(const FlowFacts& flow) {
  auto socket = sockets_.duplicate(flow);
  if (socket && kick(socket->get())) {
    ++counters_.kicks;
    return;
  }
  orphans_.push_back(flow);
}

void KernelEnforcer::push_orphans() {
  while (!orphans_.empty()) {
    const std::uint32_t inode = orphans_.back().netns;
    const int netns_fd = netns(orphans_.back());
    std::vector<std::uint64_t> cookies;
    std::erase_if(orphans_, [&](const FlowFacts& flow) {
      if (flow.netns != inode) return false;
      cookies.push_back(std::to_underlying(flow.key.cookie));
      return true;
    });
    const NetnsScope scope{netns_fd};
    const UniqueFd pass{scope.entered() && gate_.handles().push_orphans >= 0
                            ? bpf_iter_create(gate_.handles().push_orphans)
                            : -1};
    if (!pass) {
      counters_.kicks_left_to_tcp += cookies.size();
      continue;
    }
    const std::uint32_t wanted = 1;
    for (const std::uint64_t cookie : cookies)
      bpf_map_update_elem(gate_.handles().pushes, &cookie, &wanted, BPF_ANY);
    char ignored[64];
    while (read(pass.get(), ignored, sizeof ignored) > 0) {
    }
    for (const std::uint64_t cookie : cookies) bpf_map_delete_elem(gate_.handles().pushes, &cookie);
    ++counters_.orphan_pushes;
  }
}

bool KernelEnforcer::remember_netns(std::uint32_t inode, Tgid pid) {
  if (pid == Tgid{}) return false;
  const std::string path = "/proc/" + std::to_string(std::to_underlying(pid)) + "/ns/net";
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat found {};
  if (!fd || fstat(fd.get(), &found) != 0 || found.st_ino != inode) return false;
  if (netns_.size() >= kMaxNetns) netns_.erase(netns_.begin());
  netns_.emplace(inode, std::move(fd));
  return true;
}

int KernelEnforcer::netns(const FlowFacts& flow) const {
  const auto known = netns_.find(flow.netns);
  return known == netns_.end() ? -1 : known->second.get();
}

}  // namespace sluice::enforce
