// SPDX-License-Identifier: Apache-2.0
#include "policy/decide.h"

#include <gtest/gtest.h>

#include "policy/policy_test.h"
#include "vocabulary.h"

namespace sluice::policy {
namespace {

const std::string kShop = R"(
version: 1
mode: enforce
data:
  card: {detector: payment_card}
  contact: {detector: [email, phone]}
  notes: {words: [secret]}
senders:
  checkout: {unit: checkout.service}
  nightly: {user: etl, exe: /usr/bin/python3*, args: '*nightly*'}
destinations:
  stripe: {name: '*.stripe.com', port: 443}
  office: {network: [10.0.0.0/8, 'fd00::/8']}
  mail: {network: 192.0.2.25, port: [25, 465-587]}
flows:
  - {name: charge-cards, data: card, from: checkout, to: stripe, encrypted: required}
  - {name: export, data: [card, contact], from: nightly, to: office}
  - {name: mails, data: contact, to: mail}
violations: {card: block, notes: allow}
)";

using From = std::vector<std::pair<std::string, std::string>>;

struct Case {
  const char* name;
  const char* data;
  From from;
  const char* to;  // name or address, and port
  std::uint16_t port;
  bool encrypted;
  Decision expected;
};

const Policy& shop() {
  static const LoadedPolicy loaded = load(kShop);
  return *loaded.policy;
}

Decision decided(const Case& tested, Mode mode) {
  PolicyTest test;
  test.from = tested.from;
  test.to_address = IpAddress::parse(tested.to);
  if (!test.to_address) test.to_name = tested.to;
  test.to_port = tested.port;
  const auto data = std::ranges::find(shop().data, tested.data, &DataClassSpec::name);
  const Sender sender = test_sender(test);
  const Destination destination = test_destination(test);
  return decide(shop(), mode,
                {.sender = sender,
                 .destination = destination,
                 .data_class = DataClassId{static_cast<std::uint16_t>(data - shop().data.begin())},
                 .encrypted = tested.encrypted});
}

class DecideTest : public testing::TestWithParam<Case> {};

TEST_P(DecideTest, gives_verdict_rule_nearest_and_reason) {
  const Decision got = decided(GetParam(), Mode::enforce);
  EXPECT_EQ(to_string(got.verdict), to_string(GetParam().expected.verdict));
  EXPECT_EQ(got.rule, GetParam().expected.rule);
  EXPECT_EQ(got.nearest, GetParam().expected.nearest);
  EXPECT_EQ(got.reason, GetParam().expected.reason);
}

TEST_P(DecideTest, observe_differs_only_in_would_block) {
  const Decision enforced = decided(GetParam(), Mode::enforce);
  const Decision observed = decided(GetParam(), Mode::observe);
  EXPECT_EQ(observed.verdict, enforced.verdict == Verdict::block ? Verdict::would_block : enforced.verdict);
  EXPECT_EQ(observed.reason, enforced.reason);
}

const From kCheckout{{"unit", "checkout.service"}, {"exe", "/opt/shop"}};
const From kCurl{{"exe", "/usr/bin/curl"}};
const From kNightly{{"exe", "/usr/bin/python3.11"}, {"user", "etl"}, {"args", "python3 nightly.py"}};

INSTANTIATE_TEST_SUITE_P(
    Shop, DecideTest,
    testing::Values(
        Case{"covered_and_encrypted",
             "card",
             kCheckout,
             "api.stripe.com",
             443,
             true,
             {Verdict::allow, "charge-cards", "",
              "flow 'charge-cards' allows card from '/opt/shop' to api.stripe.com:443"}},
        Case{"covered_but_in_clear",
             "card",
             kCheckout,
             "api.stripe.com",
             443,
             false,
             {Verdict::block, "violations.card", "charge-cards",
              "flow 'charge-cards' allows card from '/opt/shop' to api.stripe.com:443 only "
              "encrypted, and it was sent "
              "in clear"}},
        Case{"other_destination",
             "card",
             kCheckout,
             "203.0.113.9",
             443,
             true,
             {Verdict::block, "violations.card", "charge-cards",
              "no flow lets sender '/opt/shop' send card to 203.0.113.9:443; nearest: "
              "charge-cards (destination "
              "differs)"}},
        Case{"other_port",
             "card",
             kCheckout,
             "api.stripe.com",
             8443,
             true,
             {Verdict::block, "violations.card", "charge-cards",
              "no flow lets sender '/opt/shop' send card to api.stripe.com:8443; nearest: "
              "charge-cards (destination "
              "differs)"}},
        Case{"other_sender",
             "card",
             kCurl,
             "api.stripe.com",
             443,
             true,
             {Verdict::block, "violations.card", "charge-cards",
              "no flow lets sender '/usr/bin/curl' send card to api.stripe.com:443; nearest: "
              "charge-cards (sender "
              "differs)"}},
        Case{"sender_and_destination",
             "card",
             kCurl,
             "203.0.113.9",
             443,
             true,
             {Verdict::block, "violations.card", "charge-cards",
              "no flow lets sender '/usr/bin/curl' send card to 203.0.113.9:443; nearest: "
              "charge-cards (sender and "
              "destination differ)"}},
        Case{"other_data",
             "contact",
             kCheckout,
             "api.stripe.com",
             443,
             true,
             {Verdict::alert, "violations.default", "mails",
              "no flow lets sender '/opt/shop' send contact to api.stripe.com:443; nearest: mails "
              "(destination "
              "differs)"}},
        Case{"no_flow_has_that_data",
             "notes",
             kCheckout,
             "api.stripe.com",
             443,
             true,
             {Verdict::allow, "violations.notes", "", "violations.notes allows notes that no flow covers"}},
        Case{"destination_differs_and_in_clear",
             "card",
             kCheckout,
             "192.0.2.25",
             443,
             false,
             {Verdict::block, "violations.card", "charge-cards",
              "no flow lets sender '/opt/shop' send card to 192.0.2.25:443; nearest: charge-cards "
              "(destination "
              "differs, and it must be encrypted)"}},
        Case{"all_sender_keys_hold",
             "contact",
             kNightly,
             "10.1.2.3",
             5432,
             false,
             {Verdict::allow, "export", "",
              "flow 'export' allows contact from '/usr/bin/python3.11' to 10.1.2.3:5432"}},
        Case{"one_sender_key_does_not_hold",
             "contact",
             {{"exe", "/usr/bin/python3.11"}, {"user", "bob"}, {"args", "python3 nightly.py"}},
             "10.1.2.3",
             5432,
             false,
             {Verdict::alert, "violations.default", "export",
              "no flow lets sender '/usr/bin/python3.11' send contact to 10.1.2.3:5432; nearest: "
              "export (sender "
              "differs)"}},
        Case{"ipv6_network",
             "card",
             kNightly,
             "fd00::7",
             443,
             false,
             {Verdict::allow, "export", "",
              "flow 'export' allows card from '/usr/bin/python3.11' to [fd00::7]:443"}},
        Case{"any_sender_and_a_port_range",
             "contact",
             kCurl,
             "192.0.2.25",
             500,
             false,
             {Verdict::allow, "mails", "",
              "flow 'mails' allows contact from '/usr/bin/curl' to 192.0.2.25:500"}},
        Case{"unknown_sender",
             "contact",
             {},
             "192.0.2.25",
             26,
             false,
             {Verdict::alert, "violations.default", "mails",
              "no flow lets sender (unknown) send contact to 192.0.2.25:26; nearest: mails "
              "(destination differs)"}},
        Case{"violations_that_allow",
             "notes",
             kCurl,
             "203.0.113.9",
             80,
             false,
             {Verdict::allow, "violations.notes", "", "violations.notes allows notes that no flow covers"}}),
    [](const auto& tested) { return tested.param.name; });

TEST(Decide, a_policy_without_flows_says_so) {
  const LoadedPolicy loaded =
      load("version: 1\ndata: {card: {detector: payment_card}}\nviolations: {default: block}\n");
  Sender sender;
  sender.pid = Tgid{42};
  const Destination destination{.endpoint = {*IpAddress::parse("203.0.113.9"), 80}, .name = {}};
  const Decision got = decide(*loaded.policy, Mode::enforce, {.sender = sender, .destination = destination});
  EXPECT_EQ(got.verdict, Verdict::block);
  EXPECT_EQ(got.rule, "violations.default");
  EXPECT_EQ(got.nearest, "");
  EXPECT_EQ(got.reason, "no flow lets sender pid 42 send card to 203.0.113.9:80; the policy has no flows");
}

TEST(Decide, a_reason_holds_no_control_character_of_the_sender) {
  Sender sender;
  sender.exe = "/tmp/a\x1b[2Jb\n";
  const Destination destination{.endpoint = {*IpAddress::parse("203.0.113.9"), 80}, .name = "e\rvil"};
  const Decision got = decide(shop(), Mode::enforce, {.sender = sender, .destination = destination});
  EXPECT_NE(got.reason.find("'/tmp/a?[2Jb?' send card to e?vil:80"), std::string::npos) << got.reason;
}

TEST(Matches, what_is_unknown_matches_not_even_a_star) {
  SenderRule sender{.name = "s", .exe = {"*"}, .args = {}, .unit = {}, .cgroup = {}, .user = {}, .group = {}};
  EXPECT_FALSE(matches(sender, Sender{}));
  DestinationRule destination{.name = "d", .names = {"*"}, .networks = {}, .ports = {}};
  EXPECT_FALSE(matches(destination, Destination{}));
  destination = {.name = "d", .names = {}, .networks = {Network{}}, .ports = {}};
  EXPECT_FALSE(matches(destination, Destination{}));
  EXPECT_TRUE(matches(destination, {.endpoint = {*IpAddress::parse("192.0.2.1"), 1}, .name = {}}));
}

TEST(Matches, an_unknown_user_is_not_root) {
  const SenderRule root{
      .name = "s", .exe = {}, .args = {}, .unit = {}, .cgroup = {}, .user = {"0", "root"}, .group = {}};
  EXPECT_FALSE(matches(root, Sender{}));
  PolicyTest test;
  test.from = {{"user", "etl"}};
  EXPECT_FALSE(matches(root, test_sender(test)));
  test.from = {{"user", "root"}};
  EXPECT_TRUE(matches(root, test_sender(test)));
}

TEST(Matches, users_and_groups_by_name_or_number) {
  Sender sender;
  sender.uid = Uid{1001};
  sender.user = "etl";
  sender.gid = Gid{50};
  sender.groups = {"staff", "backup", "1234"};
  const auto rule = [](std::vector<std::string> user, std::vector<std::string> group) {
    return SenderRule{.name = "s",
                      .exe = {},
                      .args = {},
                      .unit = {},
                      .cgroup = {},
                      .user = std::move(user),
                      .group = std::move(group)};
  };
  EXPECT_TRUE(matches(rule({"etl"}, {}), sender));
  EXPECT_TRUE(matches(rule({"1001"}, {}), sender));
  EXPECT_FALSE(matches(rule({"100"}, {}), sender));
  EXPECT_FALSE(matches(rule({"et*"}, {}), sender));
  EXPECT_TRUE(matches(rule({}, {"backup"}), sender));
  EXPECT_TRUE(matches(rule({}, {"50"}), sender));
  EXPECT_TRUE(matches(rule({}, {"1234"}), sender));
  EXPECT_FALSE(matches(rule({"etl"}, {"wheel"}), sender));
}

TEST(Denies, the_first_rule_that_denies_a_destination) {
  const LoadedPolicy loaded = load(R"(
version: 1
data: {card: {detector: payment_card}}
destinations: {smtp: {port: 25}, lab: {network: 198.51.100.0/24, port: 22}}
connections: [{name: no-mail, deny: smtp}, {name: no-lab, deny: [lab, smtp]}]
)");
  ASSERT_NE(loaded.policy, nullptr) << joined(loaded);
  const auto denied = [&](const char* address, std::uint16_t port) {
    const ConnectionRule* rule =
        denies(*loaded.policy, {.endpoint = {*IpAddress::parse(address), port}, .name = {}});
    return rule == nullptr ? std::string{} : rule->name;
  };
  EXPECT_EQ(denied("203.0.113.1", 25), "no-mail");
  EXPECT_EQ(denied("198.51.100.7", 22), "no-lab");
  EXPECT_EQ(denied("198.51.100.7", 80), "");
  Sender sender;
  sender.exe = "/usr/bin/ssh";
  const Destination lab{.endpoint = {*IpAddress::parse("198.51.100.7"), 22}, .name = {}};
  const Decision got = decide_connection(*denies(*loaded.policy, lab), Mode::observe, sender, lab);
  EXPECT_EQ(got.verdict, Verdict::would_block);
  EXPECT_EQ(got.rule, "connections.no-lab");
  EXPECT_EQ(
      got.reason,
      "connection rule 'no-lab' denies 198.51.100.7:22 to every sender; '/usr/bin/ssh' tried to connect");
}

}  // namespace
}  // namespace sluice::policy
