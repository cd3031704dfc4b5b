// SPDX-License-Identifier: Apache-2.0
// IP addresses and networks. IPv4 is held as an IPv4-mapped IPv6 address (RFC 4291, 2.5.5.2), so that one
// longest-prefix table serves both.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};  // network byte order

  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  [[nodiscard]] bool is_v4() const;
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const IpAddress&) const = default;
};

struct Endpoint {
  IpAddress address;
  std::uint16_t port = 0;  // host byte order

  [[nodiscard]] std::string to_string() const;  // 192.0.2.1:443, [2001:db8::1]:443
  auto operator<=>(const Endpoint&) const = default;
};

struct Network {
  IpAddress address;        // host bits are zero
  std::uint8_t prefix = 0;  // of the 128-bit form: 10.0.0.0/8 has 104

  /// "10.0.0.0/8", "fd00::/8" or a single address. Fails on set host bits, so that a typing slip is not
  /// widened.
  [[nodiscard]] static std::optional<Network> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& candidate) const;
  [[nodiscard]] bool contains(const Network& other) const {
    return other.prefix >= prefix && contains(other.address);
  }
  [[nodiscard]] std::string to_string() const;
  auto operator<=>(const Network&) const = default;
};

}  // namespace sluice
