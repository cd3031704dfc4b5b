// SPDX-License-Identifier: Apache-2.0
#include "capture/ring_reader.h"

#include <bpf/libbpf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/post.hpp>
#include <chrono>

#include "bpf/abi.h"

namespace sluice::capture {
namespace {

// Watched records do not wake the reader (a wake-up costs more than the copy); this is how late they may be
// read.
constexpr std::chrono::milliseconds kPollInterval{10};
constexpr std::chrono::milliseconds kDrainLimit{2000};
// Batches in a row before timers and posted work get their turn.
constexpr int kBatchesPerTurn = 64;

std::uint64_t load_position(const void* page) {
  return std::atomic_ref<std::uint64_t>{*const_cast<std::uint64_t*>(static_cast<const std::uint64_t*>(page))}
      .load(std::memory_order_acquire);
}

}  // namespace

RingReader::RingReader(boost::asio::io_context& io, abi::control& control, Handlers handlers)
    : control_{control}, handlers_{std::move(handlers)}, io_{io}, ready_{io}, timer_{io} {}

Result<std::unique_ptr<RingReader>> RingReader::open(boost::asio::io_context& io, int ring_map,
                                                     abi::control& control, Handlers handlers) {
  std::unique_ptr<RingReader> reader{new RingReader{io, control, std::move(handlers)}};
  reader->ring_ = ring_buffer__new(ring_map, &RingReader::on_sample, reader.get(), nullptr);
  if (reader->ring_ == nullptr) return fail(errno, "map the ring buffer");
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  // Page 0 is the consumer's position, page 1 the producer's (kernel/bpf/ringbuf.c).
  void* pages = mmap(nullptr, page, PROT_READ, MAP_SHARED, ring_map, 0);
  if (pages == MAP_FAILED) return fail(errno, "map the ring buffer's consumer position");
  reader->consumer_page_ = pages;
  pages = mmap(nullptr, page, PROT_READ, MAP_SHARED, ring_map, static_cast<off_t>(page));
  if (pages == MAP_FAILED) return fail(errno, "map the ring buffer's producer position");
  reader->producer_page_ = pages;
  // dup, since libbpf owns and closes its epoll descriptor.
  const int epoll = dup(ring_buffer__epoll_fd(reader->ring_));
  if (epoll < 0) return fail(errno, "duplicate the ring buffer's descriptor");
  reader->ready_.assign(epoll);
  return reader;
}

RingReader::~RingReader() {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  if (consumer_page_ != nullptr) munmap(consumer_page_, page);
  if (producer_page_ != nullptr) munmap(producer_page_, page);
  ring_buffer__free(ring_);
}

int RingReader::on_sample(void* self, void* data, unsigned long size) {
  static_cast<RingReader*>(self)->handlers_.on_record({static_cast<const std::uint8_t*>(data), size});
  return 0;
}

std::uint64_t RingReader::backlog() const {
  return load_position(producer_page_) - load_position(consumer_page_);
}

void RingReader::start() {
  poll_later();
  run();
}

void RingReader::stop() {
  stopped_ = true;
  boost::system::error_code ignored;
  ready_.cancel(ignored);
  timer_.cancel();
}

void RingReader::drain() {
  const auto deadline = std::chrono::steady_clock::now() + kDrainLimit;  // a busy flow never ends by itself
  do {
    handlers_.on_batch();
  } while (ring_buffer__consume(ring_) > 0 && std::chrono::steady_clock::now() < deadline);
  handlers_.on_batch();
}

void RingReader::wait() {
  ready_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this](const boost::system::error_code& error) {
                      if (!error && !stopped_) run();
                    });
}

// Reads until nothing is left, then sleeps. A kick makes the kernel capture the next packet inside the kick
// itself, so one turn often reads a whole transfer. `awake` is cleared before the last look (see wakeup_flags
// in event.bpf.h).
void RingReader::run() {
  std::atomic_ref<std::uint32_t> awake{control_.awake};
  awake.store(1, std::memory_order_relaxed);
  for (int batches = 0; batches < kBatchesPerTurn; ++batches) {
    if (ring_buffer__consume(ring_) > 0) {
      handlers_.on_batch();
      continue;
    }
    awake.store(0, std::memory_order_seq_cst);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (backlog() == 0) {
      handlers_.on_batch();
      return wait();
    }
    awake.store(1, std::memory_order_relaxed);  // reserved, but not yet submitted: it comes in a moment
  }
  boost::asio::post(io_, [this] {
    if (!stopped_) run();
  });
}

void RingReader::poll_later() {
  timer_.expires_after(kPollInterval);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error || stopped_) return;
    ring_buffer__consume(ring_);
    handlers_.on_batch();  // even without records: this is the daemon's heartbeat
    poll_later();
  });
}

}  // namespace sluice::capture
