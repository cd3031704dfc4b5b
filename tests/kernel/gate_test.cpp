// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "bpf/abi.h"
#include "test_gate.h"

namespace sluice {
namespace {

constexpr enforce::BankSettings kHold{.default_state = FlowState::held, .closed_on_overload = true};

/// A pipe by which the test lets its child go on.
class Signal {
 public:
  Signal() {
    int ends[2];
    if (pipe(ends) == 0) {
      read_.reset(ends[0]);
      write_.reset(ends[1]);
    }
  }
  void give() const { (void)!write(write_.get(), "g", 1); }
  void await() const {
    char byte = 0;
    (void)!read(read_.get(), &byte, 1);
  }

 private:
  UniqueFd read_, write_;
};

void send_all(const UniqueFd& socket, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = send(socket.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) _exit(errno);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string patterned(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + (i * 7 + i / 251) % 26);
  return text;
}

class TcpGate : public GateTest, public testing::WithParamInterface<int> {};
class UdpGate : public GateTest, public testing::WithParamInterface<int> {};
INSTANTIATE_TEST_SUITE_P(Families, TcpGate, testing::Values(AF_INET, AF_INET6),
                         [](const auto& tested) { return tested.param == AF_INET ? "v4" : "v6"; });
INSTANTIATE_TEST_SUITE_P(Families, UdpGate, testing::Values(AF_INET, AF_INET6),
                         [](const auto& tested) { return tested.param == AF_INET ? "v4" : "v6"; });

TEST_P(TcpGate, WatchedPayloadIsCopiedAndPasses) {
  start();
  std::uint16_t port = 0;
  const UniqueFd listener = listen_tcp(GetParam(), port);
  const auto sender = child([&] {
    send_all(connect_to(GetParam(), SOCK_STREAM, port), "hello");
    return 0;
  });
  const UniqueFd server = accept_from(listener);
  EXPECT_EQ(receive(server, 5), "hello");
  ASSERT_TRUE(read_until([&] { return !payloads_.empty(); }));
  EXPECT_EQ(captured_text(), "hello");
  EXPECT_FALSE(payloads_[0].held);
  EXPECT_EQ(payloads_[0].flow.owner.pid, sender->pid());
  EXPECT_EQ(payloads_[0].flow.remote.port, port);
  EXPECT_EQ(payloads_[0].flow.remote.address.is_v4(), GetParam() == AF_INET);
  EXPECT_NE(payloads_[0].flow.socket_inode, 0U);
}

TEST_P(TcpGate, HeldBytesLeaveOnceInOrderAndOnlyWhenCleared) {
  start(kHold);
  std::uint16_t port = 0;
  const UniqueFd listener = listen_tcp(GetParam(), port);
  const Signal go;
  const auto sender = child([&] {
    const UniqueFd socket = connect_to(GetParam(), SOCK_STREAM, port);
    const int on = 1;
    setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    send_all(socket, "first ");
    go.await();
    send_all(socket, "second ");
    go.await();
    return 0;
  });
  const UniqueFd server = accept_from(listener);
  ASSERT_TRUE(read_until([&] { return payloads_.size() == 1; }));
  EXPECT_TRUE(payloads_[0].held);
  EXPECT_TRUE(is_silent(server));
  go.give();  // the second write makes TCP try the first again: its bytes must not be captured twice
  ASSERT_TRUE(read_until([&] { return payloads_.size() == 2; }));
  EXPECT_EQ(captured_text(), "first second ");
  EXPECT_TRUE(is_silent(server));

  enforcer().clear(payloads_[0].flow, StreamPos{6});
  enforcer().flush();
  // Both writes may have grown into one segment by now; it leaves when all of it is cleared.
  enforcer().clear(payloads_[1].flow, StreamPos{13});
  enforcer().flush();
  EXPECT_EQ(receive(server, 13), "first second ");
  EXPECT_TRUE(is_silent(server)) << "nothing leaves twice";
  EXPECT_EQ(enforcer().counters().kicks, 2U);
  go.give();
}

TEST_P(TcpGate, ABlockedFlowIsResetAndNothingLeaves) {
  start(kHold);
  std::uint16_t port = 0;
  const UniqueFd listener = listen_tcp(GetParam(), port);
  const Signal go;
  const auto sender = child([&] {
    const UniqueFd socket = connect_to(GetParam(), SOCK_STREAM, port);
    send_all(socket, "secret");
    go.await();
    return send(socket.get(), "more", 4, MSG_NOSIGNAL) < 0 ? errno : 0;
  });
  const UniqueFd server = accept_from(listener);
  ASSERT_TRUE(read_until([&] { return !payloads_.empty(); }));
  EXPECT_EQ(enforcer().block(payloads_[0].flow), enforce::Destroyed::disconnected);
  go.give();
  EXPECT_EQ(sender->wait(), ECONNRESET);
  EXPECT_EQ(receive(server, 100), "");
}

TEST_P(TcpGate, AnOrphanIsPushedAndAnOrphanIsDestroyed) {
  start(kHold);
  std::uint16_t port = 0;
  const UniqueFd listener = listen_tcp(GetParam(), port);
  for (const bool blocked : {false, true}) {
    payloads_.clear();
    {
      auto sender = child([&] {
        send_all(connect_to(GetParam(), SOCK_STREAM, port), "last words");
        return 0;
      });
      EXPECT_EQ(sender->wait(), 0);
    }
    const UniqueFd server = accept_from(listener);
    ASSERT_TRUE(read_until([&] { return !payloads_.empty(); }));
    if (blocked) {
      EXPECT_EQ(enforcer().block(payloads_[0].flow), enforce::Destroyed::sock_destroy);
      EXPECT_EQ(receive(server, 100), "");
    } else {
      enforcer().clear(payloads_[0].flow, StreamPos{10});
      enforcer().flush();
      EXPECT_EQ(receive(server, 10), "last words");
      EXPECT_EQ(enforcer().counters().push_passes, 1U);
    }
  }
}

TEST_P(TcpGate, TrustedBytesPassUnread) {
  start({.default_state = FlowState::trusted});
  std::uint16_t port = 0;
  const UniqueFd listener = listen_tcp(GetParam(), port);
  const auto sender = child([&] {
    send_all(connect_to(GetParam(), SOCK_STREAM, port), patterned(100'000));
    return 0;
  });
  EXPECT_TRUE(receive(accept_from(listener), 100'000) == patterned(100'000));
  EXPECT_EQ(bytes().trusted, 100'000U);
  EXPECT_EQ(bytes().inspected, 0U);
}

TEST_P(TcpGate, AMegabyteIsCapturedWhole) {
  start({}, 8U << 20U);
  std::uint16_t port = 0;
  const UniqueFd listener = listen_tcp(GetParam(), port);
  const std::string text = patterned(1U << 20U);
  const auto sender = child([&] {
    send_all(connect_to(GetParam(), SOCK_STREAM, port), text);
    return 0;
  });
  EXPECT_TRUE(receive(accept_from(listener), text.size()) == text);
  ASSERT_TRUE(read_until([&] { return captured_text().size() >= text.size(); }));
  EXPECT_TRUE(captured_text() == text);
  EXPECT_EQ(bytes().inspected, text.size());
  EXPECT_EQ(bytes().uninspected, 0U);
}

TEST_P(TcpGate, AFullRingRefusesAndLosesNothingWhenClosed) {
  start({.default_state = FlowState::watched, .closed_on_overload = true}, 128U << 10U);
  std::uint16_t port = 0;
  const UniqueFd listener = listen_tcp(GetParam(), port);
  const std::string text = patterned(512U << 10U);
  const auto sender = child([&] {
    send_all(connect_to(GetParam(), SOCK_STREAM, port), text);
    return 0;
  });
  const UniqueFd server = accept_from(listener);
  std::string got;
  ASSERT_TRUE(read_until([&] {
    while (!is_silent(server) && got.size() < text.size()) {
      char block[65536];
      const ssize_t n = recv(server.get(), block, sizeof block, 0);
      if (n <= 0) return true;
      got.append(block, static_cast<std::size_t>(n));
    }
    return got.size() == text.size();
  })) << got.size();
  EXPECT_TRUE(got == text);
  ASSERT_TRUE(read_until([&] { return captured_text().size() >= text.size(); }));
  EXPECT_TRUE(captured_text() == text) << "every byte that arrived was read";
  EXPECT_EQ(drops(abi::DROP_RING_FULL_PASSED), 0U);
}

TEST_P(TcpGate, AFullRingPassesAndCountsWhenOpen) {
  start({}, 4096);  // no record of 4 KiB fits
  std::uint16_t port = 0;
  const UniqueFd listener = listen_tcp(GetParam(), port);
  const auto sender = child([&] {
    send_all(connect_to(GetParam(), SOCK_STREAM, port), patterned(20'000));
    return 0;
  });
  EXPECT_TRUE(receive(accept_from(listener), 20'000) == patterned(20'000));
  EXPECT_EQ(bytes().inspected + bytes().uninspected, 20'000U) << "each byte is accounted once";
  EXPECT_GT(bytes().uninspected, 0U);
  EXPECT_GT(drops(abi::DROP_RING_FULL_PASSED), 0U);
}

TEST_P(TcpGate, AStaleHeartbeatPassesWhenOpen) {
  start(kHold, 1U << 20U, 1'000'000'000);
  gate().beat(1);  // long ago
  std::uint16_t port = 0;
  const UniqueFd listener = listen_tcp(GetParam(), port);
  const auto sender = child([&] {
    send_all(connect_to(GetParam(), SOCK_STREAM, port), "unread");
    return 0;
  });
  EXPECT_EQ(receive(accept_from(listener), 6), "unread");
  EXPECT_GE(drops(abi::DROP_DAEMON_PASSED), 1U);
  EXPECT_EQ(bytes().uninspected, 6U);
}

TEST_P(TcpGate, AStaleHeartbeatRefusesWhenClosedUntilTheDaemonIsBack) {
  start({.default_state = FlowState::held, .closed_on_daemon_failure = true}, 1U << 20U, 1'000'000'000);
  gate().beat(1);
  std::uint16_t port = 0;
  const UniqueFd listener = listen_tcp(GetParam(), port);
  const Signal go;
  const auto sender = child([&] {
    const UniqueFd socket = connect_to(GetParam(), SOCK_STREAM, port);
    send_all(socket, "held");
    go.await();
    return 0;
  });
  const UniqueFd server = accept_from(listener);
  ASSERT_TRUE(read_until([&] { return drops(abi::DROP_DAEMON_REFUSED) > 0; }));
  EXPECT_TRUE(is_silent(server));
  ASSERT_TRUE(read_until([&] {
    beat();  // TCP tries again and now finds a daemon
    return !payloads_.empty();
  }));
  enforcer().clear(payloads_[0].flow, StreamPos{4});
  enforcer().flush();
  EXPECT_EQ(receive(server, 4), "held");
  go.give();
}

TEST_P(TcpGate, ADeniedDestinationIsRefusedAtConnect) {
  start();
  std::uint16_t port = 0;
  const UniqueFd listener = listen_tcp(GetParam(), port);
  const Network host = *Network::parse(GetParam() == AF_INET ? "127.0.0.0/8" : "::1");
  const auto attempt = [&] {
    return child([&] { return connect_to(GetParam(), SOCK_STREAM, port) ? 0 : errno; })->wait();
  };
  set_bank({.refuse_denied_connects = true}, {{.network = host, .ports = {{port, port}}, .rule = 3}});
  EXPECT_EQ(attempt(), EPERM);
  ASSERT_TRUE(read_until([&] {
    return std::ranges::any_of(others_, [](const Event& event) {
      const auto* denied = std::get_if<ConnectDenied>(&event);
      return denied != nullptr && denied->rule == 3 && denied->refused;
    });
  }));
  set_bank({.refuse_denied_connects = true},
           {{.network = host, .ports = {{static_cast<std::uint16_t>(port + 1), 65535}}, .rule = 3}});
  EXPECT_EQ(attempt(), 0) << "another port is not denied";
  set_bank({.refuse_denied_connects = false}, {{.network = host, .ports = {}, .rule = 3}});
  EXPECT_EQ(attempt(), 0) << "observe mode only tells";
}

TEST_P(TcpGate, ACloseIsToldOnceNothingCanFollow) {
  start();
  std::uint16_t port = 0;
  const UniqueFd listener = listen_tcp(GetParam(), port);
  auto sender = child([&] {
    send_all(connect_to(GetParam(), SOCK_STREAM, port), "bye");
    return 0;
  });
  {
    const UniqueFd server = accept_from(listener);
    EXPECT_EQ(receive(server, 4), "bye");
  }
  ASSERT_TRUE(read_until([&] {
    return std::ranges::any_of(others_,
                               [](const Event& event) { return std::holds_alternative<FlowClosed>(event); });
  }));
  EXPECT_EQ(captured_text(), "bye");
}

TEST_P(TcpGate, ASocketThatConnectsAgainIsANewFlow) {
  start();
  std::uint16_t port = 0;
  const UniqueFd listener = listen_tcp(GetParam(), port);
  const auto sender = child([&] {
    const UniqueFd socket = connect_to(GetParam(), SOCK_STREAM, port);
    send_all(socket, "one");
    sockaddr_storage peer{};
    socklen_t size = sizeof peer;
    getpeername(socket.get(), reinterpret_cast<sockaddr*>(&peer), &size);
    sockaddr none{};
    none.sa_family = AF_UNSPEC;
    connect(socket.get(), &none, sizeof none);
    if (connect(socket.get(), reinterpret_cast<sockaddr*>(&peer), size) != 0) return errno;
    send_all(socket, "two");
    return 0;
  });
  ASSERT_TRUE(read_until([&] { return payloads_.size() == 2; }));
  EXPECT_EQ(payloads_[0].flow.key, payloads_[1].flow.key);
  EXPECT_LT(payloads_[0].flow.epoch, payloads_[1].flow.epoch);
  EXPECT_EQ(payloads_[1].pos, 0U);
  EXPECT_EQ(payloads_[1].bytes, "two");
  // A ruling on the first connection must not touch the second.
  enforcer().set_state(payloads_[0].flow, FlowState::blocked);
  enforcer().flush();
  EXPECT_EQ(drops(abi::DROP_STALE_RULING), 1U);
}

TEST_P(UdpGate, AHeldDatagramIsSentAgainFromTheSendersPort) {
  start(kHold);
  std::uint16_t port = 0;
  const UniqueFd server = bind_udp(GetParam(), port);
  const Signal go;
  const auto sender = child([&] {
    const UniqueFd socket = connect_to(GetParam(), SOCK_DGRAM, port);
    send_all(socket, "datagram");
    go.await();
    return 0;
  });
  ASSERT_TRUE(read_until([&] { return !payloads_.empty(); }));
  EXPECT_TRUE(payloads_[0].held);
  EXPECT_EQ(payloads_[0].bytes, "datagram");
  EXPECT_TRUE(is_silent(server));
  enforcer().resend(payloads_[0].flow, as_bytes(payloads_[0].bytes));
  sockaddr_storage from{};
  socklen_t size = sizeof from;
  char block[64];
  ASSERT_EQ(recvfrom(server.get(), block, sizeof block, 0, reinterpret_cast<sockaddr*>(&from), &size), 8);
  const std::uint16_t from_port =
      ntohs(GetParam() == AF_INET ? reinterpret_cast<sockaddr_in*>(&from)->sin_port
                                  : reinterpret_cast<sockaddr_in6*>(&from)->sin6_port);
  EXPECT_EQ(from_port, payloads_[0].flow.local.port);
  read_until([] { return true; });
  EXPECT_EQ(payloads_.size(), 1U) << "the daemon's own sending is not captured again";
  go.give();
}

TEST_P(UdpGate, ABlockedPeerGivesTheSenderEperm) {
  start(kHold);
  std::uint16_t port = 0;
  const UniqueFd server = bind_udp(GetParam(), port);
  const Signal go;
  const auto sender = child([&] {
    const UniqueFd socket = connect_to(GetParam(), SOCK_DGRAM, port);
    send_all(socket, "one");
    go.await();
    return send(socket.get(), "two", 3, 0) < 0 ? errno : 0;
  });
  ASSERT_TRUE(read_until([&] { return !payloads_.empty(); }));
  enforcer().block(payloads_[0].flow);
  go.give();
  EXPECT_EQ(sender->wait(), EPERM);
  EXPECT_TRUE(is_silent(server));
  EXPECT_EQ(drops(abi::DROP_BLOCKED), 1U);
}

}  // namespace
}  // namespace sluice
