// SPDX-License-Identifier: Apache-2.0
#include "base/ip.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

struct NetworkCase {
  std::string name;
  std::string text;
  std::string printed;  // "" = refused
};

class NetworkParse : public testing::TestWithParam<NetworkCase> {};

TEST_P(NetworkParse, ReadsOrRefuses) {
  const auto network = Network::parse(GetParam().text);
  ASSERT_EQ(network.has_value(), !GetParam().printed.empty());
  if (network) {
    EXPECT_EQ(network->to_string(), GetParam().printed);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Networks, NetworkParse,
    testing::Values(
        NetworkCase{"v4", "10.0.0.0/8", "10.0.0.0/8"}, NetworkCase{"v4_host", "192.0.2.7", "192.0.2.7/32"},
        NetworkCase{"v4_all", "0.0.0.0/0", "0.0.0.0/0"}, NetworkCase{"v6", "fd00::/8", "fd00::/8"},
        NetworkCase{"v6_all", "::/0", "::/0"}, NetworkCase{"v6_host", "2001:db8::1", "2001:db8::1/128"},
        NetworkCase{"host_bits", "10.0.0.1/8", ""}, NetworkCase{"prefix_too_long", "10.0.0.0/33", ""},
        NetworkCase{"no_digits", "10.0.0.0/", ""}, NetworkCase{"trailing", "10.0.0.0/8x", ""},
        NetworkCase{"negative", "10.0.0.0/-1", ""}, NetworkCase{"empty", "", ""},
        NetworkCase{"name", "example.com", ""}),
    [](const auto& tested) { return tested.param.name; });

TEST(Network, ContainsByPrefix) {
  const Network ten = *Network::parse("10.0.0.0/8");
  EXPECT_TRUE(ten.contains(*IpAddress::parse("10.255.0.1")));
  EXPECT_FALSE(ten.contains(*IpAddress::parse("11.0.0.1")));
  EXPECT_FALSE(ten.contains(*IpAddress::parse("::a00:1")))
      << "an IPv6 address with the same last bytes is another one";
  EXPECT_TRUE(Network::parse("::/0")->contains(*IpAddress::parse("10.0.0.1")));
  EXPECT_TRUE(ten.contains(*Network::parse("10.1.0.0/16")));
  EXPECT_FALSE(Network::parse("10.1.0.0/16")->contains(ten));
}

TEST(Endpoint, PrintsAsPeopleWriteIt) {
  EXPECT_EQ((Endpoint{*IpAddress::parse("192.0.2.1"), 443}).to_string(), "192.0.2.1:443");
  EXPECT_EQ((Endpoint{*IpAddress::parse("2001:db8::1"), 53}).to_string(), "[2001:db8::1]:53");
}

}  // namespace
}  // namespace sluice
