// SPDX-License-Identifier: Apache-2.0
// What leaves and what does not, by its content.
#include "harness.h"

namespace sluice::test {
namespace {

using ContentTest = PipelineTest;

TEST_F(ContentTest, ACleanHeldRecordIsClearedToItsEnd) {
  hold(tcp_flow(7, kCurl), 0, "hello");
  hold(tcp_flow(7, kCurl), 5, "world!");
  pipeline_->flush();
  EXPECT_EQ(enforcer_.take(), (Calls{"set_state 7 held", "clear 7 5", "clear 7 11", "flush"}));
  EXPECT_TRUE(findings_.empty());
  EXPECT_EQ(pipeline_->counters().bytes_inspected, 11U);
}

TEST_F(ContentTest, AWatchedRecordNeedsNoClearance) {
  watch(tcp_flow(7, kCurl), 0, "hello");
  EXPECT_EQ(enforcer_.take(), Calls{"set_state 7 held"});
}

TEST_F(ContentTest, ACardInAHeldRecordBlocksAndIsNeverCleared) {
  hold(tcp_flow(7, kCurl), 0, fmt::format("card={}", kCard));
  EXPECT_EQ(enforcer_.take(), (Calls{"set_state 7 held", "block 7"}));
  ASSERT_EQ(findings_.size(), 1U);
  const Finding& finding = findings_[0];
  EXPECT_EQ(finding.decision.verdict, Verdict::block);
  EXPECT_EQ(finding.decision.rule, "violations.card");
  EXPECT_EQ(finding.data_class, "card");
  EXPECT_EQ(finding.detectors, std::vector<std::string>{"payment_card"});
  EXPECT_EQ(finding.values, 1U);
  EXPECT_EQ(finding.masked, std::vector<std::string>{"************1111"});
  EXPECT_EQ(finding.sender.exe, "/usr/bin/curl");
  EXPECT_EQ(finding.destination.to_string(), "203.0.113.9:443");
  EXPECT_EQ(finding.flow.state, FlowState::blocked);
  EXPECT_EQ(finding.done, "socket disconnected");
  EXPECT_EQ(finding.policy_hash, pipeline_->active().policy->hash);
  EXPECT_EQ(finding.ledger.inspected, 5 + kCard.size());
}

TEST_F(ContentTest, RecordsAfterABlockAreIgnored) {
  hold(tcp_flow(7, kCurl), 0, kCard);
  enforcer_.calls.clear();
  hold(tcp_flow(7, kCurl), kCard.size(), "clean");
  hold(tcp_flow(7, kCurl), kCard.size() + 5, fmt::format("\n{}", kOtherCard));
  EXPECT_EQ(enforcer_.take(), Calls{});
  EXPECT_EQ(findings_.size(), 1U);
  EXPECT_EQ(flows_in(FlowState::blocked), 1U);
}

TEST_F(ContentTest, ACardSplitOverTwoRecordsIsFound) {
  hold(tcp_flow(7, kCurl), 0, "card=4111 1111 ");
  EXPECT_EQ(enforcer_.take(), (Calls{"set_state 7 held", "clear 7 15"}));
  hold(tcp_flow(7, kCurl), 15, "1111 1111");
  EXPECT_EQ(enforcer_.take(), Calls{"block 7"});
}

TEST_F(ContentTest, NothingMatchesAcrossAGap) {
  hold(tcp_flow(7, kCurl), 0, "card=4111 1111 ");
  hold(tcp_flow(7, kCurl), 1015, "1111 1111");
  EXPECT_TRUE(findings_.empty());
  hold(tcp_flow(7, kCurl), 1024, fmt::format("\n{}", kCard));
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_EQ(findings_[0].ledger.uninspected, 1000U);
  EXPECT_EQ(findings_[0].ledger.trusted, 0U);
  EXPECT_EQ(findings_[0].ledger.inspected, 15U + 9U + 1U + kCard.size());
  EXPECT_EQ(findings_[0].ledger.sent, findings_[0].ledger.inspected + 1000U);
}

TEST_F(ContentTest, BytesSeenBeforeAreNotInspectedTwice) {
  hold(tcp_flow(7, kCurl), 0, "hello");
  hold(tcp_flow(7, kCurl), 3, "lo you");
  EXPECT_EQ(pipeline_->counters().bytes_inspected, 9U);
}

TEST_F(ContentTest, TwoFlowsAreTwoTexts) {
  hold(tcp_flow(7, kCurl), 0, "card=4111 1111 ");
  hold(tcp_flow(8, kCurl), 0, "1111 1111");
  EXPECT_TRUE(findings_.empty());
}

TEST_F(ContentTest, AnAllowedFlowIsToldAsAllowedAndCleared) {
  const FlowFacts flow = towards(tcp_flow(7, kCheckout), kBank);
  hold(flow, 0, kCard);
  EXPECT_EQ(enforcer_.take(), (Calls{"set_state 7 watched", "clear 7 19"}));
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_EQ(findings_[0].decision.verdict, Verdict::allow);
  EXPECT_EQ(findings_[0].decision.rule, "charge-cards");
  EXPECT_EQ(findings_[0].done, "");
}

TEST_F(ContentTest, ObserveToldWhatItWouldHaveBlockedAndBlocksNothing) {
  start(activate_text(kPolicy, Mode::observe));
  watch(tcp_flow(7, kCurl), 0, kCard);
  EXPECT_EQ(enforcer_.take(), Calls{"set_state 7 watched"});
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_EQ(findings_[0].decision.verdict, Verdict::would_block);
  EXPECT_EQ(findings_[0].mode, Mode::observe);
  EXPECT_EQ(findings_[0].flow.state, FlowState::watched);
  watch(tcp_flow(7, kCurl), kCard.size(), fmt::format("\n{}", kOtherCard));
  ASSERT_EQ(findings_.size(), 2U) << "inspection goes on";
  EXPECT_EQ(findings_[1].values, 2U);
}

TEST_F(ContentTest, AClassIsToldFromItsFewestValuesOn) {
  const FlowFacts flow = tcp_flow(7, kCurl);
  std::uint64_t pos = 0;
  const auto send = [&](std::string_view text) {
    hold(flow, pos, text);
    pos += text.size();
  };
  send("to: ann@example.org, ann@example.org, ann@example.org\n");
  send("to: bob@example.org\n");
  EXPECT_TRUE(findings_.empty()) << "two distinct values, whatever they repeat";
  send("to: eve@example.org\n");
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_EQ(findings_[0].decision.verdict, Verdict::alert);
  EXPECT_EQ(findings_[0].values, 3U);
  EXPECT_EQ(findings_[0].masked.size(), 3U);
  EXPECT_EQ(findings_[0].fingerprints.size(), 3U);
  send("nothing new\n");
  EXPECT_EQ(findings_.size(), 1U) << "told again only when it grows";
  EXPECT_EQ(enforcer_.take().back(), fmt::format("clear 7 {}", pos)) << "an alert stops nothing";
}

TEST_F(ContentTest, ASampleOfTheValuesIsShownHoweverManyThereAre) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += fmt::format("user{}@example.org\n", i);
  hold(tcp_flow(7, kCurl), 0, text);
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_EQ(findings_[0].values, 40U);
  EXPECT_EQ(findings_[0].masked.size(), Finding::kMaxSamples);
}

TEST_F(ContentTest, AHeldDatagramIsSentAgainOnlyWhenClean) {
  hold(udp_flow(9, kCurl), 0, "query");
  EXPECT_EQ(enforcer_.take(), (Calls{"set_state 9 held", "resend 9 query"}));
  hold(udp_flow(9, kCurl), 5, fmt::format("card={}", kCard));
  EXPECT_EQ(enforcer_.take(), Calls{"block 9"});
}

TEST_F(ContentTest, ADatagramIsATextOfItsOwn) {
  hold(udp_flow(9, kCurl), 0, "query");
  enforcer_.calls.clear();
  hold(udp_flow(9, kCurl), 5, kCard);
  EXPECT_EQ(enforcer_.take(), Calls{"block 9"}) << "not glued to the letters of the datagram before";
}

TEST_F(ContentTest, ADatagramThatWasOvertakenIsReadAllTheSame) {
  hold(udp_flow(9, kCurl), 100, "query");
  enforcer_.calls.clear();
  hold(udp_flow(9, kCurl), 0, kCard);
  EXPECT_EQ(enforcer_.take(), Calls{"block 9"}) << "two threads, two processors, one ring";
}

TEST_F(ContentTest, AnotherPeerOfABlockedSocketIsAnotherFlow) {
  hold(udp_flow(9, kCurl, 53), 0, kCard);
  enforcer_.calls.clear();
  hold(udp_flow(9, kCurl, 54), 0, "query");
  EXPECT_EQ(enforcer_.take(), (Calls{"set_state 9 held", "resend 9 query"}));
}

}  // namespace
}  // namespace sluice::test
