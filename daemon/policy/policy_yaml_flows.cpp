// SPDX-License-Identifier: Apache-2.0
// flows: what is allowed; connections: what is denied before any byte; violations: what all else leads to.
#include <fmt/format.h>

#include <array>

#include "policy/policy_yaml_reader.h"

namespace sluice::policy {
namespace {

void read_flow_data(Loading& loading, const YamlNode& node, FlowRule& out) {
  for (const std::size_t index : read_references(loading, node, "data class", loading.data, true))
    out.data.push_back(DataClassId{static_cast<std::uint16_t>(index)});
}

void read_from(Loading& loading, const YamlNode& node, FlowRule& out) {
  out.from = read_references(loading, node, "sender", loading.senders, true);
}

void read_to(Loading& loading, const YamlNode& node, FlowRule& out) {
  out.to = read_references(loading, node, "destination", loading.destinations, true);
}

void read_encrypted(Loading& loading, const YamlNode& node, FlowRule& out) {
  static constexpr std::array<std::string_view, 2> kWords{"any", "required"};
  if (const auto index = read_choice(loading, node, "value of encrypted", kWords))
    out.encrypted = std::array{Encrypted::any, Encrypted::required}[*index];
}

void read_purpose(Loading& loading, const YamlNode& node, FlowRule& out) {
  constexpr std::size_t kMaxPurpose = 1024;
  out.purpose = read_text(loading, node, "purpose", kMaxPurpose).value_or("");
}

void read_deny(Loading& loading, const YamlNode& node, ConnectionRule& out) {
  out.deny = read_references(loading, node, "destination", loading.destinations, false);
  for (const std::size_t index : out.deny) {
    const DestinationRule& destination = loading.policy.destinations[index];
    if (!destination.names.empty())
      loading.error(node.place,
                    fmt::format("destination '{}' cannot be denied at connect: it has a name, and the kernel "
                                "knows only addresses and ports then",
                                destination.name));
  }
}

/// Read by the caller, which needs it first.
template <class T>
void skip(Loading&, const YamlNode&, T&) {}

constexpr std::array kFlowKeys{
    KeyReader<FlowRule>{"name", skip},
    KeyReader<FlowRule>{"data", read_flow_data},
    KeyReader<FlowRule>{"from", read_from},
    KeyReader<FlowRule>{"to", read_to},
    KeyReader<FlowRule>{"encrypted", read_encrypted},
    KeyReader<FlowRule>{"purpose", read_purpose},
};

constexpr std::array kConnectionKeys{
    KeyReader<ConnectionRule>{"name", skip},
    KeyReader<ConnectionRule>{"deny", read_deny},
};

constexpr std::array kLater{
    LaterKey{"limit", "volume limits"},
    LaterKey{"until", "flows that end at a date"},
    LaterKey{"consent", "consent checks"},
    LaterKey{"form", "hashed and encoded forms"},
    LaterKey{"fields", "field rules"},
    LaterKey{"suppress", "suppressions"},
    LaterKey{"schedule", "flows by time of day"},
    LaterKey{"only", "field rules"},
};

constexpr std::array kConnectionLater{
    LaterKey{"allow", "connections that are allowed only"},
    LaterKey{"from", "connections by sender"},
    LaterKey{"until", "rules that end at a date"},
};

/// The name of an item of a list, or nothing and a mistake is told.
std::optional<std::string> read_item_name(Loading& loading, const YamlNode& item, std::string_view what,
                                          NameTable& names, std::size_t index) {
  const YamlNode* name = find_key(item, "name");
  if (name == nullptr) {
    loading.error(item.place, fmt::format("{} without a name; alerts name it", what));
    return std::nullopt;
  }
  if (!is_name(loading, *name, what)) return std::nullopt;
  if (const auto first = names.add(name->text, index, name->place)) {
    loading.error(name->place,
                  fmt::format("{} '{}' stands already at {}", what, name->text, loading.where(*first)));
    return std::nullopt;
  }
  return name->text;
}

/// The items of a list section, at most kMaxNamed over all files.
std::span<const YamlNode> read_items(Loading& loading, const YamlNode& node, std::string_view section,
                                     std::size_t already) {
  if (node.kind != YamlNode::Kind::list) {
    loading.error(node.place, fmt::format("'{}' must be a list, not {}", section, kind_name(node)));
    return {};
  }
  const std::size_t room = kMaxNamed - already;
  if (node.items.size() > room)
    loading.error(node.items[room].place, fmt::format("more than {} {}", kMaxNamed, section));
  return std::span{node.items}.first(std::min(room, node.items.size()));
}

}  // namespace

void read_flows(Loading& loading, const YamlNode& node) {
  for (const YamlNode& item : read_items(loading, node, "flows", loading.policy.flows.size())) {
    if (!is_map(loading, item, "a flow")) continue;
    FlowRule flow;
    flow.name =
        read_item_name(loading, item, "flow", loading.flows, loading.policy.flows.size()).value_or("");
    read_keys<FlowRule>(loading, item, flow.name.empty() ? "a flow" : fmt::format("flow '{}'", flow.name),
                        kFlowKeys, kLater, flow);
    loading.policy.flows.push_back(std::move(flow));
    loading.flow_places.push_back(item.place);
  }
}

void read_connections(Loading& loading, const YamlNode& node) {
  for (const YamlNode& item : read_items(loading, node, "connections", loading.policy.connections.size())) {
    if (!is_map(loading, item, "a connection rule")) continue;
    ConnectionRule rule;
    const std::size_t index = loading.policy.connections.size();
    rule.name = read_item_name(loading, item, "connection rule", loading.connections, index).value_or("");
    const std::string where =
        rule.name.empty() ? "a connection rule" : fmt::format("connection rule '{}'", rule.name);
    read_keys<ConnectionRule>(loading, item, where, kConnectionKeys, kConnectionLater, rule);
    if (find_key(item, "deny") == nullptr)
      loading.error(item.place, where + " has no 'deny': it would do nothing");
    loading.policy.connections.push_back(std::move(rule));
    loading.connection_places.push_back(item.place);
  }
}

void read_violations(Loading& loading, const YamlNode& node) {
  if (!is_map(loading, node, "'violations'")) return;
  std::vector<std::string_view> known = loading.data.words();
  known.emplace_back("default");
  for (const YamlEntry& entry : node.entries) {
    const auto verdict = read_verdict(loading, entry.value);
    const bool is_default = entry.key.text == "default";
    if (!is_default && !loading.data.use(entry.key.text)) {
      if (loading.complete)
        loading.error(entry.key.place,
                      fmt::format("unknown data class '{}' in violations{}", clip(entry.key.text),
                                  suggestion(loading, entry.key.text, known)));
      continue;
    }
    if (const auto first = loading.violations.add(entry.key.text, 0, entry.key.place)) {
      loading.error(entry.key.place, fmt::format("the violation of '{}' stands already at {}", entry.key.text,
                                                 loading.where(*first)));
    } else if (is_default) {
      loading.policy.default_violation = verdict.value_or(Verdict::alert);
    } else {
      loading.policy.violations.resize(loading.policy.data.size());
      loading.policy.violations[*loading.data.use(entry.key.text)] = verdict;
    }
  }
}

}  // namespace sluice::policy
