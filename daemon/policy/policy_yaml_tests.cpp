// SPDX-License-Identifier: Apache-2.0
// tests: what the policy itself says it should do.
#include <fmt/format.h>

#include <array>

#include "policy/policy_yaml_reader.h"

namespace sluice::policy {
namespace {

constexpr std::size_t kMaxTests = 4096;
constexpr std::size_t kMaxSend = 64 << 10;

template <std::size_t kKey>
void read_fact(Loading& loading, const YamlNode& node, PolicyTest& out);

constexpr std::array<std::string_view, 6> kFacts{"exe", "args", "user", "group", "unit", "cgroup"};
constexpr std::array kFromKeys{
    KeyReader<PolicyTest>{kFacts[0], read_fact<0>}, KeyReader<PolicyTest>{kFacts[1], read_fact<1>},
    KeyReader<PolicyTest>{kFacts[2], read_fact<2>}, KeyReader<PolicyTest>{kFacts[3], read_fact<3>},
    KeyReader<PolicyTest>{kFacts[4], read_fact<4>}, KeyReader<PolicyTest>{kFacts[5], read_fact<5>},
};

template <std::size_t kKey>
void read_fact(Loading& loading, const YamlNode& node, PolicyTest& out) {
  constexpr std::size_t kMaxFact = 4096;  // arguments are long
  if (auto text = read_text(loading, node, kFacts[kKey], kMaxFact))
    out.from.emplace_back(kFacts[kKey], std::move(*text));
}

void read_to_name(Loading& loading, const YamlNode& node, PolicyTest& out) {
  out.to_name = read_text(loading, node, "name").value_or("");
  for (char& c : out.to_name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

void read_to_address(Loading& loading, const YamlNode& node, PolicyTest& out) {
  const auto text = read_text(loading, node, "address");
  if (!text) return;
  out.to_address = IpAddress::parse(*text);
  if (!out.to_address)
    loading.error(node.place, fmt::format("bad address '{}'; expected one such as 203.0.113.9 or 2001:db8::9",
                                          clip(*text)));
}

void read_to_port(Loading& loading, const YamlNode& node, PolicyTest& out) {
  constexpr std::uint32_t kLastPort = 65'535;
  out.to_port = static_cast<std::uint16_t>(read_number(loading, node, "port", 1, kLastPort).value_or(0));
}

constexpr std::array kToKeys{
    KeyReader<PolicyTest>{"name", read_to_name},
    KeyReader<PolicyTest>{"address", read_to_address},
    KeyReader<PolicyTest>{"port", read_to_port},
};

void read_name(Loading& loading, const YamlNode& node, PolicyTest& out) {
  out.name = read_text(loading, node, "the name of a test").value_or("");
}

void read_from(Loading& loading, const YamlNode& node, PolicyTest& out) {
  static constexpr std::array kLater{LaterKey{"parent", "sender by parent process"},
                                     LaterKey{"container", "sender by container"}};
  if (is_map(loading, node, "'from' of a test"))
    read_keys<PolicyTest>(loading, node, "'from' of a test", kFromKeys, kLater, out);
}

void read_to(Loading& loading, const YamlNode& node, PolicyTest& out) {
  static constexpr std::array kLater{LaterKey{"country", "destination by country"}};
  if (is_map(loading, node, "'to' of a test"))
    read_keys<PolicyTest>(loading, node, "'to' of a test", kToKeys, kLater, out);
}

void read_encrypted(Loading& loading, const YamlNode& node, PolicyTest& out) {
  static constexpr std::array<std::string_view, 2> kWords{"false", "true"};
  if (const auto index = read_choice(loading, node, "value of encrypted", kWords))
    out.encrypted = *index == 1;
}

void read_send(Loading& loading, const YamlNode& node, PolicyTest& out) {
  out.send = read_text(loading, node, "send", kMaxSend).value_or("");
}

void read_expect(Loading& loading, const YamlNode& node, PolicyTest& out) {
  if (const auto verdict = read_verdict(loading, node)) out.expect = *verdict;
}

void read_finds(Loading& loading, const YamlNode& node, PolicyTest& out) {
  if (node.kind == YamlNode::Kind::list && node.items.empty()) return;  // it says: finds nothing
  for (const std::size_t index : read_references(loading, node, "data class", loading.data, false))
    out.finds.push_back(loading.policy.data[index].name);
}

constexpr std::array kTestKeys{
    KeyReader<PolicyTest>{"name", read_name},   KeyReader<PolicyTest>{"from", read_from},
    KeyReader<PolicyTest>{"to", read_to},       KeyReader<PolicyTest>{"encrypted", read_encrypted},
    KeyReader<PolicyTest>{"send", read_send},   KeyReader<PolicyTest>{"expect", read_expect},
    KeyReader<PolicyTest>{"finds", read_finds},
};

constexpr std::array kTestLater{
    LaterKey{"file", "policy tests with files"},
    LaterKey{"consent", "consent checks"},
};

}  // namespace

void read_tests(Loading& loading, const YamlNode& node) {
  if (node.kind != YamlNode::Kind::list) {
    loading.error(node.place, fmt::format("'tests' must be a list, not {}", kind_name(node)));
    return;
  }
  for (const YamlNode& item : node.items) {
    if (loading.policy.tests.size() >= kMaxTests) {
      loading.error(item.place, fmt::format("more than {} tests", kMaxTests));
      return;
    }
    if (!is_map(loading, item, "a test")) continue;
    PolicyTest test;
    test.file = loading.texts[item.place.file].file;
    test.line = item.place.line;
    read_keys<PolicyTest>(loading, item, "a test", kTestKeys, kTestLater, test);
    for (const std::string_view key : {"send", "expect"})
      if (find_key(item, key) == nullptr) loading.error(item.place, fmt::format("test without '{}'", key));
    if (test.name.empty()) test.name = fmt::format("line {}", test.line);
    loading.policy.tests.push_back(std::move(test));
  }
}

}  // namespace sluice::policy
