// SPDX-License-Identifier: Apache-2.0
// Identities have types of their own, so that cookies, positions and pids never mix.
#pragma once

#include <cstdint>
#include <utility>

namespace sluice {

/// The kernel's 64-bit socket identity (SO_COOKIE); not reused while the host is up. 0 = none.
enum class SocketCookie : std::uint64_t {};
/// Offset of a byte in one direction of a flow, counted from the first byte that Sluice saw.
enum class StreamPos : std::uint64_t {};
/// Thread-group id in the initial pid namespace, which is what people call a pid. 0 = unknown.
enum class Tgid : std::uint32_t {};
enum class Uid : std::uint32_t {};
enum class Gid : std::uint32_t {};
/// Inode number of a cgroup directory (the cgroup v2 id).
enum class CgroupId : std::uint64_t {};

[[nodiscard]] constexpr StreamPos operator+(StreamPos pos, std::uint64_t n) {
  return StreamPos{std::to_underlying(pos) + n};
}
[[nodiscard]] constexpr std::uint64_t operator-(StreamPos a, StreamPos b) {
  return std::to_underlying(a) - std::to_underlying(b);
}

}  // namespace sluice
