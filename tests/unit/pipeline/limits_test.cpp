// SPDX-License-Identifier: Apache-2.0
// How a flow begins and ends, and what happens when something is full or late.
#include "harness.h"

namespace sluice::test {
namespace {

using LimitsTest = PipelineTest;

FlowClosed close_of(const FlowFacts& flow) {
  return {.ktime_ns = 9, .cookie = flow.key.cookie, .epoch = flow.epoch, .datagram = flow.is_datagram()};
}

std::uint64_t open_flows(const Pipeline& pipeline) {
  std::uint64_t open = 0;
  for (const std::uint64_t n : pipeline.counters().flows_by_state) open += n;
  return open;
}

TEST_F(LimitsTest, ASocketThatConnectsAnewIsANewFlow) {
  hold(tcp_flow(7, kCurl), 0, "card=4111 1111 ");
  enforcer_.calls.clear();
  FlowFacts again = tcp_flow(7, kCurl);
  again.epoch = 1;
  hold(again, 0, "1111 1111");
  EXPECT_EQ(enforcer_.take(), (Calls{"set_state 7 held", "clear 7 9"}))
      << "read from position 0, as another text";
  EXPECT_TRUE(findings_.empty());
  EXPECT_EQ(open_flows(*pipeline_), 1U);
}

TEST_F(LimitsTest, ASocketThatConnectsAnewLeavesItsBlockBehind) {
  hold(tcp_flow(7, kCurl), 0, kCard);
  enforcer_.calls.clear();
  FlowFacts again = tcp_flow(7, kCurl);
  again.epoch = 1;
  hold(again, 0, "hello");
  EXPECT_EQ(enforcer_.take(), (Calls{"set_state 7 held", "clear 7 5"}));
}

TEST_F(LimitsTest, AFullTableIsCountedAndLetsNothingGoUnreadWhenClosed) {
  start(activate_text(kPolicy), {.max_flows = 1});
  hold(tcp_flow(7, kCurl), 0, "hello");
  enforcer_.calls.clear();
  hold(tcp_flow(8, kCurl), 40, "hello");
  EXPECT_EQ(enforcer_.take(), Calls{}) << "TCP keeps it and tries again until there is room";
  EXPECT_EQ(pipeline_->counters().flows_refused, 1U);
  EXPECT_EQ(pipeline_->counters().bytes_uninspected, 0U);
  hold(tcp_flow(7, kCurl), 5, fmt::format(" {}", kCard));
  EXPECT_EQ(enforcer_.take(), Calls{"block 7"}) << "the flow that has its place goes on";
}

TEST_F(LimitsTest, AFullTableLetsTheFlowGoUnreadAndCountsWhenOpen) {
  std::string open{kPolicy};
  open.replace(open.find("{hold_limit: 2s}"), 1, "{overload: open, ");
  start(activate_text(open), {.max_flows = 1});
  hold(tcp_flow(7, kCurl), 0, "hello");
  enforcer_.calls.clear();
  hold(tcp_flow(8, kCurl), 40, "hello");
  EXPECT_EQ(enforcer_.take(), (Calls{"set_state 8 watched", "clear 8 45"}));
  EXPECT_EQ(pipeline_->counters().bytes_uninspected, 5U);
}

TEST_F(LimitsTest, ThePlaceOfAClosedFlowIsFreeAgain) {
  start(activate_text(kPolicy), {.max_flows = 1});
  open(tcp_flow(7, kCurl));
  pipeline_->handle(close_of(tcp_flow(7, kCurl)));
  enforcer_.calls.clear();
  open(tcp_flow(8, kCurl));
  EXPECT_EQ(enforcer_.take(), Calls{"set_state 8 held"});
  EXPECT_EQ(pipeline_->counters().flows_refused, 0U);
}

TEST_F(LimitsTest, ACloseForgetsTheFlow) {
  open(tcp_flow(7, kCurl));
  open(tcp_flow(8, kCurl));
  enforcer_.calls.clear();
  pipeline_->handle(close_of(tcp_flow(7, kCurl)));
  EXPECT_EQ(enforcer_.take(), Calls{"forget 7"});
  EXPECT_EQ(open_flows(*pipeline_), 1U);
}

TEST_F(LimitsTest, TheCloseOfAnEarlierConnectionLeavesTheNextOne) {
  FlowFacts again = tcp_flow(7, kCurl);
  again.epoch = 1;
  open(again);
  enforcer_.calls.clear();
  pipeline_->handle(close_of(tcp_flow(7, kCurl)));
  EXPECT_EQ(enforcer_.take(), Calls{});
  EXPECT_EQ(open_flows(*pipeline_), 1U);
}

TEST_F(LimitsTest, TheCloseOfAUdpSocketEndsItsFlowsToEveryPeer) {
  open(udp_flow(9, kCurl, 53));
  open(udp_flow(9, kCurl, 54));
  open(udp_flow(10, kCurl, 53));
  enforcer_.calls.clear();
  pipeline_->handle(close_of(udp_flow(9, kCurl)));
  EXPECT_EQ(enforcer_.take(), (Calls{"forget 9", "forget 9"}));
  EXPECT_EQ(open_flows(*pipeline_), 1U);
}

TEST_F(LimitsTest, AFlowThatTheKernelDroppedIsForgotten) {
  open(udp_flow(9, kCurl, 53));
  open(udp_flow(9, kCurl, 54));
  enforcer_.calls.clear();
  pipeline_->drop_flow(udp_flow(9, kCurl, 53).key);
  EXPECT_EQ(enforcer_.take(), Calls{"forget 9"});
  EXPECT_EQ(open_flows(*pipeline_), 1U);
  pipeline_->drop_flow(udp_flow(9, kCurl, 53).key);
  EXPECT_EQ(enforcer_.take(), Calls{}) << "no such flow: nothing to forget";
}

TEST_F(LimitsTest, AnExecAfterTheLastFlowClosedAsksNothing) {
  open(tcp_flow(7, kCurl));
  pipeline_->handle(close_of(tcp_flow(7, kCurl)));
  enforcer_.calls.clear();
  pipeline_->handle(ProcessStarted{
      .ktime_ns = 1, .process = tcp_flow(7, kCurl).owner, .parent = {}, .exe = "x", .args = "x"});
  EXPECT_EQ(enforcer_.take(), Calls{});
}

TEST_F(LimitsTest, AHoldOverTheLimitIsCounted) {
  PayloadSent held = record(tcp_flow(7, kCurl), 0, "hello", true);
  clock_.boottime += 2'000'000'000;
  pipeline_->handle(held);
  EXPECT_EQ(pipeline_->counters().holds_over_limit, 0U) << "to the limit";
  held.pos = StreamPos{5};
  clock_.boottime += 1;
  pipeline_->handle(held);
  EXPECT_EQ(pipeline_->counters().holds_over_limit, 1U);
  EXPECT_EQ(pipeline_->counters().held_records, 2U);
}

TEST_F(LimitsTest, HoldsAreCountedByTheirLength) {
  PayloadSent held = record(tcp_flow(7, kCurl), 0, "hello", true);
  clock_.boottime += 1000;  // between 2^9 and 2^10
  pipeline_->handle(held);
  EXPECT_EQ(pipeline_->counters().hold_ns_log2.at(10), 1U);
  held.ktime_ns = clock_.boottime + 7;  // clocks of two processors may differ
  held.pos = StreamPos{5};
  pipeline_->handle(held);
  EXPECT_EQ(pipeline_->counters().hold_ns_log2.at(0), 1U);
}

TEST_F(LimitsTest, AnAbsurdPositionIsReleasedUnread) {
  hold(tcp_flow(7, kCurl), ~0ULL - 4, kCard);
  EXPECT_TRUE(findings_.empty());
  EXPECT_EQ(pipeline_->counters().bytes_inspected, 0U);
}

TEST_F(LimitsTest, TheNamespacesOfOpenFlowsAreInUse) {
  FlowFacts other = tcp_flow(8, kCurl);
  other.netns = 5;
  open(tcp_flow(7, kCurl));
  open(other);
  EXPECT_EQ(pipeline_->netns_in_use(), (std::set<std::uint32_t>{4, 5}));
  pipeline_->handle(close_of(other));
  EXPECT_EQ(pipeline_->netns_in_use(), std::set<std::uint32_t>{4});
}

}  // namespace
}  // namespace sluice::test
