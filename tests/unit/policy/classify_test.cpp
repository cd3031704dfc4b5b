// SPDX-License-Identifier: Apache-2.0
// classify() decides before content is known: it is held against decide() over every content a flow could
// carry.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

#include "policy/decide.h"
#include "vocabulary.h"

namespace sluice::policy {
namespace {

struct Case {
  const char* name;
  const char* rest;  // of the policy
  FlowState enforce;
  FlowState observe;
};

class ClassifyTest : public testing::TestWithParam<Case> {};

TEST_P(ClassifyTest, treats_a_flow_as_its_worst_content) {
  const LoadedPolicy loaded = load(
      "version: 1\ndata: {card: {detector: payment_card}, mail: {detector: email}}\n"
      "senders: {curl: {exe: /usr/bin/curl}}\ndestinations: {lab: {network: 192.0.2.0/24}}\n" +
      std::string{GetParam().rest});
  ASSERT_NE(loaded.policy, nullptr) << joined(loaded);
  Sender sender;
  sender.exe = "/usr/bin/curl";
  const Destination destination{.endpoint = {*IpAddress::parse("192.0.2.7"), 443}, .name = {}};
  EXPECT_EQ(classify(*loaded.policy, Mode::enforce, sender, destination), GetParam().enforce);
  EXPECT_EQ(classify(*loaded.policy, Mode::observe, sender, destination), GetParam().observe);
}

constexpr auto kTrusted = FlowState::trusted;
constexpr auto kWatched = FlowState::watched;
constexpr auto kHeld = FlowState::held;

INSTANTIATE_TEST_SUITE_P(
    Policies, ClassifyTest,
    testing::Values(Case{"nothing_is_covered", "violations: {card: block}\n", kHeld, kWatched},
                    Case{"only_alerts", "violations: {default: alert}\n", kWatched, kWatched},
                    Case{"violations_are_allowed", "violations: {default: allow}\n", kWatched, kWatched},
                    Case{"default_blocks", "violations: {default: block}\n", kHeld, kWatched},
                    Case{"all_data_is_covered",
                         "violations: {default: block}\nflows: [{name: f, from: curl, to: lab}]\n", kTrusted,
                         kTrusted},
                    Case{"all_data_is_covered_by_two",
                         "violations: {default: block}\n"
                         "flows: [{name: f, data: card, from: curl}, {name: g, data: mail, to: lab}]\n",
                         kWatched, kWatched},
                    Case{"what_blocks_is_covered",
                         "violations: {card: block}\nflows: [{name: f, data: card, from: curl, to: lab}]\n",
                         kWatched, kWatched},
                    Case{"covered_only_if_encrypted",
                         "violations: {default: block}\n"
                         "flows: [{name: f, from: curl, to: lab, encrypted: required}]\n",
                         kHeld, kWatched},
                    Case{"the_unreadable_is_blocked", "failure: {opaque: block}\n", kHeld, kWatched},
                    Case{"the_unreadable_of_a_covered_flow",
                         "failure: {opaque: block}\nflows: [{name: f, from: curl, to: lab}]\n", kTrusted,
                         kTrusted}),
    [](const auto& tested) { return tested.param.name; });

TEST(Classify, trusts_every_flow_when_no_data_class_is_named) {
  const LoadedPolicy loaded = load("version: 1\nviolations: {default: block}\n");
  EXPECT_EQ(classify(*loaded.policy, Mode::enforce, Sender{}, Destination{}), FlowState::trusted);
}

/// Small vocabularies, so that random rules and random facts meet often.
class RandomWorld {
 public:
  explicit RandomWorld(unsigned seed) : random_{seed} {}

  Policy policy() {
    Policy out;
    for (std::size_t i = 0, n = below(4); i < n; ++i)
      out.data.push_back({.name = "c" + std::to_string(i), .detectors = {}, .patterns = {}, .words = {}});
    for (std::size_t i = 0, n = 1 + below(3); i < n; ++i) out.senders.push_back(sender_rule());
    for (std::size_t i = 0, n = 1 + below(3); i < n; ++i) out.destinations.push_back(destination_rule());
    for (std::size_t i = 0, n = below(5); i < n; ++i) out.flows.push_back(flow(out));
    for (std::size_t i = 0; i < out.data.size(); ++i)
      out.violations.push_back(below(2) == 0 ? std::nullopt : std::optional{verdict()});
    out.default_violation = verdict();
    return out;
  }

  Sender sender() {
    Sender out;
    out.exe = pick({"", "/bin/a", "/bin/b"});
    out.user = pick({"", "u", "v"});
    out.unit = pick({"", "x.service", "y.service"});
    return out;
  }

