// SPDX-License-Identifier: Apache-2.0
#include "app_status.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using Drops = std::vector<enforce::GateDrop>;

Drops drops(std::uint64_t ring_full, std::uint64_t blocked, std::uint64_t daemon_silent) {
  return {
      {.name = "ring_full", .rule = "failure.overload", .sentence = "packets passed", .count = ring_full},
      {.name = "blocked", .rule = "", .sentence = "", .count = blocked},
      {.name = "daemon", .rule = "failure.daemon", .sentence = "packets refused", .count = daemon_silent}};
}

TEST(CoverageLosses, TellWhatGrewSinceTheLastReading) {
  const auto losses = coverage_losses(drops(5, 0, 2), drops(8, 0, 2));
  ASSERT_EQ(losses.size(), 1U);
  EXPECT_EQ(losses[0].rule, "failure.overload");
  EXPECT_EQ(losses[0].sentence, "3 packets passed");
}

TEST(CoverageLosses, TellEachReasonOfItsOwn) {
  const auto losses = coverage_losses(drops(0, 0, 0), drops(1, 0, 7));
  ASSERT_EQ(losses.size(), 2U);
  EXPECT_EQ(losses[1].rule, "failure.daemon");
  EXPECT_EQ(losses[1].sentence, "7 packets refused");
}

TEST(CoverageLosses, CountTheFirstReadingFromZero) {
  EXPECT_EQ(coverage_losses({}, drops(4, 0, 0)).at(0).sentence, "4 packets passed");
  EXPECT_TRUE(coverage_losses({}, drops(0, 0, 0)).empty());
}

TEST(CoverageLosses, LeaveOutWhatIsNoLossOfSight) {
  EXPECT_TRUE(coverage_losses(drops(0, 0, 0), drops(0, 1000, 0)).empty()) << "a block is what was wanted";
}

TEST(PinDirectory, IsTheWellKnownOneForTheInstalledState) {
  EXPECT_EQ(pin_directory("/var/lib/sluice"), "/sys/fs/bpf/sluice");
}

TEST(PinDirectory, IsAnotherForEachOtherState) {
  const std::string one = pin_directory("/tmp/one");
  EXPECT_TRUE(one.starts_with("/sys/fs/bpf/sluice-"));
  EXPECT_EQ(pin_directory("/tmp/one"), one) << "the next daemon takes over from the one that died";
  EXPECT_NE(pin_directory("/tmp/two"), one);
}

TEST(DoctorJson, SaysOfEachFeatureWhatItsLackCosts) {
  const StatusFacts facts;
  const auto answer = facts.doctor_json({{.name = "ring buffer",
                                          .present = false,
                                          .required = true,
                                          .detail = "BPF_MAP_TYPE_RINGBUF: no",
                                          .consequence = "nothing can be captured"}});
  EXPECT_EQ(answer["kernel"], facts.kernel());
  ASSERT_EQ(answer["features"].size(), 1U);
  EXPECT_EQ(answer["features"][0]["present"], false);
  EXPECT_EQ(answer["features"][0]["consequence"], "nothing can be captured");
}

}  // namespace
}  // namespace sluice
