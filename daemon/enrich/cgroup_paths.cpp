// SPDX-License-Identifier: Apache-2.0
#include "enrich/cgroup_paths.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <cstddef>
#include <cstring>
#include <new>

namespace sluice::enrich {
namespace {

constexpr int kFileIdKernfs = 0xfe;  // include/linux/exportfs.h: 64-bit kernfs id
constexpr std::array<std::string_view, 4> kUnitSuffixes{".service", ".scope", ".socket", ".mount"};

UniqueFd open_cgroup_by_id(int root, CgroupId id) {
  alignas(file_handle) std::array<std::byte, sizeof(file_handle) + sizeof(CgroupId)> memory{};
  auto* request = new (memory.data()) file_handle;  // the id is its flexible tail
  request->handle_bytes = sizeof id;
  request->handle_type = kFileIdKernfs;
  std::memcpy(memory.data() + sizeof(file_handle), &id, sizeof id);
  return UniqueFd{open_by_handle_at(root, request, O_PATH | O_CLOEXEC)};
}

}  // namespace

CgroupPaths::CgroupPaths(std::string mount)
    : mount_{std::move(mount)}, root_{::open(mount_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)} {}

std::string CgroupPaths::path(CgroupId id) {
  if (const auto known = paths_.find(id); known != paths_.end()) return known->second;
  const UniqueFd cgroup = open_cgroup_by_id(root_.get(), id);
  if (!cgroup) return {};
  char link[PATH_MAX];
  const std::string self = "/proc/self/fd/" + std::to_string(cgroup.get());
  const ssize_t n = readlink(self.c_str(), link, sizeof link);
  if (n <= 0) return {};
  std::string_view found{link, static_cast<std::size_t>(n)};
  if (found.starts_with(mount_)) found.remove_prefix(mount_.size());
  if (paths_.size() >= kMaxPaths) paths_.clear();
  return paths_.emplace(id, found.empty() ? "/" : std::string{found}).first->second;
}

std::string unit_of(std::string_view cgroup_path) {
  while (!cgroup_path.empty()) {
    cgroup_path.remove_prefix(cgroup_path.front() == '/' ? 1 : 0);
    const std::string_view component = cgroup_path.substr(0, cgroup_path.find('/'));
    cgroup_path.remove_prefix(component.size());
    if (component.ends_with(".slice")) continue;
    for (const std::string_view suffix : kUnitSuffixes)
      if (component.size() > suffix.size() && component.ends_with(suffix)) return std::string{component};
    return {};
  }
  return {};
}

}  // namespace sluice::enrich
