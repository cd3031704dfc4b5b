// SPDX-License-Identifier: Apache-2.0
// Replies of the daemon for the eye. Whatever a reply lacks becomes "" or 0: an older or newer daemon is no
// error.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

/// The value at a dotted path ("policy.hash") as printable text.
[[nodiscard]] std::string text_at(const nlohmann::json& object, std::string_view path);
[[nodiscard]] double number_at(const nlohmann::json& object, std::string_view path);
/// The object or array there, or an empty one.
[[nodiscard]] const nlohmann::json& node_at(const nlohmann::json& object, std::string_view path);

[[nodiscard]] std::string human_bytes(double bytes);       // 1.5 MiB
[[nodiscard]] std::string human_duration(double seconds);  // 1d 3h, 4m 10s

/// Left-aligned columns, two spaces apart.
[[nodiscard]] std::string table(const std::vector<std::vector<std::string>>& rows);

/// One line of JSON that cannot throw on bad UTF-8, to standard output.
void print_json(const nlohmann::json& value);

}  // namespace sluice::cli
