// SPDX-License-Identifier: Apache-2.0
#include "base/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace sluice {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

IpAddress masked(const IpAddress& address, unsigned prefix) {
  IpAddress out;
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned bits = prefix > 8 * i ? std::min(8U, prefix - 8 * i) : 0;
    out.bytes[i] = static_cast<std::uint8_t>(address.bytes[i] & (0xff00U >> bits));
  }
  return out;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated{text};
  IpAddress out;
  if (inet_pton(AF_INET6, terminated.c_str(), out.bytes.data()) == 1) return out;
  std::ranges::copy(kMappedPrefix, out.bytes.begin());
  if (inet_pton(AF_INET, terminated.c_str(), out.bytes.data() + kMappedPrefix.size()) == 1) return out;
  return std::nullopt;
}

bool IpAddress::is_v4() const {
  return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin());
}

std::string IpAddress::to_string() const {
  char text[INET6_ADDRSTRLEN];
  const void* from = is_v4() ? bytes.data() + kMappedPrefix.size() : bytes.data();
  return inet_ntop(is_v4() ? AF_INET : AF_INET6, from, text, sizeof text);
}

std::string Endpoint::to_string() const {
  const std::string host = address.is_v4() ? address.to_string() : '[' + address.to_string() + ']';
  return host + ':' + std::to_string(port);
}

std::optional<Network> Network::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const unsigned width = address->is_v4() ? 32 : 128;
  unsigned prefix = width;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
    if (error != std::errc{} || end != digits.data() + digits.size() || prefix > width) return std::nullopt;
  }
  prefix += 128 - width;
  if (masked(*address, prefix) != *address) return std::nullopt;
  return Network{*address, static_cast<std::uint8_t>(prefix)};
}

bool Network::contains(const IpAddress& candidate) const { return masked(candidate, prefix) == address; }

std::string Network::to_string() const {
  const bool v4 = address.is_v4() && prefix >= 96;
  return address.to_string() + '/' + std::to_string(v4 ? prefix - 96 : prefix);
}

}  // namespace sluice
