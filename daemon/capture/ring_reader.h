// SPDX-License-Identifier: Apache-2.0
// The ring buffer on Boost.Asio.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "base/unique_fd.h"

struct ring_buffer;

namespace sluice::abi {
struct control;
}

namespace sluice::capture {

/// Reads records and hands them on in ring order. All calls happen on the thread that runs `io`.
class RingReader {
 public:
  struct Handlers {
    std::function<void(Bytes record)> on_record;  // borrowed until the call returns
    std::function<void()> on_batch;               // after all records that were there: rule, kick, beat
  };

  [[nodiscard]] static Result<std::unique_ptr<RingReader>> open(boost::asio::io_context& io, int ring_map,
                                                                abi::control& control, Handlers handlers);
  ~RingReader();
  RingReader(const RingReader&) = delete;
  RingReader& operator=(const RingReader&) = delete;

  void start();
  /// Reads what is there now, to the last record or for two seconds; for shutdown and policy changes.
  void drain();
  void stop();

  /// Bytes waiting to be read.
  [[nodiscard]] std::uint64_t backlog() const;

 private:
  RingReader(boost::asio::io_context& io, abi::control& control, Handlers handlers);
  static int on_sample(void* self, void* data, unsigned long size);
  void wait();
  void run();
  void poll_later();

  abi::control& control_;
  Handlers handlers_;
  ring_buffer* ring_ = nullptr;
  void* consumer_page_ = nullptr;
  void* producer_page_ = nullptr;
  boost::asio::io_context& io_;
  boost::asio::posix::stream_descriptor ready_;
  boost::asio::steady_timer timer_;
  bool stopped_ = false;
};

}  // namespace sluice::capture
