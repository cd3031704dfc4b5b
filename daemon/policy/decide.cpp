// SPDX-License-Identifier: Apache-2.0
#include "policy/decide.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "policy/coverage.h"
#include "policy/glob.h"

namespace sluice::policy {
namespace {

bool any_glob(const std::vector<std::string>& globs, std::string_view text) {
  if (globs.empty()) return true;
  if (text.empty()) return false;  // unknown
  return std::ranges::any_of(globs, [&](const std::string& glob) { return glob_match(glob, text); });
}

bool any_user(const std::vector<std::string>& users, const Sender& sender) {
  if (users.empty()) return true;
  if (sender.user.empty()) return false;  // unknown; uid 0 says nothing then
  const std::string digits = std::to_string(std::to_underlying(sender.uid));
  return std::ranges::any_of(users, [&](const std::string& u) { return u == sender.user || u == digits; });
}

bool any_group(const std::vector<std::string>& groups, const Sender& sender) {
  if (groups.empty()) return true;
  if (sender.groups.empty()) return false;  // unknown; gid 0 says nothing then
  const std::string digits = std::to_string(std::to_underlying(sender.gid));
  return std::ranges::any_of(groups, [&](const std::string& g) {
    return g == digits || std::ranges::find(sender.groups, g) != sender.groups.end();
  });
}

bool any_network(const std::vector<Network>& networks, const IpAddress& address) {
  if (networks.empty()) return true;
  if (address == IpAddress{}) return false;  // unknown
  return std::ranges::any_of(networks, [&](const Network& network) { return network.contains(address); });
}

bool any_port(const std::vector<PortRange>& ports, std::uint16_t port) {
  if (ports.empty()) return true;
  return std::ranges::any_of(ports, [&](const PortRange& r) { return r.first <= port && port <= r.last; });
}

/// Which parts of a flow rule the facts fit.
struct Fit {
  bool data = false, to = false, from = false, encrypted = false;

  [[nodiscard]] bool all() const { return data && to && from && encrypted; }
  [[nodiscard]] int parts() const { return int{data} + int{to} + int{from} + int{encrypted}; }
};

Fit fit(const Policy& policy, const FlowRule& flow, const Facts& facts) {
  return {.data = covers_data(flow, facts.data_class),
          .to = covers_destination(policy, flow, facts.destination),
          .from = covers_sender(policy, flow, facts.sender),
          .encrypted = flow.encrypted == Encrypted::any || facts.encrypted};
}

/// Of flows that fit in as many parts, the one about this data is the nearest, then the one to this
/// destination.
auto closeness(const Fit& fit) { return std::tuple{fit.parts(), fit.data, fit.to, fit.from}; }

/// Paths and names come from the process and from DNS: an alert shows them without control characters.
std::string printable(std::string_view text) {
  std::string out{text};
  std::ranges::replace_if(
      out, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
  return out;
}

std::string sender_label(const Sender& sender) {
  for (const std::string& text : {sender.exe, sender.unit, sender.comm})
    if (!text.empty()) return '\'' + printable(text) + '\'';
  if (sender.pid != Tgid{}) return fmt::format("pid {}", std::to_underlying(sender.pid));
  return "(unknown)";
}

std::string destination_label(const Destination& destination) {
  if (destination.name.empty() && destination.endpoint.address == IpAddress{})
    return "an unknown destination";
  return printable(destination.to_string());
}

std::string_view data_name(const Policy& policy, DataClassId id) {
  const std::size_t index = std::to_underlying(id);
  return index < policy.data.size() ? std::string_view{policy.data[index].name} : "(unknown data class)";
}

/// "destination differs", "data class and sender differ, and it must be encrypted"
std::string difference(const Fit& fit) {
  std::vector<std::string_view> parts;
  if (!fit.data) parts.emplace_back("data class");
  if (!fit.from) parts.emplace_back("sender");
  if (!fit.to) parts.emplace_back("destination");
  std::string out;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i > 0) out += i + 1 == parts.size() ? " and " : ", ";
    out += parts[i];
  }
  out += parts.size() == 1 ? " differs" : " differ";
  return fit.encrypted ? out : out + ", and it must be encrypted";
}

struct Nearest {
  const FlowRule* flow = nullptr;
  Fit fit;
};

std::string violation_reason(const Policy& policy, const Facts& facts, const Nearest& nearest) {
  const std::string to = destination_label(facts.destination);
  const std::string_view data = data_name(policy, facts.data_class);
  const bool only_clear = nearest.fit.data && nearest.fit.from && nearest.fit.to;
  if (nearest.flow != nullptr && only_clear)
    return fmt::format("flow '{}' allows {} from {} to {} only encrypted, and it was sent in clear",
                       nearest.flow->name, data, sender_label(facts.sender), to);
  const std::string head =
      fmt::format("no flow lets sender {} send {} to {}", sender_label(facts.sender), data, to);
  if (nearest.flow == nullptr) return head + "; the policy has no flows";
  return fmt::format("{}; nearest: {} ({})", head, nearest.flow->name, difference(nearest.fit));
}

Verdict in_mode(Verdict verdict, Mode mode) {
  return verdict == Verdict::block && mode == Mode::observe ? Verdict::would_block : verdict;
}

}  // namespace

