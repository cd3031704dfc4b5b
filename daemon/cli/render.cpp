// SPDX-License-Identifier: Apache-2.0
#include "cli/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iostream>

#include "alert/finding_record.h"
#include "alert/redact.h"

namespace sluice::cli {
namespace {

using nlohmann::json;

const json* find(const json& object, std::string_view path) {
  const json* at = &object;
  while (!path.empty()) {
    const std::size_t dot = std::min(path.find('.'), path.size());
    const auto found = at->is_object() ? at->find(std::string{path.substr(0, dot)}) : at->end();
    if (!at->is_object() || found == at->end()) return nullptr;
    at = &*found;
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return at;
}

}  // namespace

std::string text_at(const json& object, std::string_view path) {
  const json* found = find(object, path);
  if (found == nullptr || found->is_null() || found->is_structured()) return {};
  return alert::printable(found->is_string() ? found->get_ref<const std::string&>() : found->dump());
}

double number_at(const json& object, std::string_view path) {
  const json* found = find(object, path);
  return found != nullptr && found->is_number() ? found->get<double>() : 0;
}

const json& node_at(const json& object, std::string_view path) {
  static const json kEmpty = json::array();
  const json* found = find(object, path);
  return found != nullptr && found->is_structured() ? *found : kEmpty;
}

std::string human_bytes(double bytes) {
  constexpr std::array kUnits{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < kUnits.size(); ++unit) bytes /= 1024;
  return unit == 0 ? fmt::format("{:.0f} B", bytes) : fmt::format("{:.1f} {}", bytes, kUnits[unit]);
}

std::string human_duration(double seconds) {
  const auto s = static_cast<std::uint64_t>(std::max(seconds, 0.0));
  if (s >= 86'400) return fmt::format("{}d {}h", s / 86'400, s % 86'400 / 3600);
  if (s >= 3600) return fmt::format("{}h {}m", s / 3600, s % 3600 / 60);
  if (s >= 60) return fmt::format("{}m {}s", s / 60, s % 60);
  return fmt::format("{}s", s);
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

void print_json(const json& value) { std::cout << alert::to_line(value) << '\n' << std::flush; }

}  // namespace sluice::cli
