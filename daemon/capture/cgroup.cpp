// SPDX-License-Identifier: Apache-2.0
#include "capture/cgroup.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <fstream>
#include <sstream>

namespace sluice::capture {

Result<std::string> cgroup2_mount() {
  std::ifstream mounts{"/proc/self/mounts"};
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream words{line};
    std::string device, path, type;
    if (words >> device >> path >> type && type == "cgroup2") return path;
  }
  return fail("no cgroup v2 hierarchy is mounted (mount -t cgroup2 none /sys/fs/cgroup)");
}

Result<UniqueFd> open_cgroup(const std::string& path) {
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) return fail(errno, "open cgroup '" + path + "'");
  struct statfs fs {};
  if (fstatfs(fd.get(), &fs) != 0) return fail(errno, "statfs '" + path + "'");
  if (static_cast<unsigned long>(fs.f_type) != CGROUP2_SUPER_MAGIC)
    return fail("'" + path + "' is not in a cgroup v2 hierarchy");
  return fd;
}

}  // namespace sluice::capture
