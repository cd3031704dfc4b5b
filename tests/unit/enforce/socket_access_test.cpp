// SPDX-License-Identifier: Apache-2.0
// Sockets of this very process, reached as those of any other: by pid, inode and cookie.
#include "enforce/socket_access.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace sluice::enforce {
namespace {

struct Pair {
  UniqueFd ours, theirs;
};

/// Two ends of a TCP connection over loopback.
Pair connect_pair() {
  const UniqueFd listener{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(bind(listener.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(listen(listener.get(), 1), 0);
  EXPECT_EQ(getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  Pair pair{.ours = UniqueFd{socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)}, .theirs = {}};
  EXPECT_EQ(connect(pair.ours.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  pair.theirs = UniqueFd{accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  return pair;
}

SocketCookie cookie_of(int socket) {
  std::uint64_t cookie = 0;
  socklen_t size = sizeof cookie;
  EXPECT_EQ(getsockopt(socket, SOL_SOCKET, SO_COOKIE, &cookie, &size), 0);
  return SocketCookie{cookie};
}

FlowFacts flow_of(int socket) {
  struct stat found {};
  EXPECT_EQ(fstat(socket, &found), 0);
  FlowFacts flow{.key = {.cookie = cookie_of(socket), .peer = {}}};
  flow.owner.pid = Tgid{static_cast<std::uint32_t>(getpid())};
  flow.socket_inode = found.st_ino;
  return flow;
}

/// Each look at it takes `step_ns`.
class Ticking final : public Clock {
 public:
  explicit Ticking(std::uint64_t step_ns = 0) : step_ns_{step_ns} {}
  [[nodiscard]] std::uint64_t boottime_ns() const override { return now_ns += step_ns_; }
  [[nodiscard]] WallTime now() const override { return {}; }
  mutable std::uint64_t now_ns = 1'000;

 private:
  std::uint64_t step_ns_;
};

TEST(SocketAccess, ListsAProcessAgainOnlyWhenTheLastListingIsPaidOff) {
  Pair pair = connect_pair();
  const FlowFacts flow = flow_of(pair.ours.get());
  const Ticking clock{100};
  SocketAccess sockets{clock};
  ASSERT_TRUE(sockets.duplicate(flow));  // a listing of 100 ns
  const UniqueFd moved{fcntl(pair.ours.get(), F_DUPFD_CLOEXEC, 200)};
  pair.ours.reset();
  EXPECT_FALSE(sockets.duplicate(flow)) << "within ten times the cost of the last listing";
  clock.now_ns += 1'000;
  EXPECT_TRUE(sockets.duplicate(flow));
}

TEST(SocketAccess, DuplicatesTheSocketOfAFlow) {
  const Pair pair = connect_pair();
  const Ticking clock;
  SocketAccess sockets{clock};
  for (int time = 0; time < 2; ++time) {  // searched, then remembered
    const auto found = sockets.duplicate(flow_of(pair.ours.get()));
    ASSERT_TRUE(found) << found.error().message();
    EXPECT_NE(found->get(), pair.ours.get());
    EXPECT_EQ(cookie_of(found->get()), cookie_of(pair.ours.get()));
  }
}

TEST(SocketAccess, FollowsADescriptorThatMoved) {
  Pair pair = connect_pair();
  const FlowFacts flow = flow_of(pair.ours.get());
  const Ticking clock;
  SocketAccess sockets{clock};
  ASSERT_TRUE(sockets.duplicate(flow));
  const UniqueFd moved{fcntl(pair.ours.get(), F_DUPFD_CLOEXEC, 200)};
  pair.ours.reset();
  const auto found = sockets.duplicate(flow);
  ASSERT_TRUE(found) << found.error().message();
  EXPECT_EQ(cookie_of(found->get()), flow.key.cookie);
}

TEST(SocketAccess, NeverMistakesAReusedDescriptor) {
  Pair pair = connect_pair();
  const Pair other = connect_pair();
  const FlowFacts flow = flow_of(pair.ours.get());
  const Ticking clock;
  SocketAccess sockets{clock};
  ASSERT_TRUE(sockets.duplicate(flow));
  ASSERT_EQ(dup2(other.ours.get(), pair.ours.get()), pair.ours.get());
  const auto found = sockets.duplicate(flow);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code.value(), ESRCH);
}

TEST(SocketAccess, NeverMistakesAReusedInode) {
  const Pair pair = connect_pair();
  FlowFacts flow = flow_of(pair.ours.get());
  flow.key.cookie = SocketCookie{std::to_underlying(flow.key.cookie) + 1'000'000};
  const Ticking clock;
  SocketAccess sockets{clock};
  EXPECT_FALSE(sockets.duplicate(flow));
}

TEST(SocketAccess, WithoutAnOwnerThereIsNowhereToLook) {
  const Pair pair = connect_pair();
  FlowFacts flow = flow_of(pair.ours.get());
  flow.owner.pid = Tgid{};
  const Ticking clock;
  SocketAccess sockets{clock};
  const auto found = sockets.duplicate(flow);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code.value(), ESRCH);
}

TEST(SocketActs, ADisconnectedSocketFailsAtOnceAndItsPeerSeesAReset) {
  const Pair pair = connect_pair();
  ASSERT_EQ(send(pair.ours.get(), "x", 1, 0), 1);
  const auto done = disconnect(pair.ours.get());
  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(send(pair.ours.get(), "y", 1, MSG_NOSIGNAL), -1);
  EXPECT_EQ(errno, ECONNRESET);
  char byte = 0;
  ssize_t n = recv(pair.theirs.get(), &byte, 1, 0);
  if (n == 1) n = recv(pair.theirs.get(), &byte, 1, 0);  // what left before
  EXPECT_EQ(n, -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST(SocketActs, AKickLeavesTheOptionsOfTheApplication) {
  const Pair pair = connect_pair();
  const auto pushed = kick(pair.ours.get());
  ASSERT_TRUE(pushed) << pushed.error().message();
  EXPECT_TRUE(*pushed);
  const int on = 1;
  ASSERT_EQ(setsockopt(pair.ours.get(), IPPROTO_TCP, TCP_CORK, &on, sizeof on), 0);
  const auto corked = kick(pair.ours.get());
  ASSERT_TRUE(corked);
  EXPECT_FALSE(*corked) << "its owner corked it: it is not ours to open";
  int cork = 0;
  socklen_t size = sizeof cork;
  ASSERT_EQ(getsockopt(pair.ours.get(), IPPROTO_TCP, TCP_CORK, &cork, &size), 0);
  EXPECT_EQ(cork, 1);
}

TEST(SocketActs, WhatIsNoTcpSocketCannotBeKicked) {
  const UniqueFd file{open("/dev/null", O_RDONLY | O_CLOEXEC)};
  const auto pushed = kick(file.get());
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().code.value(), ENOTSOCK);
}

}  // namespace
}  // namespace sluice::enforce
