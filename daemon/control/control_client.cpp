// SPDX-License-Identifier: Apache-2.0
#include "control/control_client.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "control/unix_address.h"

namespace sluice::control {
namespace {

using nlohmann::json;
using SteadyClock = std::chrono::steady_clock;

Result<> wait_readable(int socket, std::optional<SteadyClock::time_point> deadline) {
  while (true) {
    int timeout = -1;
    if (deadline) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - SteadyClock::now()).count();
      timeout = left > 0 ? static_cast<int>(left) : 0;
    }
    pollfd waited{socket, POLLIN, 0};
    const int ready = ::poll(&waited, 1, timeout);
    if (ready > 0) return {};
    if (ready == 0) return fail(ETIMEDOUT, "wait for the daemon");
    if (errno != EINTR) return fail(errno, "wait for the daemon");
  }
}

}  // namespace

Result<ControlClient> ControlClient::connect(const std::string& path) {
  auto socket = connect_unix(path);
  if (!socket) return std::unexpected{std::move(socket.error())};
  return ControlClient{std::move(*socket)};
}

Result<> ControlClient::send_line(const std::string& line) {
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t n = ::send(socket_.get(), line.data() + done, line.size() - done, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(errno, "send to the daemon");
    done += static_cast<std::size_t>(n);
  }
  return {};
}

Result<json> ControlClient::ask(const json& request, std::chrono::milliseconds limit) {
  // A daemon that refuses answers and closes without reading: its answer says more than our EPIPE.
  const auto sent = send_line(request.dump(-1, ' ', false, json::error_handler_t::replace) + '\n');
  auto reply = next(limit);
  if (!reply) return std::unexpected{sent ? reply.error() : sent.error()};
  if (!*reply)
    return sent ? fail(ECONNRESET, "the daemon closed the connection") : std::unexpected{sent.error()};
  return std::move(**reply);
}

Result<std::optional<json>> ControlClient::next(std::optional<std::chrono::milliseconds> limit) {
  const auto deadline = limit ? std::optional{SteadyClock::now() + *limit} : std::nullopt;
  std::array<char, 65'536> piece;
  std::size_t searched = 0;
  while (true) {
    if (const std::size_t end = input_.find('\n', searched); end != input_.npos) {
      json message =
          json::parse(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(end), nullptr, false);
      input_.erase(0, end + 1);
      if (message.is_discarded()) return fail("the daemon sent something that is no JSON");
      return message;
    }
    searched = input_.size();
    if (searched > kMaxReply) return fail(EMSGSIZE, "reply of the daemon");
    if (auto ready = wait_readable(socket_.get(), deadline); !ready) return std::unexpected{ready.error()};
    const ssize_t n = ::recv(socket_.get(), piece.data(), piece.size(), 0);
    if (n == 0) return std::nullopt;
    if (n < 0 && errno != EINTR) return fail(errno, "read from the daemon");
    if (n > 0) input_.append(piece.data(), static_cast<std::size_t>(n));
  }
}

}  // namespace sluice::control
