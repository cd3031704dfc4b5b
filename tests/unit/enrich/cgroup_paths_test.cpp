// SPDX-License-Identifier: Apache-2.0
#include "enrich/cgroup_paths.h"

#include <gtest/gtest.h>

namespace sluice::enrich {
namespace {

struct Case {
  std::string name, path, unit;
};

class UnitOf : public testing::TestWithParam<Case> {};

TEST_P(UnitOf, IsTheFirstComponentThatIsNoSlice) { EXPECT_EQ(unit_of(GetParam().path), GetParam().unit); }

INSTANTIATE_TEST_SUITE_P(
    Paths, UnitOf,
    testing::Values(Case{"service", "/system.slice/checkout.service", "checkout.service"},
                    Case{"below_a_service", "/system.slice/docker.service/abc", "docker.service"},
                    Case{"nested_slices", "/a.slice/a-b.slice/c.service", "c.service"},
                    Case{"session", "/user.slice/user-1000.slice/session-3.scope", "session-3.scope"},
                    Case{"user_cannot_pose_as_a_system_unit",
                         "/user.slice/user-1000.slice/user@1000.service/app.slice/checkout.service",
                         "user@1000.service"},
                    Case{"plain_cgroup", "/test/checkout.service", ""}, Case{"root", "/", ""},
                    Case{"empty", "", ""}, Case{"only_a_suffix", "/system.slice/.service", ""}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace sluice::enrich
