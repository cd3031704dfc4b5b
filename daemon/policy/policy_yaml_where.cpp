// SPDX-License-Identifier: Apache-2.0
// destinations: where bytes go.
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "policy/policy_yaml_reader.h"

namespace sluice::policy {
namespace {

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

void read_names(Loading& loading, const YamlNode& node, DestinationRule& out) {
  for (const YamlNode* item : one_or_list(loading, node, "name")) {
    auto text = read_text(loading, *item, "name");
    if (!text) continue;
    for (char& c : *text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (text->size() > 1 && text->back() == '.') text->pop_back();
    if (IpAddress::parse(*text))
      loading.error(item->place, fmt::format("'{0}' is an address, not a name; did you mean 'network: {0}'?",
                                             clip(*text)));
    else if (text->find_first_of("/:") != std::string::npos)
      loading.error(
          item->place,
          fmt::format("bad name '{}'; a name is a host name without scheme, port or path", clip(*text)));
    else
      out.names.push_back(std::move(*text));
  }
  if (!out.names.empty())
    loading.warning(node.place,
                    fmt::format("destination '{}' has a name: names of live traffic are not learned in this "
                                "version, so it matches in policy tests only",
                                out.name));
}

/// The network that was likely meant by one with host bits, or "".
std::string without_host_bits(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address || slash == std::string_view::npos) return {};
  const std::string_view digits = text.substr(slash + 1);
  unsigned prefix = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  if (error != std::errc{} || end != digits.data() + digits.size() ||
      prefix > (address->is_v4() ? 32U : 128U))
    return {};
  const unsigned kept = prefix + (address->is_v4() ? 96U : 0U);
  IpAddress masked;
  for (unsigned bit = 0; bit < kept; ++bit)
    masked.bytes[bit / 8] =
        static_cast<std::uint8_t>(masked.bytes[bit / 8] | (address->bytes[bit / 8] & (0x80U >> bit % 8)));
  return masked.to_string() + '/' + std::to_string(prefix);
}

void read_network(Loading& loading, const YamlNode& node, DestinationRule& out) {
  static const Network kAllIpv4{*IpAddress::parse("0.0.0.0"), 96};
  for (const YamlNode* item : one_or_list(loading, node, "network")) {
    const auto text = read_text(loading, *item, "network");
    if (!text) continue;
    if (const auto network = Network::parse(*text)) {
      if (network->prefix < 96 && network->contains(kAllIpv4))
        loading.warning(item->place, fmt::format("'{}' holds every IPv4 address as well", *text));
      out.networks.push_back(*network);
    } else if (const std::string meant = without_host_bits(*text); !meant.empty()) {
      loading.error(item->place,
                    fmt::format("network '{}' has host bits set; did you mean '{}'?", clip(*text), meant));
    } else {
      loading.error(item->place,
                    fmt::format("bad network '{}'; expected an address or a prefix such as 10.0.0.0/8 or "
                                "fd00::/8",
                                clip(*text)));
    }
  }
}

void read_port(Loading& loading, const YamlNode& node, DestinationRule& out) {
  for (const YamlNode* item : one_or_list(loading, node, "port"))
    if (const auto ports = read_ports(loading, *item)) out.ports.push_back(*ports);
}

constexpr std::array kKeys{
    KeyReader<DestinationRule>{"name", read_names},
    KeyReader<DestinationRule>{"network", read_network},
    KeyReader<DestinationRule>{"port", read_port},
};

constexpr std::array kLater{
    LaterKey{"country", "destination by country"},         LaterKey{"list", "destination lists in files"},
    LaterKey{"asn", "destination by network operator"},    LaterKey{"category", "destination categories"},
    LaterKey{"certificate", "destination by certificate"}, LaterKey{"path", "destination by URL path"},
};

void read_destination(Loading& loading, const YamlEntry& entry) {
  if (!is_name(loading, entry.key, "destination")) return;
  const std::string& name = entry.key.text;
  if (const auto first =
          loading.destinations.add(name, loading.policy.destinations.size(), entry.key.place)) {
    loading.error(entry.key.place,
                  fmt::format("destination '{}' stands already at {}", name, loading.where(*first)));
    return;
  }
  const std::string where = fmt::format("destination '{}'", name);
  DestinationRule rule;
  rule.name = name;
  if (is_map(loading, entry.value, where)) {
    read_keys<DestinationRule>(loading, entry.value, where, kKeys, kLater, rule);
    if (entry.value.entries.empty())
      loading.error(entry.key.place,
                    where + " has no keys and would match every peer; for that a flow says 'to: any'");
  }
  loading.policy.destinations.push_back(std::move(rule));
}

}  // namespace

std::optional<PortRange> read_ports(Loading& loading, const YamlNode& node) {
  const auto text = read_text(loading, node, "port");
  if (!text) return std::nullopt;
  const std::size_t dash = text->find('-');
  if (dash == std::string::npos) {
    if (const auto port = port_of(*text)) return PortRange{*port, *port};
    loading.error(
        node.place,
        fmt::format("bad port '{}'; a port is a number from 1 to 65535 or a range such as 8000-8099",
                    clip(*text)));
    return std::nullopt;
  }
  const auto first = port_of(std::string_view{*text}.substr(0, dash));
  const auto last = port_of(std::string_view{*text}.substr(dash + 1));
  if (first && last && *first <= *last) return PortRange{*first, *last};
  if (first && last)
    loading.error(node.place,
                  fmt::format("bad port range '{}': it ends before it begins; did you mean '{}-{}'?",
                              clip(*text), *last, *first));
  else
    loading.error(node.place,
                  fmt::format("bad port range '{}'; a range is two ports from 1 to 65535, such as 8000-8099",
                              clip(*text)));
  return std::nullopt;
}

void read_destinations(Loading& loading, const YamlNode& node) {
  if (!is_map(loading, node, "'destinations'")) return;
  for (const YamlEntry& entry : node.entries) {
    if (loading.policy.destinations.size() >= kMaxNamed) {
      loading.error(entry.key.place, fmt::format("more than {} destinations", kMaxNamed));
      return;
    }
    read_destination(loading, entry);
  }
}

}  // namespace sluice::policy
