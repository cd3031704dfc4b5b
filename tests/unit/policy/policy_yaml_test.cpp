// SPDX-License-Identifier: Apache-2.0
// What a policy without mistakes becomes.
#include "policy/policy_yaml.h"

#include <gtest/gtest.h>

#include "policy/policy_yaml_reader.h"
#include "vocabulary.h"

namespace sluice::policy {
namespace {

const std::string kWhole = R"(
version: 1
mode: enforce
data:
  card: {detector: payment_card}
  loyalty: {pattern: ['LOY-[0-9]{10}', 'MEM[0-9]{8}'], check: luhn, near: [loyalty, member], at_least: 2}
  papers: {words: strictly confidential}
senders:
  nightly: {exe: /usr/bin/python3*, args: ['*nightly*', '*weekly*'], unit: a.service, cgroup: /a*, user: etl, group: [x, 5]}
destinations:
  office: {name: '*.Office.example.', network: [10.0.0.0/8, 'fd00::/8', 192.0.2.7], port: [443, 8000-8099]}
  smtp: {port: 25}
flows:
  - {name: f, data: [papers, card], from: nightly, to: [smtp, office], encrypted: required, purpose: why not}
  - {name: g, data: papers, from: any}
connections:
  - {name: no-mail, deny: smtp}
violations: {card: block, papers: allow, default: block}
failure: {daemon: closed, overload: open, opaque: block, hold_limit: 500ms}
tests:
  - {name: t, from: {exe: /a, user: etl}, to: {name: Paste.Example, port: 443}, send: x, expect: block, finds: [card]}
  - {to: {address: 'fd00::1'}, encrypted: false, send: y, expect: allow}
)";

TEST(PolicyYaml, reads_every_key) {
  const LoadedPolicy loaded = load(kWhole);
  ASSERT_NE(loaded.policy, nullptr) << joined(loaded);
  const Policy& policy = *loaded.policy;
  EXPECT_EQ(policy.mode, Mode::enforce);
  ASSERT_EQ(policy.data.size(), 3U);
  EXPECT_EQ(policy.data[0].detectors, std::vector<std::string>{"payment_card"});
  ASSERT_EQ(policy.data[1].patterns.size(), 2U);
  EXPECT_EQ(policy.data[1].patterns[1].expression, "MEM[0-9]{8}");
  EXPECT_EQ(policy.data[1].patterns[1].check, "luhn");
  EXPECT_EQ(policy.data[1].patterns[0].near, (std::vector<std::string>{"loyalty", "member"}));
  EXPECT_EQ(policy.data[1].at_least, 2U);
  EXPECT_EQ(policy.data[2].words, std::vector<std::string>{"strictly confidential"});
  EXPECT_EQ(policy.senders.at(0).args, (std::vector<std::string>{"*nightly*", "*weekly*"}));
  EXPECT_EQ(policy.senders[0].group, (std::vector<std::string>{"x", "5"}));
  EXPECT_EQ(policy.destinations.at(0).names, std::vector<std::string>{"*.office.example"});
  EXPECT_EQ(policy.destinations[0].networks.at(2).to_string(), "192.0.2.7/32");
  EXPECT_EQ(policy.destinations[0].ports.at(1).last, 8099);
  EXPECT_EQ(policy.flows.at(0).data, (std::vector<DataClassId>{DataClassId{0}, DataClassId{2}}));
  EXPECT_EQ(policy.flows[0].to, (std::vector<std::size_t>{0, 1}));
  EXPECT_EQ(policy.flows[0].encrypted, Encrypted::required);
  EXPECT_EQ(policy.flows[0].purpose, "why not");
  EXPECT_TRUE(policy.flows[1].from.empty());
  EXPECT_EQ(policy.connections.at(0).deny, std::vector<std::size_t>{1});
  EXPECT_EQ(policy.violations,
            (std::vector<std::optional<Verdict>>{Verdict::block, std::nullopt, Verdict::allow}));
  EXPECT_EQ(policy.default_violation, Verdict::block);
}

TEST(PolicyYaml, reads_failure_and_tests) {
  const LoadedPolicy loaded = load(kWhole);
  ASSERT_NE(loaded.policy, nullptr) << joined(loaded);
  const Policy& policy = *loaded.policy;
  EXPECT_EQ(policy.failure.daemon, OnFailure::closed);
  EXPECT_EQ(policy.failure.overload, OnFailure::open);
  EXPECT_EQ(policy.failure.opaque, Verdict::block);
  EXPECT_EQ(policy.failure.hold_limit, std::chrono::milliseconds{500});
  ASSERT_EQ(policy.tests.size(), 2U);
  EXPECT_EQ(policy.tests[0].file, "policy.yaml");
  EXPECT_EQ(policy.tests[0].line, 21);
  EXPECT_EQ(policy.tests[0].from.size(), 2U);
  EXPECT_EQ(policy.tests[0].to_name, "paste.example");
  EXPECT_EQ(policy.tests[0].to_port, 443);
  EXPECT_TRUE(policy.tests[0].encrypted);
  EXPECT_EQ(policy.tests[0].finds, std::vector<std::string>{"card"});
  EXPECT_EQ(policy.tests[1].name, "line 22");
  EXPECT_EQ(policy.tests[1].to_address, IpAddress::parse("fd00::1"));
  EXPECT_FALSE(policy.tests[1].encrypted);
}

TEST(PolicyYaml, absent_sections_have_safe_defaults) {
  const LoadedPolicy loaded = load("version: 1\ndata: {card: {detector: payment_card}}\n");
  ASSERT_NE(loaded.policy, nullptr) << joined(loaded);
  EXPECT_EQ(loaded.policy->mode, Mode::observe);
  EXPECT_EQ(loaded.policy->default_violation, Verdict::alert);
  EXPECT_EQ(loaded.policy->failure.daemon, OnFailure::open);
  EXPECT_EQ(loaded.policy->failure.overload, OnFailure::closed);
  EXPECT_EQ(loaded.policy->failure.opaque, Verdict::alert);
  EXPECT_EQ(loaded.policy->failure.hold_limit, std::chrono::seconds{2});
}

TEST(PolicyYaml, takes_json_indented_by_tabs_and_a_byte_order_mark) {
  EXPECT_EQ(
      joined(load("{\n\t\"version\": 1,\n\t\"data\": {\"card\": {\"detector\": [\"payment_card\"]}}\n}\n")),
      "");
  EXPECT_EQ(joined(load("\xef\xbb\xbfversion: 1\r\ndata: {card: {detector: payment_card}}\r\n")), "");
}

TEST(PolicyYaml, all_mistakes_of_a_file_are_told_at_once) {
  const LoadedPolicy loaded = load(
      "version: 1\nmode: enforced\ndata:\n  card: {detector: credit_crad}\nsenders:\n  s: {exee: /a}\n"
      "flows:\n  - {name: f, data: crd, from: s}\nviolations: {card: stop}\n");
  EXPECT_EQ(loaded.policy, nullptr);
  EXPECT_EQ(lines(loaded),
            (std::vector<std::string>{
                "policy.yaml:2:7: unknown mode 'enforced'; did you mean 'enforce'?",
                "policy.yaml:4:20: unknown detector 'credit_crad'; did you mean 'payment_card'?",
                "policy.yaml:6:7: unknown key 'exee' in sender 's'; did you mean 'exe'?",
                "policy.yaml:8:21: unknown data class 'crd'; did you mean 'card'?",
                "policy.yaml:9:20: unknown verdict 'stop'; expected allow, alert or block"}));
}

LoadedPolicy load_two(const std::string& a, const std::string& b) {
  const std::vector<PolicyText> texts{{"a.yaml", a}, {"b.yaml", b}};
  return load_policy(texts, vocabulary());
}

TEST(ManyFiles, one_may_use_what_a_later_one_defines) {
  const LoadedPolicy loaded = load_two("version: 1\nflows: [{name: f, data: card}]\n",
                                       "version: 1\ndata: {card: {detector: payment_card}}\n");
  EXPECT_EQ(joined(loaded), "");
}

TEST(ManyFiles, names_are_unique_over_all_and_settings_stand_once) {
  const LoadedPolicy loaded = load_two(
      "version: 1\nmode: observe\ndata: {c: {words: a}}\nsenders: {s: {user: a}}\nflows: [{name: f, from: "
      "s}]\n"
      "violations: {c: block}\nfailure: {}\n",
      "mode: enforce\ndata: {c: {words: b}}\nsenders: {s: {user: b}}\nflows: [{name: f, data: c}]\n"
      "violations: {c: alert}\nfailure: {}\n");
  EXPECT_EQ(lines(loaded),
            (std::vector<std::string>{
                "b.yaml:1:1: no 'version'; a policy file begins with 'version: 1'",
                "b.yaml:1:7: 'mode' stands already at a.yaml:2:7; one file only may set it",
                "b.yaml:2:8: data class 'c' stands already at a.yaml:3:8",
                "b.yaml:3:11: sender 's' stands already at a.yaml:4:11",
                "b.yaml:4:16: flow 'f' stands already at a.yaml:5:16",
                "b.yaml:5:14: the violation of 'c' stands already at a.yaml:6:14",
                "b.yaml:6:10: 'failure' stands already at a.yaml:7:10; one file only may set it"}));
}

TEST(ManyFiles, a_broken_file_makes_no_unknown_names_in_the_others) {
  const LoadedPolicy loaded =
      load_two("version: 1\nflows: [{name: f, data: card, to: lab}]\n", "version: 1\ndata: {card: [\n");
  EXPECT_EQ(lines(loaded), std::vector<std::string>{
                               "b.yaml:2:14: what opens here is never closed, or a comma is missing in it"});
}

TEST(PolicyYaml, the_hash_is_the_sha256_of_the_texts) {
  // printf 'version: 1\n' | sha256sum
  const LoadedPolicy whole = load("version: 1\n");
  ASSERT_NE(whole.policy, nullptr);
  EXPECT_EQ(whole.policy->hash, "09bfcc6a14b8");
  EXPECT_NE(load("version: 1\n\n").policy->hash, whole.policy->hash);
}

TEST(Limits, a_text_of_over_a_mebibyte_is_refused) {
  EXPECT_EQ(joined(load("version: 1\n#" + std::string(kMaxPolicyBytes, 'x'))),
            "policy.yaml: longer than 1048576 bytes, which no policy file may be\n");
}

TEST(Limits, nesting_is_refused_before_the_parser_goes_down) {
  std::string steps = "version: 1\n";
  for (int depth = 0; depth < 20'000; ++depth) steps += "- ";
  for (const std::string& text : {std::string(500'000, '['), std::string(500'000, '{'), steps}) {
    const LoadedPolicy loaded = load(text);
    ASSERT_EQ(loaded.diagnostics.size(), 1U);
    EXPECT_EQ(loaded.policy, nullptr);
  }
}

TEST(Limits, no_more_mistakes_are_told_than_people_read) {
  std::string text = "version: 1\nflows:\n";
  for (int i = 0; i < 500; ++i) text += "  - {name: f" + std::to_string(i) + ", data: nothing}\n";
  const LoadedPolicy loaded = load(text);
  ASSERT_EQ(loaded.diagnostics.size(), kMaxMistakes + 1);
  EXPECT_EQ(lines(loaded).back(), "policy.yaml: 300 more are not shown");
}

TEST(Limits, many_warnings_hide_no_error) {
  std::string text = "version: 1\ndestinations:\n";
  for (int i = 0; i < 400; ++i) text += "  d" + std::to_string(i) + ": {name: a.example}\n";
  const LoadedPolicy loaded = load(text + "mode: enforced\n");
  EXPECT_EQ(loaded.policy, nullptr);
  EXPECT_NE(joined(loaded).find("unknown mode 'enforced'"), std::string::npos);
}

TEST(Limits, a_list_of_too_many_values_or_names_is_refused) {
  std::string values = "version: 1\ndata: {c: {words: [";
  for (std::size_t i = 0; i <= kMaxValues; ++i) values += "w,";
  EXPECT_EQ(joined(load(values + "w]}}\n")), "policy.yaml:2:19: words has more than 4096 values\n");
  std::string names = "version: 1\nsenders:\n";
  for (std::size_t i = 0; i <= kMaxNamed; ++i) names += "  s" + std::to_string(i) + ": {user: a}\n";
  EXPECT_EQ(joined(load(names)), "policy.yaml:515:3: more than 512 senders\n");
}

TEST(PolicyYaml, no_text_at_all_is_a_mistake) {
  const LoadedPolicy loaded = load_policy({}, vocabulary());
  EXPECT_EQ(joined(loaded), "policy: no policy file\n");
}

}  // namespace
}  // namespace sluice::policy
