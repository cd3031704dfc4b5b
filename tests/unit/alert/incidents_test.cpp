// SPDX-License-Identifier: Apache-2.0
#include "alert/incidents.h"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "sample.h"

namespace sluice::alert {
namespace {

using namespace std::chrono_literals;
using test::kNoon;

Finding leak(std::uint64_t fingerprint = 0x1234) {
  Finding finding = test::sample_finding();
  finding.id.clear();
  finding.fingerprints = {Fingerprint{fingerprint}};
  return finding;
}

TEST(Incidents, FirstOfALeakIsToldAtOnceWithAnId) {
  Incidents incidents{1};
  const auto told = incidents.report(leak(), kNoon);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].count, 1U);
  EXPECT_EQ(told[0].id.size(), 16U);
  EXPECT_EQ(told[0].id.find_first_not_of("0123456789abcdef"), std::string::npos);
}

TEST(Incidents, RepeatsWithinAMinuteAreSilentAndToldOnceWithTheirCount) {
  Incidents incidents{1};
  const std::string id = incidents.report(leak(1), kNoon)[0].id;
  for (int i = 1; i < 5; ++i) {
    Finding repeat = leak(static_cast<std::uint64_t>(i % 2) + 1);
    repeat.last = kNoon + i * 1s;
    EXPECT_TRUE(incidents.report(std::move(repeat), kNoon + i * 1s).empty());
  }
  EXPECT_TRUE(incidents.expire(kNoon + 59s).empty());
  const auto told = incidents.expire(kNoon + 60s);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].id, id);
  EXPECT_EQ(told[0].count, 5U);
  EXPECT_EQ(told[0].values, 2U);
  EXPECT_EQ(told[0].fingerprints.size(), 2U);
  EXPECT_EQ(told[0].first, kNoon);
  EXPECT_EQ(told[0].last, kNoon + 4s);
  EXPECT_TRUE(incidents.expire(kNoon + 10min).empty());
}

TEST(Incidents, ALeakThatWasSeenOnceNeedsNoUpdate) {
  Incidents incidents{1};
  (void)incidents.report(leak(), kNoon);
  EXPECT_TRUE(incidents.expire(kNoon + 2min).empty());
  EXPECT_EQ(incidents.open(), 0U);
}

TEST(Incidents, AfterTheMinuteTheSameLeakIsANewFindingAndClosesTheOldOne) {
  Incidents incidents{1};
  const std::string first = incidents.report(leak(), kNoon)[0].id;
  (void)incidents.report(leak(), kNoon + 1s);
  const auto told = incidents.report(leak(), kNoon + 61s);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].id, first);
  EXPECT_EQ(told[0].count, 2U);
  EXPECT_NE(told[1].id, first);
  EXPECT_EQ(told[1].count, 1U);
}

struct Difference {
  const char* name;
  void (*apply)(Finding&);
};
class Distinct : public testing::TestWithParam<Difference> {};

TEST_P(Distinct, AnythingThatMakesAnotherLeakIsToldAtOnce) {
  Incidents incidents{1};
  (void)incidents.report(leak(), kNoon);
  Finding other = leak();
  GetParam().apply(other);
  EXPECT_EQ(incidents.report(std::move(other), kNoon).size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(
    Key, Distinct,
    testing::Values(Difference{"exe", [](Finding& f) { f.sender.exe = "/usr/bin/wget"; }},
                    Difference{"unit", [](Finding& f) { f.sender.unit = "cron.service"; }},
                    Difference{"uid", [](Finding& f) { f.sender.uid = Uid{0}; }},
                    Difference{"kind", [](Finding& f) { f.kind = FindingKind::connection; }},
                    Difference{"data_class", [](Finding& f) { f.data_class = "contact"; }},
                    Difference{"port", [](Finding& f) { f.destination.endpoint.port = 81; }},
                    Difference{"name", [](Finding& f) { f.destination.name = "paste.example"; }},
                    Difference{"verdict", [](Finding& f) { f.decision.verdict = Verdict::alert; }}),
    [](const auto& tested) { return tested.param.name; });

TEST(Incidents, AnotherProcessOfTheSameProgramIsTheSameLeak) {
  Incidents incidents{1};
  (void)incidents.report(leak(), kNoon);
  Finding other = leak();
  other.sender.pid = Tgid{813};
  other.sender.args = "curl -d @/tmp/x";
  EXPECT_TRUE(incidents.report(std::move(other), kNoon).empty());
}

TEST(Incidents, WhenAllPlacesAreTakenTheOldestIsToldEarly) {
  Incidents incidents{1, {.max_open = 2}};
  const auto with_port = [](std::uint16_t port) {
    Finding finding = leak();
    finding.destination.endpoint.port = port;
    return finding;
  };
  (void)incidents.report(with_port(1), kNoon);
  (void)incidents.report(with_port(1), kNoon);
  (void)incidents.report(with_port(2), kNoon);
  const auto told = incidents.report(with_port(3), kNoon);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].destination.endpoint.port, 1);
  EXPECT_EQ(told[0].count, 2U);
  EXPECT_EQ(told[1].destination.endpoint.port, 3);
  EXPECT_EQ(incidents.open(), 2U);
  EXPECT_EQ(incidents.closed_early(), 1U);
}

