// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "base/result.h"
#include "base/unique_fd.h"

namespace sluice::control {

struct UnixAddress {
  sockaddr_un address{};
  [[nodiscard]] const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&address); }
  [[nodiscard]] static constexpr socklen_t size() { return sizeof(sockaddr_un); }
};

/// Fails with ENAMETOOLONG if the path does not fit (107 bytes).
[[nodiscard]] Result<UnixAddress> unix_address(const std::string& path);

/// A connected stream socket; the error keeps connect()'s errno.
[[nodiscard]] Result<UniqueFd> connect_unix(const std::string& path);

}  // namespace sluice::control
