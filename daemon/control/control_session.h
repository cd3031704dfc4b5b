// SPDX-License-Identifier: Apache-2.0
// One client of the control socket. Private to control/.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/streambuf.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "control/control_socket.h"

namespace sluice::control {

using StreamSocket = boost::asio::local::stream_protocol::socket;

/// What sessions need of their server.
struct SessionHost {
  ControlOptions options;
  Handler handler;
  ControlCounters counters;
  std::function<void(std::uint64_t session)> closed;
};

/// Reads a line, hands it to the handler, writes the reply, reads the next. A follower keeps reading as well,
/// so that its end is noticed. Held by shared_ptr as Asio's handlers need it.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(std::uint64_t number, StreamSocket socket, Peer peer, std::shared_ptr<SessionHost> host);

  void start() { read_request(); }
  /// Says why and closes once that is written.
  void refuse(const std::string& why);
  void close();
  /// One more line for a follower; nothing for others. A follower that lags too far is dropped.
  void publish(const std::shared_ptr<const std::string>& line);

 private:
  void read_request();
  void on_request(std::size_t length);
  void answer(std::uint64_t request, const nlohmann::json& reply);
  void send(std::shared_ptr<const std::string> line, bool published = false);
  void write_next();
  void on_written();
  void arm_idle_timer();

  std::uint64_t number_;
  StreamSocket socket_;
  boost::asio::steady_timer idle_;
  boost::asio::streambuf input_;
  Peer peer_;
  std::shared_ptr<SessionHost> host_;

  struct Line {
    std::shared_ptr<const std::string> text;
    bool published = false;  // counts as lag; a reply does not, however large it is
  };
  std::deque<Line> output_;
  std::size_t lag_bytes_ = 0;
  std::deque<std::shared_ptr<const std::string>>
      held_back_;              // published before the reply that opens the following
  std::uint64_t request_ = 0;  // number of the request under way; an answer to another one is stale
  bool answering_ = false;
  bool following_ = false;
  bool closing_ = false;  // close when the output is written
};

}  // namespace sluice::control
