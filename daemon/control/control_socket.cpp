// SPDX-License-Identifier: Apache-2.0
#include "control/control_socket.h"

#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <unordered_map>
#include <utility>

#include "base/unique_fd.h"
#include "control/control_session.h"
#include "control/unix_address.h"

namespace sluice::control {
namespace {

namespace asio = boost::asio;
using Acceptor = asio::local::stream_protocol::acceptor;

constexpr mode_t kSocketMode = 0660;

std::optional<gid_t> group_id(const std::string& name) {
  if (name.empty()) return std::nullopt;
  std::array<char, 16'384> buffer;
  group entry{};
  group* found = nullptr;
  if (getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr)
    return std::nullopt;
  return found->gr_gid;
}

/// Makes room for the socket file, if what is there is the leftover of a daemon that is gone.
Result<> remove_stale(const std::string& path) {
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0)
    return errno == ENOENT ? Result<>{} : fail(errno, "look at '" + path + "'");
  if (!S_ISSOCK(status.st_mode)) return fail(EEXIST, "'" + path + "' is no socket");
  const auto other = connect_unix(path);
  if (other) return fail(EADDRINUSE, "another daemon listens on '" + path + "'");
  if (other.error().code.value() != ECONNREFUSED) return std::unexpected{other.error()};
  if (unlink(path.c_str()) != 0) return fail(errno, "remove stale socket '" + path + "'");
  return {};
}

/// Nobody can connect between bind() and listen(), so that the mode is right before the first client.
Result<UniqueFd> bind_and_listen(const std::string& path, std::optional<gid_t> group) {
  const auto address = unix_address(path);
  if (!address) return std::unexpected{address.error()};
  if (auto room = remove_stale(path); !room) return std::unexpected{room.error()};
  UniqueFd socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  if (!socket) return fail(errno, "create control socket");
  if (::bind(socket.get(), address->data(), UnixAddress::size()) != 0)
    return fail(errno, "bind control socket '" + path + "'");
  if (chmod(path.c_str(), kSocketMode) != 0) return fail(errno, "set the mode of '" + path + "'");
  if (group && chown(path.c_str(), static_cast<uid_t>(-1), *group) != 0)
    return fail(errno, "set the group of '" + path + "'");
  if (::listen(socket.get(), SOMAXCONN) != 0) return fail(errno, "listen on '" + path + "'");
  return socket;
}

}  // namespace

struct ControlSocket::Server : std::enable_shared_from_this<ControlSocket::Server> {
  explicit Server(asio::io_context& context) : io{context}, acceptor{context} {}

  void accept();
  void admit(StreamSocket socket);
  void shut_down();

  asio::io_context& io;
  Acceptor acceptor;
  std::shared_ptr<SessionHost> host = std::make_shared<SessionHost>();
  std::optional<gid_t> group;
  std::unordered_map<std::uint64_t, std::shared_ptr<Session>> sessions;
  std::uint64_t last_session = 0;
  ino_t inode = 0;
};

void ControlSocket::Server::accept() {
  acceptor.async_accept(
      [self = shared_from_this()](const boost::system::error_code& error, StreamSocket socket) {
        if (error == asio::error::operation_aborted || !self->acceptor.is_open()) return;
        if (!error) self->admit(std::move(socket));
        self->accept();
      });
}

void ControlSocket::Server::admit(StreamSocket socket) {
  auto peer = peer_of(socket.native_handle());
  const bool allowed = peer && may_control(*peer, Gid{group.value_or(0)});
  const bool full = sessions.size() >= host->options.max_clients;
  auto session = std::make_shared<Session>(++last_session, std::move(socket), peer ? *peer : Peer{}, host);
  if (!allowed) {
    ++host->counters.refused_peers;
    return session->refuse("permission denied: only root and group '" + host->options.group +
                           "' may use the control socket");
  }
  if (full) {
    ++host->counters.refused_clients;
    return session->refuse("too many clients (" + std::to_string(host->options.max_clients) + ")");
  }
  sessions.emplace(last_session, session);
  session->start();
}

void ControlSocket::Server::shut_down() {
  boost::system::error_code ignored;
  acceptor.close(ignored);
  for (const auto& [number, session] : std::exchange(sessions, {})) session->close();
  struct stat status {};
  const char* path = host->options.path.c_str();
  if (lstat(path, &status) == 0 && status.st_ino == inode) unlink(path);
}

ControlSocket::ControlSocket(std::shared_ptr<Server> server) : server_{std::move(server)} {}

ControlSocket::~ControlSocket() {
  server_->host->closed = nullptr;
  server_->shut_down();
}

Result<std::unique_ptr<ControlSocket>> ControlSocket::listen(asio::io_context& io, ControlOptions options,
                                                             Handler handler) {
  auto server = std::make_shared<Server>(io);
  server->group = group_id(options.group);
  auto socket = bind_and_listen(options.path, server->group);
  if (!socket) return std::unexpected{std::move(socket.error())};
  struct stat status {};
  if (lstat(options.path.c_str(), &status) == 0) server->inode = status.st_ino;
  boost::system::error_code error;
  server->acceptor.assign(asio::local::stream_protocol{}, socket->get(), error);
  if (error) return fail(error.value(), "watch control socket");
  (void)socket->release();
  server->host->options = std::move(options);
  server->host->handler = std::move(handler);
  server->host->closed = [raw = server.get()](std::uint64_t session) { raw->sessions.erase(session); };
  server->accept();
  return std::unique_ptr<ControlSocket>{new ControlSocket{std::move(server)}};
}

void ControlSocket::publish(const nlohmann::json& record) {
  auto line = std::make_shared<const std::string>(
      record.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n');
  asio::post(server_->io, [server = server_, line = std::move(line)] {
    const auto sessions = server->sessions;  // a copy: a follower that is dropped leaves the map
    for (const auto& [number, session] : sessions) session->publish(line);
  });
}

ControlCounters ControlSocket::counters() const { return server_->host->counters; }
std::size_t ControlSocket::clients() const { return server_->sessions.size(); }
bool ControlSocket::group_found() const { return server_->group.has_value(); }

}  // namespace sluice::control
