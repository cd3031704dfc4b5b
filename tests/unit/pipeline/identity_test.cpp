// SPDX-License-Identifier: Apache-2.0
// Who sends decides how a flow is treated, and that can change while it is open.
#include "harness.h"

namespace sluice::test {
namespace {

using IdentityTest = PipelineTest;

Owner owner_of(std::uint32_t pid) { return tcp_flow(0, pid).owner; }

ProcessStarted exec_of(std::uint32_t pid) {
  return {.ktime_ns = 1, .process = owner_of(pid), .parent = Tgid{1}, .exe = "told", .args = "told"};
}

TEST_F(IdentityTest, AFlowThatMayCarryAnythingIsTrusted) {
  open(tcp_flow(7, kBackup));
  EXPECT_EQ(enforcer_.take(), Calls{"set_state 7 trusted"});
  EXPECT_EQ(flows_in(FlowState::trusted), 1U);
}

TEST_F(IdentityTest, AFlowIsTreatedByWhatItsSenderMaySendThere) {
  open(tcp_flow(1, kCurl));
  open(towards(tcp_flow(2, kCheckout), kBank));
  open(tcp_flow(3, kCheckout));
  EXPECT_EQ(enforcer_.take(), (Calls{"set_state 1 held", "set_state 2 watched", "set_state 3 held"}));
}

TEST_F(IdentityTest, BytesSentWhileTrustedAreTrustedInTheLedger) {
  open(tcp_flow(7, kBackup));
  hold(tcp_flow(7, kCurl), 500, kCard);
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_EQ(findings_[0].ledger.trusted, 500U);
  EXPECT_EQ(findings_[0].ledger.uninspected, 0U);
}

TEST_F(IdentityTest, OnlyTheFirstGapAfterTrustIsTrusted) {
  open(tcp_flow(7, kBackup));
  hold(tcp_flow(7, kCurl), 500, "clean");
  hold(tcp_flow(7, kCurl), 605, kCard);
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_EQ(findings_[0].ledger.trusted, 500U);
  EXPECT_EQ(findings_[0].ledger.uninspected, 100U);
}

TEST_F(IdentityTest, AnUnknownOwnerIsLookedUpOnce) {
  owner_answer_ = owner_of(kBackup);
  open(tcp_flow(7, 0));
  watch(tcp_flow(7, 0), 0, "hello");
  watch(tcp_flow(7, 0), 5, "hello");
  EXPECT_EQ(owner_questions_, 1);
  EXPECT_EQ(enforcer_.take(), Calls{"set_state 7 trusted"});
}

TEST_F(IdentityTest, AKnownOwnerIsNotLookedUp) {
  open(tcp_flow(7, kCurl));
  EXPECT_EQ(owner_questions_, 0);
}

TEST_F(IdentityTest, AnOwnerThatNobodyKnowsIsNotTrusted) {
  open(tcp_flow(7, 0));
  EXPECT_EQ(enforcer_.take(), Calls{"set_state 7 held"});
}

TEST_F(IdentityTest, AFlowThatChangesHandsIsClassifiedAnew) {
  open(tcp_flow(7, kBackup));
  hold(tcp_flow(7, kCurl), 0, "hello");
  EXPECT_EQ(enforcer_.take(), (Calls{"set_state 7 trusted", "set_state 7 held", "clear 7 5"}));
}

TEST_F(IdentityTest, AnotherUserOfTheSameProcessIsAnotherOwner) {
  open(tcp_flow(7, kCurl));
  FlowFacts flow = tcp_flow(7, kCurl);
  flow.owner.uid = Uid{0};
  hold(flow, 0, kCard);
  ASSERT_EQ(findings_.size(), 1U);
  EXPECT_EQ(findings_[0].sender.uid, Uid{0});
}

TEST_F(IdentityTest, ARecordWithoutOwnerLeavesTheFlowToTheOneItHas) {
  open(tcp_flow(7, kBackup));
  watch(tcp_flow(7, 0), 0, "hello");
  EXPECT_EQ(enforcer_.take(), Calls{"set_state 7 trusted"});
  EXPECT_EQ(owner_questions_, 0);
  add_process(kBackup, "/usr/bin/curl");
  pipeline_->handle(exec_of(kBackup));
  EXPECT_EQ(enforcer_.take(), Calls{"set_state 7 held"}) << "it is still known whose flow it is";
}

TEST_F(IdentityTest, AnExecOfTheOwnerClassifiesItsFlowsAnew) {
  open(tcp_flow(7, kBackup));
  open(tcp_flow(8, kCurl));
  enforcer_.calls.clear();
  add_process(kBackup, "/usr/bin/curl");
  pipeline_->handle(exec_of(kBackup));
  EXPECT_EQ(enforcer_.take(), Calls{"set_state 7 held"}) << "its own flows, and no others";
}

TEST_F(IdentityTest, AnExecAfterTheFlowChangedHandsIsNoBusinessOfIt) {
  open(tcp_flow(7, kBackup));
  hold(tcp_flow(7, kCurl), 0, "hello");
  enforcer_.calls.clear();
  pipeline_->handle(exec_of(kBackup));
  EXPECT_EQ(enforcer_.take(), Calls{});
  pipeline_->handle(exec_of(kCurl));
  EXPECT_EQ(enforcer_.take(), Calls{"set_state 7 held"});
}

TEST_F(IdentityTest, AnExitIsPassedOnAndKeepsTheFlow) {
  open(tcp_flow(7, kCurl));
  pipeline_->handle(ProcessExited{.ktime_ns = 2, .pid = Tgid{kCurl}, .start_ns = 5});
  EXPECT_EQ(exited_, std::vector{Tgid{kCurl}});
  hold(tcp_flow(7, kCurl), 0, kCard);
  ASSERT_EQ(findings_.size(), 1U) << "what it left in the send queue is still its own";
  EXPECT_EQ(findings_[0].sender.exe, "/usr/bin/curl");
}

TEST_F(IdentityTest, ANewPolicyClassifiesEveryFlowAnew) {
  open(tcp_flow(7, kCurl));
  open(tcp_flow(8, kBackup));
  enforcer_.calls.clear();
  pipeline_->adopt(activate_text("{version: 1, data: {card: {detector: payment_card}}}"));
  EXPECT_EQ(enforcer_.take(), (Calls{"set_state 7 watched", "set_state 8 watched", "flush"}));
}

TEST_F(IdentityTest, ANewPolicyCountsFromTheStart) {
  const FlowFacts flow = tcp_flow(7, kCurl);
  hold(flow, 0, "ann@example.org, bob@example.org\n");
  pipeline_->adopt(activate_text(kPolicy));
  hold(flow, 33, "eve@example.org\n");
  EXPECT_TRUE(findings_.empty()) << "one value under the new policy";
}

TEST_F(IdentityTest, ABlockedFlowStaysBlockedUnderANewPolicy) {
  hold(tcp_flow(7, kCurl), 0, kCard);
  enforcer_.calls.clear();
  pipeline_->adopt(activate_text(kPolicy, Mode::observe));
  EXPECT_EQ(enforcer_.take(), Calls{"flush"});
  EXPECT_EQ(flows_in(FlowState::blocked), 1U);
}

TEST_F(IdentityTest, ACardSplitOverAReloadIsFound) {
  hold(tcp_flow(7, kCurl), 0, "card=4111 1111 ");
  pipeline_->adopt(activate_text(kPolicy));
  enforcer_.calls.clear();
  hold(tcp_flow(7, kCurl), 15, "1111 1111");
  EXPECT_EQ(enforcer_.take(), Calls{"block 7"});
}

TEST_F(IdentityTest, ADeniedConnectionIsToldByTheNameOfItsRule) {
  ConnectDenied denied{
      .ktime_ns = 1, .flow = towards(tcp_flow(7, kCurl), "203.0.113.200"), .rule = 0, .refused = true};
  pipeline_->handle(denied);
  denied.refused = false;
  pipeline_->handle(denied);
  ASSERT_EQ(findings_.size(), 2U);
  EXPECT_EQ(findings_[0].kind, FindingKind::connection);
  EXPECT_NE(findings_[0].decision.rule.find("no-lab"), std::string::npos);
  EXPECT_EQ(findings_[0].decision.verdict, Verdict::block);
  EXPECT_EQ(findings_[0].sender.exe, "/usr/bin/curl");
  EXPECT_EQ(findings_[0].destination.to_string(), "203.0.113.200:443");
  EXPECT_EQ(findings_[1].decision.verdict, Verdict::would_block);
  EXPECT_TRUE(enforcer_.take().empty()) << "the connect hook refused it already";
}

TEST_F(IdentityTest, ADenialUnderARuleThatIsGoneIsNotToldUnderAnotherName) {
  pipeline_->handle(ConnectDenied{.ktime_ns = 1, .flow = tcp_flow(7, kCurl), .rule = 1, .refused = true});
  EXPECT_TRUE(findings_.empty());
}

}  // namespace
}  // namespace sluice::test
