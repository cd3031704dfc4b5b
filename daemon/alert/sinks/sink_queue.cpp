// SPDX-License-Identifier: Apache-2.0
#include "alert/sinks/sink_queue.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>

namespace sluice::alert {

struct SinkQueue::Shared {
  std::unique_ptr<Sinks> sinks;
  std::size_t max_queued = 0;
  std::mutex mutex;
  std::condition_variable pushed;
  std::condition_variable idle;
  std::deque<Finding> queue;
  std::uint64_t dropped = 0;
  bool writing = false;
  bool stop = false;
};

SinkQueue::SinkQueue(std::unique_ptr<Sinks> sinks, std::size_t max_queued)
    : shared_{std::make_shared<Shared>()} {
  shared_->sinks = std::move(sinks);
  shared_->max_queued = max_queued;
  std::thread{[shared = shared_] { run(shared); }}.detach();
}

SinkQueue::~SinkQueue() {
  (void)flush(kDrain);
  const std::lock_guard lock{shared_->mutex};
  shared_->stop = true;
  shared_->pushed.notify_one();
}

void SinkQueue::run(const std::shared_ptr<Shared>& shared) {
  std::unique_lock lock{shared->mutex};
  while (true) {
    shared->pushed.wait(lock, [&] { return shared->stop || !shared->queue.empty(); });
    if (shared->stop) return;
    const Finding finding = std::move(shared->queue.front());
    shared->queue.pop_front();
    shared->writing = true;
    lock.unlock();
    shared->sinks->write(finding);
    lock.lock();
    shared->writing = false;
    if (shared->queue.empty()) shared->idle.notify_all();
  }
}

bool SinkQueue::push(Finding finding) {
  const std::lock_guard lock{shared_->mutex};
  if (shared_->queue.size() >= shared_->max_queued) {
    ++shared_->dropped;
    return false;
  }
  shared_->queue.push_back(std::move(finding));
  shared_->pushed.notify_one();
  return true;
}

bool SinkQueue::flush(std::chrono::milliseconds limit) {
  std::unique_lock lock{shared_->mutex};
  return shared_->idle.wait_for(lock, limit, [&] { return shared_->queue.empty() && !shared_->writing; });
}

std::uint64_t SinkQueue::dropped() const {
  const std::lock_guard lock{shared_->mutex};
  return shared_->dropped;
}

std::vector<SinkStatus> SinkQueue::status() const { return shared_->sinks->status(); }

}  // namespace sluice::alert
