// SPDX-License-Identifier: Apache-2.0
// The control socket: one JSON request a line, one JSON reply a line (protocol.md). Root and the socket's
// group only, by the kernel's word on who connected. All limits are counted when they bite.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"
#include "control/peer.h"

namespace boost::asio {
class io_context;
}

namespace sluice::control {

struct Request {
  std::string command;  // the request's "cmd"
  nlohmann::json body;  // the request, an object
  Peer peer;
};

/// Answers one request. May be called from any thread, later, or never (the client then runs into its own
/// time limit). Only the first call counts.
using Reply = std::function<void(nlohmann::json)>;
using Handler = std::function<void(const Request&, Reply)>;

struct ControlOptions {
  std::string path;
  std::string
      group;  // may also use the socket; a group that does not exist leaves it to root (group_found() tells)
  std::size_t max_request = 64U << 10U;
  std::size_t max_clients = 32;
  std::size_t max_backlog = 1U << 20U;  // bytes a follower may lag behind before it is dropped
  std::chrono::milliseconds idle_timeout{30'000};
};

struct ControlCounters {
  std::uint64_t requests = 0;
  std::uint64_t refused_peers = 0;      // neither root nor in the group
  std::uint64_t refused_clients = 0;    // over max_clients
  std::uint64_t bad_requests = 0;       // too large, no JSON, no "cmd"
  std::uint64_t dropped_followers = 0;  // too slow
};

/// Handlers run on the io_context's thread, which must be one thread.
class ControlSocket {
 public:
  /// Listens. A socket file that nobody listens on is replaced; one that is in use, and a file that is no
  /// socket, are left alone and fail. Borrows the io_context.
  [[nodiscard]] static Result<std::unique_ptr<ControlSocket>> listen(boost::asio::io_context& io,
                                                                     ControlOptions options, Handler handler);
  /// Closes all connections and removes the socket file if it is still ours. On the io_context's thread.
  ~ControlSocket();
  ControlSocket(const ControlSocket&) = delete;
  ControlSocket& operator=(const ControlSocket&) = delete;

  /// Pushes one line to everybody who follows findings. From any thread.
  void publish(const nlohmann::json& record);
  /// On the io_context's thread.
  [[nodiscard]] ControlCounters counters() const;
  [[nodiscard]] std::size_t clients() const;
  [[nodiscard]] bool group_found() const;

 private:
  struct Server;
  explicit ControlSocket(std::shared_ptr<Server> server);
  // Shared with pending Asio handlers, which can run after this object is gone.
  std::shared_ptr<Server> server_;
};

/// What a reply to a failed request looks like.
[[nodiscard]] nlohmann::json error_reply(const std::string& message);

}  // namespace sluice::control