TEST(Incidents, CountsNothingTwiceAndLosesNothing) {
  Incidents incidents{7, {.max_open = 3, .max_recent = 2}};
  std::uint32_t told = 0;
  std::uint32_t updates = 0;
  const auto take = [&](const std::vector<Finding>& findings) {
    for (const Finding& finding : findings) finding.count > 1 ? updates += finding.count - 1 : ++told;
  };
  for (int i = 0; i < 1000; ++i) {
    Finding finding = leak();
    finding.destination.endpoint.port = static_cast<std::uint16_t>(i * i % 11);
    take(incidents.report(std::move(finding), kNoon + i * 1s));
  }
  take(incidents.close_all());
  EXPECT_EQ(told + updates, 1000U);
}

TEST(Incidents, SnapshotHasTheNewestWithPresentCounts) {
  Incidents incidents{1, {.max_recent = 3}};
  for (std::uint16_t port = 1; port <= 5; ++port) {
    Finding finding = leak();
    finding.destination.endpoint.port = port;
    (void)incidents.report(std::move(finding), kNoon);
  }
  Finding repeat = leak();
  repeat.destination.endpoint.port = 5;
  (void)incidents.report(std::move(repeat), kNoon);
  Finding forgotten = leak();
  forgotten.destination.endpoint.port = 1;
  (void)incidents.report(std::move(forgotten), kNoon);

  const auto recent = incidents.snapshot();
  ASSERT_EQ(recent.size(), 3U);
  EXPECT_EQ(recent[0].destination.endpoint.port, 3);
  EXPECT_EQ(recent[2].destination.endpoint.port, 5);
  EXPECT_EQ(recent[2].count, 2U);
  ASSERT_TRUE(incidents.find(recent[2].id));
  EXPECT_EQ(incidents.find(recent[2].id)->count, 2U);
  EXPECT_FALSE(incidents.find("0000000000000000"));
  EXPECT_EQ(incidents.snapshot(1).size(), 1U);
}

TEST(Incidents, IdsDifferBetweenRuns) {
  EXPECT_NE(Incidents{1}.report(leak(), kNoon)[0].id, Incidents{2}.report(leak(), kNoon)[0].id);
}

TEST(Incidents, AClockSetBackDoesNotKeepAnIncidentOpenForEver) {
  Incidents incidents{1};
  (void)incidents.report(leak(), kNoon);
  (void)incidents.report(leak(), kNoon);
  const auto told = incidents.expire(kNoon - 1h);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].count, 2U);
}

TEST(Incidents, SamplesStayBounded) {
  Incidents incidents{1, {.max_distinct = 8}};
  for (std::uint64_t i = 0; i < 100; ++i) {
    Finding finding = leak(i);
    finding.masked = {fmt::format("****{:04}", i)};
    (void)incidents.report(std::move(finding), kNoon);
  }
  const Finding told = incidents.close_all().at(0);
  EXPECT_EQ(told.count, 100U);
  EXPECT_EQ(told.masked.size(), Finding::kMaxSamples);
  EXPECT_EQ(told.fingerprints.size(), Finding::kMaxSamples);
  EXPECT_EQ(told.values, 8U);
}

}  // namespace
}  // namespace sluice::alert
