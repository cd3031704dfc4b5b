// SPDX-License-Identifier: Apache-2.0
#include "policy/policy_test.h"

#include <array>
#include <charconv>
#include <limits>
#include <optional>

namespace sluice::policy {
namespace {

/// (uid_t)-1 names no user on any Linux host: an id that is not known must not read as root's.
constexpr std::uint32_t kNobody = std::numeric_limits<std::uint32_t>::max();

std::uint32_t id_of(const std::string& name) {
  if (name == "root") return 0;
  std::uint32_t id = kNobody;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
  return error == std::errc{} && end == name.data() + name.size() ? id : kNobody;
}

void set_group(Sender& sender, const std::string& value) {
  sender.groups.push_back(value);
  sender.gid = Gid{id_of(value)};
}

void set_user(Sender& sender, const std::string& value) {
  sender.user = value;
  sender.uid = Uid{id_of(value)};
}

struct Fact {
  std::string_view key;
  void (*set)(Sender&, const std::string&);
};
constexpr std::array kFacts{
    Fact{"exe", [](Sender& s, const std::string& value) { s.exe = value; }},
    Fact{"args", [](Sender& s, const std::string& value) { s.args = value; }},
    Fact{"unit", [](Sender& s, const std::string& value) { s.unit = value; }},
    Fact{"cgroup", [](Sender& s, const std::string& value) { s.cgroup = value; }},
    Fact{"user", set_user},
    Fact{"group", set_group},
};

}  // namespace

Sender test_sender(const PolicyTest& test) {
  Sender sender;
  sender.uid = Uid{kNobody};
  sender.gid = Gid{kNobody};
  for (const auto& [key, value] : test.from)
    for (const Fact& fact : kFacts)
      if (fact.key == key) fact.set(sender, value);
  return sender;
}

Destination test_destination(const PolicyTest& test) {
  return {.endpoint = {.address = test.to_address.value_or(IpAddress{}), .port = test.to_port},
          .name = test.to_name};
}

}  // namespace sluice::policy
