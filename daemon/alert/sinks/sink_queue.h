// SPDX-License-Identifier: Apache-2.0
// Keeps a slow sink (a stopped terminal, a full pipe, a hanging journal) away from the pipeline: push() never
// blocks.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "alert/sinks/sinks.h"

namespace sluice::alert {

class SinkQueue {
 public:
  static constexpr std::size_t kMaxQueued = 4096;

  /// Starts the thread that writes.
  explicit SinkQueue(std::unique_ptr<Sinks> sinks, std::size_t max_queued = kMaxQueued);
  /// Waits up to kDrain for what is queued; a sink that hangs longer is left behind with its thread.
  ~SinkQueue();
  SinkQueue(const SinkQueue&) = delete;
  SinkQueue& operator=(const SinkQueue&) = delete;

  /// False if the queue is full: the finding reaches no sink, and is counted. From any thread.
  bool push(Finding finding);
  /// True once all that was pushed is written; false if that takes longer than `limit`.
  [[nodiscard]] bool flush(std::chrono::milliseconds limit);
  [[nodiscard]] std::uint64_t dropped() const;
  [[nodiscard]] std::vector<SinkStatus> status() const;

 private:
  static constexpr std::chrono::milliseconds kDrain{2000};
  struct Shared;
  static void run(const std::shared_ptr<Shared>& shared);

  // Shared with a detached thread, which can outlive this object when a sink hangs.
  std::shared_ptr<Shared> shared_;
};

}  // namespace sluice::alert
