// SPDX-License-Identifier: Apache-2.0
// A control socket on a thread of its own, for tests that play the daemon.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <memory>
#include <thread>
#include <utility>

#include "control/control_socket.h"

namespace sluice::test {

class ServerThread {
 public:
  ServerThread() : thread_{[this] { io_.run(); }} {}
  ~ServerThread() {
    stop();
    work_.reset();
    thread_.join();
  }
  ServerThread(const ServerThread&) = delete;
  ServerThread& operator=(const ServerThread&) = delete;

  template <class F>
  auto on_io(F function) {
    std::packaged_task<decltype(function())()> task{std::move(function)};
    auto result = task.get_future();
    boost::asio::post(io_, [&task] { task(); });
    return result.get();
  }

  [[nodiscard]] Result<> listen(control::ControlOptions options, control::Handler handler) {
    return on_io([&]() -> Result<> {
      auto made = control::ControlSocket::listen(io_, std::move(options), std::move(handler));
      if (!made) return std::unexpected{std::move(made.error())};
      socket_ = std::move(*made);
      return {};
    });
  }

  void publish(const nlohmann::json& record) { socket_->publish(record); }
  [[nodiscard]] control::ControlCounters counters() {
    return on_io([this] { return socket_->counters(); });
  }
  void stop() {
    on_io([this] { socket_.reset(); });
  }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::unique_ptr<control::ControlSocket> socket_;
  std::thread thread_;
};

}  // namespace sluice::test
