// SPDX-License-Identifier: Apache-2.0
#include "policy/compile.h"

#include <gtest/gtest.h>

#include <random>

#include "policy/decide.h"
#include "vocabulary.h"

namespace sluice::policy {
namespace {

std::string shown(const std::vector<DeniedNetwork>& denied) {
  std::string out;
  for (const DeniedNetwork& entry : denied) {
    out += entry.network.to_string() + (entry.all_ports ? " all" : "");
    for (const PortRange& range : entry.ports)
      out += ' ' + std::to_string(range.first) + '-' + std::to_string(range.last);
    out += " rule " + std::to_string(entry.rule) + '\n';
  }
  return out;
}

std::string compiled(const std::string& rest) {
  const LoadedPolicy loaded = load("version: 1\ndata: {card: {detector: payment_card}}\n" + rest);
  EXPECT_NE(loaded.policy, nullptr) << joined(loaded);
  return loaded.policy ? shown(compile_connections(*loaded.policy)) : "";
}

TEST(CompileConnections, a_policy_without_rules_denies_nothing) { EXPECT_EQ(compiled(""), ""); }

TEST(CompileConnections, a_network_within_another_holds_the_ports_of_both) {
  EXPECT_EQ(
      compiled(
          "destinations: {wide: {network: 10.0.0.0/8, port: 22}, narrow: {network: 10.1.0.0/16, port: 80}}\n"
          "connections: [{name: a, deny: wide}, {name: b, deny: narrow}]\n"),
      "10.0.0.0/8 22-22 rule 0\n10.1.0.0/16 22-22 80-80 rule 1\n");
}

TEST(CompileConnections, ports_without_a_network_are_denied_everywhere) {
  EXPECT_EQ(compiled("destinations: {mail: {port: 25}, lab: {network: 192.0.2.0/24}}\n"
                     "connections: [{name: a, deny: [mail, lab]}]\n"),
            "::/0 25-25 rule 0\n192.0.2.0/24 all rule 0\n");
}

TEST(CompileConnections, ranges_that_overlap_or_touch_are_one) {
  EXPECT_EQ(compiled("destinations: {d: {network: 192.0.2.1, port: [80-90, 85-100, 101, 200, 65535]}}\n"
                     "connections: [{name: a, deny: d}]\n"),
            "192.0.2.1/32 80-101 200-200 65535-65535 rule 0\n");
}

TEST(CompileConnections, all_ports_of_the_wider_network_are_denied_in_the_narrower) {
  EXPECT_EQ(
      compiled("destinations: {wide: {network: 'fd00::/8'}, narrow: {network: 'fd00:1::/32', port: 80}}\n"
               "connections: [{name: a, deny: narrow}, {name: b, deny: wide}]\n"),
      "fd00::/8 all rule 1\nfd00:1::/32 all rule 0\n");
}

/// What the kernel does with the table.
const DeniedNetwork* longest_prefix(const std::vector<DeniedNetwork>& table, const IpAddress& address) {
  const DeniedNetwork* best = nullptr;
  for (const DeniedNetwork& entry : table)
    if (entry.network.contains(address) && (best == nullptr || entry.network.prefix > best->network.prefix))
      best = &entry;
  return best;
}

bool table_denies(const DeniedNetwork* entry, std::uint16_t port) {
  if (entry == nullptr) return false;
  return entry->all_ports || std::ranges::any_of(entry->ports, [&](const PortRange& r) {
           return r.first <= port && port <= r.last;
         });
}

/// An address of few distinct bits, so that random networks contain each other often.
IpAddress random_address(std::mt19937& random) {
  IpAddress out = *IpAddress::parse("10.0.0.0");
  if (random() % 4 == 0) out = *IpAddress::parse("fd00::");
  for (const std::size_t i : {13U, 14U, 15U}) out.bytes[i] = static_cast<std::uint8_t>((random() % 4) << 6);
  return out;
}

Network random_network(std::mt19937& random) {
  const IpAddress address = random_address(random);
  const auto prefix = static_cast<std::uint8_t>(random() % 8 == 0 ? random() % 97 : 96 + random() % 33);
  Network out{IpAddress{}, prefix};
  for (unsigned bit = 0; bit < prefix; ++bit)
    out.address.bytes[bit / 8] =
        static_cast<std::uint8_t>(out.address.bytes[bit / 8] | (address.bytes[bit / 8] & (0x80U >> bit % 8)));
  return out;
}

Policy random_policy(std::mt19937& random) {
  Policy out;
  for (std::size_t i = 0, n = 1 + random() % 8; i < n; ++i) {
    DestinationRule rule{.name = "d", .names = {}, .networks = {}, .ports = {}};
    for (std::size_t j = 0, m = random() % 4; j < m; ++j) rule.networks.push_back(random_network(random));
    for (std::size_t j = 0, m = random() % 3; j < m || rule.networks.size() + j == 0; ++j) {
      const auto first = static_cast<std::uint16_t>(1 + random() % 20);
      rule.ports.push_back({first, static_cast<std::uint16_t>(first + random() % 3)});
    }
    out.destinations.push_back(std::move(rule));
    out.connections.push_back({.name = "r" + std::to_string(i), .deny = {i}});
  }
  return out;
}

TEST(CompileConnectionsProperty, the_longest_prefix_answers_as_all_rules_together) {
  std::mt19937 random{11};  // NOLINT(cert-msc51-cpp): the same cases each time
  int denied = 0;
  for (int i = 0; i < 2'000; ++i) {
    const Policy policy = random_policy(random);
    const std::vector<DeniedNetwork> table = compile_connections(policy);
    for (int j = 0; j < 40; ++j) {
      const Destination destination{
          .endpoint = {random_address(random), static_cast<std::uint16_t>(1 + random() % 24)}, .name = {}};
      const DeniedNetwork* entry = longest_prefix(table, destination.endpoint.address);
      const bool expected = denies(policy, destination) != nullptr;
      ASSERT_EQ(table_denies(entry, destination.endpoint.port), expected)
          << "case " << i << ": " << destination.to_string() << "\n"
          << shown(table);
      denied += expected ? 1 : 0;
    }
  }
  EXPECT_GT(denied, 10'000);
  EXPECT_LT(denied, 70'000);
}

}  // namespace
}  // namespace sluice::policy
