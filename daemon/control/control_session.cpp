// SPDX-License-Identifier: Apache-2.0
#include "control/control_session.h"

#include <boost/asio/post.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <utility>

namespace sluice::control {
namespace {

namespace asio = boost::asio;
using nlohmann::json;

std::shared_ptr<const std::string> to_line(const json& message) {
  return std::make_shared<const std::string>(message.dump(-1, ' ', false, json::error_handler_t::replace) +
                                             '\n');
}

bool wants_to_follow(const Request& request) {
  const auto follow = request.body.find("follow");
  return request.command == "findings" && follow != request.body.end() && follow->is_boolean() &&
         follow->get<bool>();
}

/// The request in a line, or what is wrong with it.
std::expected<Request, std::string> parse_request(const std::string& line) {
  Request request;
  request.body = json::parse(line, nullptr, /* allow_exceptions= */ false);
  if (!request.body.is_object()) return std::unexpected{"a request is one JSON object on one line"};
  const auto command = request.body.find("cmd");
  if (command == request.body.end() || !command->is_string())
    return std::unexpected{"a request names its command: {\"cmd\":\"status\"}"};
  request.command = command->get<std::string>();
  return request;
}

}  // namespace

json error_reply(const std::string& message) { return {{"ok", false}, {"error", message}}; }

Session::Session(std::uint64_t number, StreamSocket socket, Peer peer, std::shared_ptr<SessionHost> host)
    : number_{number},
      socket_{std::move(socket)},
      idle_{socket_.get_executor()},
      input_{host->options.max_request},
      peer_{std::move(peer)},
      host_{std::move(host)} {}

void Session::close() {
  following_ = false;
  boost::system::error_code ignored;
  idle_.cancel();
  socket_.close(ignored);
  if (host_->closed) host_->closed(number_);
}

void Session::refuse(const std::string& why) {
  closing_ = true;
  arm_idle_timer();
  send(to_line(error_reply(why)));
}

void Session::arm_idle_timer() {
  idle_.expires_after(host_->options.idle_timeout);
  idle_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
    if (!error) self->close();
  });
}

void Session::read_request() {
  if (!following_) arm_idle_timer();
  asio::async_read_until(
      socket_, input_, '\n',
      [self = shared_from_this()](const boost::system::error_code& error, std::size_t length) {
        if (error == asio::error::not_found) {
          ++self->host_->counters.bad_requests;
          return self->refuse("request is larger than " + std::to_string(self->host_->options.max_request) +
                              " bytes");
        }
        if (error) return self->close();
        self->on_request(length);
      });
}

void Session::on_request(std::size_t length) {
  const auto* begin = static_cast<const char*>(input_.data().data());
  auto request = parse_request(std::string{begin, length});
  input_.consume(length);
  if (following_) return read_request();  // a follower has nothing more to say
  if (!request) {
    ++host_->counters.bad_requests;
    return send(to_line(error_reply(request.error())));
  }

  ++host_->counters.requests;
  request->peer = peer_;
  following_ = wants_to_follow(*request);
  answering_ = true;
  idle_.cancel();
  // The reply may come from another thread and after this session's end.
  auto executor = socket_.get_executor();
  host_->handler(*request, [executor, weak = weak_from_this(), number = ++request_](json reply) {
    asio::post(executor, [weak, number, reply = std::move(reply)] {
      if (const auto self = weak.lock()) self->answer(number, reply);
    });
  });
}

void Session::answer(std::uint64_t request, const json& reply) {
  if (!answering_ || request != request_ || !socket_.is_open()) return;
  answering_ = false;
  if (!following_) arm_idle_timer();  // for a client that does not take its reply
  send(to_line(reply));
  if (!following_) return;  // the next request is read when the reply is written: nothing piles up
  for (auto& line : std::exchange(held_back_, {})) send(std::move(line), /* published= */ true);
  read_request();
}

void Session::publish(const std::shared_ptr<const std::string>& line) {
  if (!following_) return;
  lag_bytes_ += line->size();
  if (lag_bytes_ > host_->options.max_backlog) {
    ++host_->counters.dropped_followers;
    return close();
  }
  if (answering_) return held_back_.push_back(line);
  send(line, /* published= */ true);
}

void Session::send(std::shared_ptr<const std::string> line, bool published) {
  output_.push_back({std::move(line), published});
  if (output_.size() == 1) write_next();
}

void Session::write_next() {
  asio::async_write(socket_, asio::buffer(*output_.front().text),
                    [self = shared_from_this()](const boost::system::error_code& error, std::size_t) {
                      if (error) return self->close();
                      self->on_written();
                    });
}

void Session::on_written() {
  if (output_.front().published) lag_bytes_ -= output_.front().text->size();
  output_.pop_front();
  if (!output_.empty()) return write_next();
  if (closing_) return close();
  if (!following_) read_request();
}

}  // namespace sluice::control
