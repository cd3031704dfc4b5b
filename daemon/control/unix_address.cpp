// SPDX-License-Identifier: Apache-2.0
#include "control/unix_address.h"

#include <algorithm>

namespace sluice::control {

Result<UnixAddress> unix_address(const std::string& path) {
  UnixAddress out;
  out.address.sun_family = AF_UNIX;
  if (path.empty()) return fail(EINVAL, "socket path is empty");
  if (path.size() >= sizeof out.address.sun_path) return fail(ENAMETOOLONG, "socket path '" + path + "'");
  std::ranges::copy(path, out.address.sun_path);
  return out;
}

Result<UniqueFd> connect_unix(const std::string& path) {
  const auto address = unix_address(path);
  if (!address) return std::unexpected{address.error()};
  UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  if (!socket) return fail(errno, "create a socket");
  if (::connect(socket.get(), address->data(), UnixAddress::size()) != 0)
    return fail(errno, "connect to '" + path + "'");
  return socket;
}

}  // namespace sluice::control
