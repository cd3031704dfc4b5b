// SPDX-License-Identifier: Apache-2.0
// What GateControl writes into the memory it shares with the gate. There is no gate here: every call into the
// kernel fails, as it does when a program is gone.
#include "enforce/gate_control.h"

#include <gtest/gtest.h>

#include <memory>

namespace sluice::enforce {
namespace {

class GateControlTest : public testing::Test {
 protected:
  static FlowFacts flow(std::uint64_t cookie, std::uint32_t epoch = 0) {
    return {.key = {.cookie = SocketCookie{cookie}, .peer = {}}, .epoch = epoch};
  }

  abi::control control_{};
  std::unique_ptr<abi::rulings> rulings_ = std::make_unique<abi::rulings>();
  GateControl gate_{{.control = &control_, .rulings = rulings_.get()}};
};

TEST_F(GateControlTest, ARulingAndAClearanceOfOneFlowAreOneItem) {
  gate_.rule(flow(7), FlowState::held);
  gate_.clear(flow(7), StreamPos{120});
  ASSERT_EQ(rulings_->count, 1U);
  const abi::ruling& item = rulings_->items[0];
  EXPECT_EQ(item.key.cookie, 7U);
  EXPECT_EQ(item.state, static_cast<std::uint32_t>(abi::STATE_HELD));
  EXPECT_EQ(item.cleared, 120U);
}

TEST_F(GateControlTest, AClearanceLeavesTheStateAsItIs) {
  gate_.clear(flow(7), StreamPos{120});
  EXPECT_EQ(rulings_->items[0].state, static_cast<std::uint32_t>(abi::STATE_UNRULED));
}

TEST_F(GateControlTest, AClearanceNeverMovesBack) {
  gate_.clear(flow(7), StreamPos{120});
  gate_.clear(flow(7), StreamPos{100});
  EXPECT_EQ(rulings_->items[0].cleared, 120U);
}

TEST_F(GateControlTest, TheLastStateWins) {
  gate_.rule(flow(7), FlowState::held);
  gate_.rule(flow(7), FlowState::blocked);
  ASSERT_EQ(rulings_->count, 1U);
  EXPECT_EQ(rulings_->items[0].state, static_cast<std::uint32_t>(abi::STATE_BLOCKED));
}

TEST_F(GateControlTest, AnotherConnectionOfTheSocketIsAnotherItem) {
  gate_.clear(flow(7, 0), StreamPos{120});
  gate_.clear(flow(7, 1), StreamPos{5});
  ASSERT_EQ(rulings_->count, 2U);
  EXPECT_EQ(rulings_->items[1].epoch, 1U);
  EXPECT_EQ(rulings_->items[1].cleared, 5U);
}

TEST_F(GateControlTest, APeerOfADatagramSocketIsPartOfTheKey) {
  FlowFacts to_dns = flow(7);
  to_dns.key.peer = {.address = *IpAddress::parse("192.0.2.53"), .port = 53};
  gate_.rule(to_dns, FlowState::held);
  gate_.rule(flow(7), FlowState::watched);
  ASSERT_EQ(rulings_->count, 2U);
  const abi::flow_key& key = rulings_->items[0].key;
  EXPECT_EQ(key.peer_port, 53);
  EXPECT_EQ(key.peer_addr[10], 0xff) << "IPv4 is mapped";
  EXPECT_EQ(key.peer_addr[12], 192);
  EXPECT_EQ(key.peer_addr[15], 53);
}

TEST_F(GateControlTest, AFullQueueAppliesItself) {
  for (std::uint64_t cookie = 0; cookie < abi::MAX_RULINGS; ++cookie)
    gate_.rule(flow(cookie), FlowState::held);
  EXPECT_EQ(rulings_->count, static_cast<std::uint32_t>(abi::MAX_RULINGS));
  gate_.rule(flow(1000), FlowState::held);
  ASSERT_EQ(rulings_->count, 1U);
  EXPECT_EQ(rulings_->items[0].key.cookie, 1000U);
}

TEST_F(GateControlTest, RulingsThatTheKernelDidNotTakeAreCounted) {
  gate_.apply();
  EXPECT_EQ(gate_.failures(), 0U) << "nothing to apply, nothing lost";
  gate_.rule(flow(7), FlowState::held);
  gate_.rule(flow(8), FlowState::held);
  gate_.apply();
  EXPECT_EQ(gate_.failures(), 2U);
  EXPECT_EQ(rulings_->count, 0U);
}

TEST_F(GateControlTest, ANewBankIsWrittenBesideTheOneInForce) {
  control_.banks[0].default_state = abi::STATE_WATCHED;
  const auto switched = gate_.switch_bank({.default_state = FlowState::held,
                                           .closed_on_daemon_failure = true,
                                           .closed_on_overload = false,
                                           .refuse_denied_connects = true},
                                          {});
  ASSERT_TRUE(switched) << switched.error().message();
  EXPECT_EQ(control_.bank, 1U);
  EXPECT_EQ(control_.banks[0].default_state, static_cast<std::uint32_t>(abi::STATE_WATCHED)) << "untouched";
  EXPECT_EQ(control_.banks[1].default_state, static_cast<std::uint32_t>(abi::STATE_HELD));
  EXPECT_EQ(control_.banks[1].on_daemon_failure, static_cast<std::uint32_t>(abi::FAIL_CLOSED));
  EXPECT_EQ(control_.banks[1].on_overload, static_cast<std::uint32_t>(abi::FAIL_OPEN));
  EXPECT_EQ(control_.banks[1].deny_connects, 1U);
  ASSERT_TRUE(gate_.switch_bank({}, {}));
  EXPECT_EQ(control_.bank, 0U) << "back to the first";
}

TEST_F(GateControlTest, ABankThatCannotBeFilledIsNotPutInForce) {
  const std::vector<DeniedEntry> denied{{.network = *Network::parse("192.0.2.0/24"), .ports = {}, .rule = 0}};
  const auto switched = gate_.switch_bank({.default_state = FlowState::held}, denied);
  ASSERT_FALSE(switched);
  EXPECT_NE(switched.error().message().find("192.0.2.0/24"), std::string::npos);
  EXPECT_EQ(control_.bank, 0U);
}

TEST_F(GateControlTest, EveryReasonHasANameAndALossASentence) {
  const GateCounters counters = gate_.counters();
  ASSERT_EQ(counters.drops.size(), static_cast<std::size_t>(abi::DROP_REASONS));
  for (const GateDrop& drop : counters.drops) {
    EXPECT_FALSE(drop.name.empty()) << "a reason of abi.h without its row";
    EXPECT_EQ(drop.rule.empty(), drop.sentence.empty()) << drop.name;
  }
}

TEST_F(GateControlTest, AHeartbeatIsWrittenWhereTheGateReadsIt) {
  gate_.beat(42);
  EXPECT_EQ(control_.heartbeat_ns, 42U);
}

}  // namespace
}  // namespace sluice::enforce