  Destination destination() {
    return {.endpoint = {*IpAddress::parse(pick({"::", "192.0.2.1", "192.0.2.130", "fd00::1"})),
                         static_cast<std::uint16_t>(below(3))},
            .name = pick({"", "a.example", "b.example"})};
  }

  std::size_t below(std::size_t n) { return random_() % n; }

 private:
  std::string pick(std::initializer_list<const char*> words) {
    return *(words.begin() + below(words.size()));
  }
  Verdict verdict() { return std::array{Verdict::allow, Verdict::alert, Verdict::block}[below(3)]; }
  std::vector<std::string> some(std::initializer_list<const char*> words) {
    std::vector<std::string> out;
    for (const char* word : words)
      if (below(4) == 0) out.emplace_back(word);
    return out;
  }
  SenderRule sender_rule() {
    return {.name = "s",
            .exe = some({"/bin/a", "/bin/*", "*b"}),
            .args = {},
            .unit = some({"x.*", "y.service"}),
            .cgroup = {},
            .user = some({"u", "v"}),
            .group = {}};
  }
  DestinationRule destination_rule() {
    DestinationRule out{.name = "d", .names = some({"*.example", "a.*"}), .networks = {}, .ports = {}};
    for (const char* network : {"192.0.2.0/24", "192.0.2.128/25", "fd00::/8"})
      if (below(4) == 0) out.networks.push_back(*Network::parse(network));
    if (below(3) == 0) out.ports.push_back({1, static_cast<std::uint16_t>(1 + below(2))});
    return out;
  }
  std::vector<std::size_t> indices(std::size_t size) {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < size; ++i)
      if (below(2) == 0) out.push_back(i);
    return out;
  }
  FlowRule flow(const Policy& policy) {
    FlowRule out{.name = "f",
                 .data = {},
                 .from = indices(policy.senders.size()),
                 .to = indices(policy.destinations.size()),
                 .encrypted = below(3) == 0 ? Encrypted::required : Encrypted::any,
                 .purpose = {}};
    for (const std::size_t i : indices(policy.data.size()))
      out.data.push_back(DataClassId{static_cast<std::uint16_t>(i)});
    return out;
  }

  std::mt19937 random_;
};

/// The worst that any content of a flow could meet.
struct Worst {
  bool violation = false;
  bool block = false;
};

Worst worst_of(const Policy& policy, Mode mode, const Sender& sender, const Destination& destination) {
  Worst out;
  for (std::size_t i = 0; i < policy.data.size(); ++i) {
    for (const bool encrypted : {false, true}) {
      const Verdict verdict = decide(policy, mode,
                                     {.sender = sender,
                                      .destination = destination,
                                      .data_class = DataClassId{static_cast<std::uint16_t>(i)},
                                      .encrypted = encrypted})
                                  .verdict;
      out.violation = out.violation || verdict != Verdict::allow;
      out.block = out.block || verdict == Verdict::block;
    }
  }
  return out;
}

// Trust is given by a flow for any data, never inferred: what is merely allowed is still read and told.
TEST(ClassifyProperty, is_as_careful_as_decide_needs) {
  RandomWorld world{20'24};
  std::map<FlowState, int> seen;
  for (int i = 0; i < 20'000; ++i) {
    const Policy policy = world.policy();
    const Sender sender = world.sender();
    const Destination destination = world.destination();
    for (const Mode mode : {Mode::observe, Mode::enforce}) {
      const FlowState state = classify(policy, mode, sender, destination);
      const Worst worst = worst_of(policy, mode, sender, destination);
      ASSERT_FALSE(state == FlowState::trusted && worst.violation) << "case " << i;
      ASSERT_EQ(state == FlowState::held, worst.block) << "case " << i;
      ++seen[state];
    }
  }
  for (const FlowState state : {kTrusted, kWatched, kHeld}) EXPECT_GT(seen[state], 1'000) << to_string(state);
}

TEST(ClassifyProperty, learning_a_fact_never_takes_trust_away) {
  RandomWorld world{77};
  int grew = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Policy policy = world.policy();
    const Sender known = world.sender();
    const Destination destination = world.destination();
    Sender partly = known;
    if (world.below(2) == 0) partly.exe.clear();
    if (world.below(2) == 0) partly.user.clear();
    const bool before = classify(policy, Mode::enforce, partly, destination) == FlowState::trusted;
    const bool after = classify(policy, Mode::enforce, known, destination) == FlowState::trusted;
    ASSERT_TRUE(after || !before) << "case " << i;
    grew += after && !before ? 1 : 0;
  }
  EXPECT_GT(grew, 50);
}

}  // namespace
}  // namespace sluice::policy
