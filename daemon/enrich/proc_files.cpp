// SPDX-License-Identifier: Apache-2.0
#include "enrich/proc_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <climits>
#include <sstream>

#include "base/unique_fd.h"

namespace sluice::enrich {

std::string read_some(const std::string& path, std::size_t limit) {
  const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!fd) return {};
  std::string text(limit, '\0');
  std::size_t size = 0;
  while (size < limit) {
    const ssize_t n = ::read(fd.get(), text.data() + size, limit - size);
    if (n <= 0) break;
    size += static_cast<std::size_t>(n);
  }
  text.resize(size);
  return text;
}

std::string read_link(const std::string& path) {
  char link[PATH_MAX];
  const ssize_t n = readlink(path.c_str(), link, sizeof link);
  return n <= 0 ? std::string{} : std::string{link, static_cast<std::size_t>(n)};
}

std::vector<std::uint32_t> status_numbers(std::string_view status, std::string_view key) {
  std::vector<std::uint32_t> out;
  const std::size_t at = status.find(key);
  if (at == std::string_view::npos) return out;
  const std::string_view rest = status.substr(at + key.size());
  std::istringstream line{std::string{rest.substr(0, rest.find('\n'))}};
  for (std::uint32_t number = 0; line >> number;) out.push_back(number);
  return out;
}

namespace {

std::uint64_t ns_per_tick() { return 1'000'000'000U / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK)); }

}  // namespace

std::uint64_t start_ticks(const std::string& directory) {
  // The name before it may hold spaces and parentheses (proc(5)).
  const std::string stat = read_some(directory + "/stat", 4096);
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos) return 0;
  std::istringstream fields{stat.substr(name_end + 1)};
  std::string skipped;
  for (int field = 3; field < 22; ++field) fields >> skipped;
  std::uint64_t ticks = 0;
  fields >> ticks;
  return ticks;
}

std::uint64_t to_ticks(std::uint64_t start_ns) { return start_ns / ns_per_tick(); }

}  // namespace sluice::enrich
