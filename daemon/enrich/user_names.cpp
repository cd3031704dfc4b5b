// SPDX-License-Identifier: Apache-2.0
#include "enrich/user_names.h"

#include <fmt/core.h>
#include <sys/stat.h>

#include <charconv>
#include <fstream>
#include <string_view>

namespace sluice::enrich {
namespace {

constexpr std::size_t kMaxEntries = 100'000;

std::string version_of(const std::string& path) {
  struct stat found {};
  if (stat(path.c_str(), &found) != 0) return "absent";
  return fmt::format("{}.{}.{}.{}", found.st_ino, found.st_size, found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
}

// name:password:id:... in both files.
void read_entry(std::string_view line, std::unordered_map<std::uint32_t, std::string>& names) {
  const std::size_t first = line.find(':');
  const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
  if (second == std::string_view::npos) return;
  std::uint32_t id = 0;
  const std::string_view digits = line.substr(second + 1);
  if (std::from_chars(digits.data(), digits.data() + digits.size(), id).ec != std::errc{}) return;
  names.try_emplace(id, line.substr(0, first));
}

}  // namespace

std::string UserNames::find(File& file, std::uint32_t id) {
  if (std::string version = version_of(file.path); version != file.version) {
    file.names.clear();
    std::ifstream in{file.path};
    for (std::string line; file.names.size() < kMaxEntries && std::getline(in, line);)
      read_entry(line, file.names);
    file.version = std::move(version);
  }
  const auto known = file.names.find(id);
  return known == file.names.end() ? std::to_string(id) : known->second;
}

std::string UserNames::user(Uid uid) { return find(users_, std::to_underlying(uid)); }
std::string UserNames::group(Gid gid) { return find(groups_, std::to_underlying(gid)); }

}  // namespace sluice::enrich