bool matches(const SenderRule& rule, const Sender& sender) {
  return any_glob(rule.exe, sender.exe) && any_glob(rule.args, sender.args) &&
         any_glob(rule.unit, sender.unit) && any_glob(rule.cgroup, sender.cgroup) &&
         any_user(rule.user, sender) && any_group(rule.group, sender);
}

bool matches(const DestinationRule& rule, const Destination& destination) {
  return any_glob(rule.names, destination.name) && any_network(rule.networks, destination.endpoint.address) &&
         any_port(rule.ports, destination.endpoint.port);
}

Decision decide(const Policy& policy, Mode mode, const Facts& facts) {
  Nearest nearest;
  for (const FlowRule& flow : policy.flows) {
    const Fit now = fit(policy, flow, facts);
    if (now.all())
      return {.verdict = Verdict::allow,
              .rule = flow.name,
              .nearest = {},
              .reason = fmt::format("flow '{}' allows {} from {} to {}", flow.name,
                                    data_name(policy, facts.data_class), sender_label(facts.sender),
                                    destination_label(facts.destination))};
    if (nearest.flow == nullptr || closeness(now) > closeness(nearest.fit)) nearest = {&flow, now};
  }
  const Violation violation = violation_of(policy, facts.data_class);
  const std::string_view data = data_name(policy, facts.data_class);
  Decision out{.verdict = in_mode(violation.verdict, mode),
               .rule = violation.own ? fmt::format("violations.{}", data) : "violations.default",
               .nearest = {},
               .reason = {}};
  if (out.verdict == Verdict::allow) {
    out.reason = fmt::format("{} allows {} that no flow covers", out.rule, data);
    return out;
  }
  out.nearest = nearest.flow == nullptr ? "" : nearest.flow->name;
  out.reason = violation_reason(policy, facts, nearest);
  return out;
}

const ConnectionRule* denies(const Policy& policy, const Destination& destination) {
  for (const ConnectionRule& rule : policy.connections)
    for (const std::size_t index : rule.deny)
      if (matches(policy.destinations[index], destination)) return &rule;
  return nullptr;
}

Decision decide_connection(const ConnectionRule& rule, Mode mode, const Sender& sender,
                           const Destination& destination) {
  return {.verdict = in_mode(Verdict::block, mode),
          .rule = fmt::format("connections.{}", rule.name),
          .nearest = {},
          .reason = fmt::format("connection rule '{}' denies {} to every sender; {} tried to connect",
                                rule.name, destination_label(destination), sender_label(sender))};
}

}  // namespace sluice::policy
