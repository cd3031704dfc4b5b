// SPDX-License-Identifier: Apache-2.0
#include "control/peer.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/unique_fd.h"

namespace sluice::control {
namespace {

constexpr Gid kGroup{500};

TEST(MayControl, RootMay) { EXPECT_TRUE(may_control({.uid = Uid{0}, .gid = Gid{0}, .groups = {}}, kGroup)); }
TEST(MayControl, PrimaryGroupMay) {
  EXPECT_TRUE(may_control({.uid = Uid{1000}, .gid = kGroup, .groups = {}}, kGroup));
}
TEST(MayControl, SupplementaryGroupMay) {
  EXPECT_TRUE(may_control({.uid = Uid{1000}, .gid = Gid{1000}, .groups = {Gid{4}, kGroup}}, kGroup));
}
TEST(MayControl, OthersMayNot) {
  EXPECT_FALSE(may_control({.uid = Uid{1000}, .gid = Gid{1000}, .groups = {Gid{4}}}, kGroup));
}

TEST(PeerOf, IsTheKernelsWord) {
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  const UniqueFd here{pair[0]};
  const UniqueFd there{pair[1]};
  const auto peer = peer_of(here.get());
  ASSERT_TRUE(peer) << peer.error().message();
  EXPECT_EQ(peer->uid, Uid{geteuid()});
  EXPECT_EQ(peer->gid, Gid{getegid()});
  EXPECT_EQ(peer->pid, Tgid{static_cast<std::uint32_t>(getpid())});
}

TEST(PeerOf, FailsOnWhatIsNoSocket) { EXPECT_FALSE(peer_of(-1)); }

}  // namespace
}  // namespace sluice::control
