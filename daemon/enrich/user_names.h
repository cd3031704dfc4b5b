// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <unordered_map>

#include "base/ids.h"

namespace sluice::enrich {

/// Names of users and groups from /etc/passwd and /etc/group. Reads the files themselves and not NSS, which
/// may ask a network service and would stall inspection; an id without an entry is told by its digits. Read
/// again when a file changes.
class UserNames {
 public:
  explicit UserNames(std::string passwd = "/etc/passwd", std::string group = "/etc/group")
      : users_{std::move(passwd), {}, {}}, groups_{std::move(group), {}, {}} {}

  [[nodiscard]] std::string user(Uid uid);
  [[nodiscard]] std::string group(Gid gid);

 private:
  struct File {
    std::string path;
    std::string version;  // inode, size and time of what was read
    std::unordered_map<std::uint32_t, std::string> names;
  };
  static std::string find(File& file, std::uint32_t id);

  File users_;
  File groups_;
};

}  // namespace sluice::enrich
