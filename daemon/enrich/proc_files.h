// SPDX-License-Identifier: Apache-2.0
// Reading procfs: small files and links of processes that may vanish at any moment.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::enrich {

/// At most `limit` bytes of a file; "" if it cannot be read.
[[nodiscard]] std::string read_some(const std::string& path, std::size_t limit);
/// Target of a symbolic link, "" if there is none.
[[nodiscard]] std::string read_link(const std::string& path);
/// The numbers behind a key of /proc/PID/status: status_numbers(text, "\nGroups:").
[[nodiscard]] std::vector<std::uint32_t> status_numbers(std::string_view status, std::string_view key);

/// When the process started, in clock ticks since boot (field 22 of /proc/PID/stat); 0 if it cannot be read.
[[nodiscard]] std::uint64_t start_ticks(const std::string& directory);
/// The kernel's start in nanoseconds, in the same ticks.
[[nodiscard]] std::uint64_t to_ticks(std::uint64_t start_ns);

}  // namespace sluice::enrich
