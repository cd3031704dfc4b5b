// SPDX-License-Identifier: Apache-2.0
// TCP by io_uring, by its raw system calls: one request at a time.
#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <utility>

#include "sender.h"

namespace sluice::sender {
namespace {

constexpr unsigned kEntries = 4;

class Ring {
 public:
  explicit Ring(std::uint32_t flags) {
    io_uring_params params{};
    params.flags = flags;
    if (flags & IORING_SETUP_SQPOLL) params.sq_thread_idle = 100;
    const long made = syscall(SYS_io_uring_setup, kEntries, &params);
    if (made < 0 && errno == EPERM) not_offered("io_uring is turned off");
    fd_ = static_cast<int>(offered(made, "io_uring_setup"));
    polled_ = flags & IORING_SETUP_SQPOLL;
    map_queues(params);
  }

  [[nodiscard]] int fd() const { return fd_; }

  /// Submits one request and returns its result, negative with errno set.
  long run(const io_uring_sqe& request) {
    const unsigned tail = *sq_tail_;
    requests_[tail & *sq_mask_] = request;
    sq_array_[tail & *sq_mask_] = tail & *sq_mask_;
    std::atomic_ref{*sq_tail_}.store(tail + 1, std::memory_order_seq_cst);
    unsigned flags = IORING_ENTER_GETEVENTS;
    if (polled_ && (std::atomic_ref{*sq_flags_}.load() & IORING_SQ_NEED_WAKEUP))
      flags |= IORING_ENTER_SQ_WAKEUP;
    done(syscall(SYS_io_uring_enter, fd_, 1, 1, flags, nullptr, 0), "io_uring_enter");
    return wait_result();
  }

 private:
  void* map(std::size_t size, off_t offset) const {
    void* const mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd_, offset);
    if (mapped == MAP_FAILED) failed("map the ring");
    return mapped;
  }

  void map_queues(const io_uring_params& params) {
    auto* const sq = static_cast<char*>(map(params.sq_off.array + params.sq_entries * sizeof(unsigned),
                                            static_cast<off_t>(IORING_OFF_SQ_RING)));
    auto* const cq = static_cast<char*>(map(params.cq_off.cqes + params.cq_entries * sizeof(io_uring_cqe),
                                            static_cast<off_t>(IORING_OFF_CQ_RING)));
    requests_ = static_cast<io_uring_sqe*>(
        map(params.sq_entries * sizeof(io_uring_sqe), static_cast<off_t>(IORING_OFF_SQES)));
    sq_tail_ = reinterpret_cast<unsigned*>(sq + params.sq_off.tail);
    sq_mask_ = reinterpret_cast<unsigned*>(sq + params.sq_off.ring_mask);
    sq_flags_ = reinterpret_cast<unsigned*>(sq + params.sq_off.flags);
    sq_array_ = reinterpret_cast<unsigned*>(sq + params.sq_off.array);
    cq_head_ = reinterpret_cast<unsigned*>(cq + params.cq_off.head);
    cq_tail_ = reinterpret_cast<unsigned*>(cq + params.cq_off.tail);
    cq_mask_ = reinterpret_cast<unsigned*>(cq + params.cq_off.ring_mask);
    results_ = reinterpret_cast<io_uring_cqe*>(cq + params.cq_off.cqes);
  }

  /// A zero-copy send completes twice; the second time says only that its pages are free again.
  long wait_result() {
    while (true) {
      const unsigned head = *cq_head_;
      if (head == std::atomic_ref{*cq_tail_}.load(std::memory_order_acquire)) {
        done(syscall(SYS_io_uring_enter, fd_, 0, 1, IORING_ENTER_GETEVENTS, nullptr, 0),
             "wait for the result");
        continue;
      }
      const io_uring_cqe result = results_[head & *cq_mask_];
      std::atomic_ref{*cq_head_}.store(head + 1, std::memory_order_release);
      if (result.flags & IORING_CQE_F_NOTIF) continue;
      if (result.res < 0) errno = -result.res;
      return result.res;
    }
  }

  int fd_ = -1;
  bool polled_ = false;
  io_uring_sqe* requests_ = nullptr;
  io_uring_cqe* results_ = nullptr;
  unsigned *sq_tail_ = nullptr, *sq_mask_ = nullptr, *sq_flags_ = nullptr, *sq_array_ = nullptr;
  unsigned *cq_head_ = nullptr, *cq_tail_ = nullptr, *cq_mask_ = nullptr;
};

std::uint64_t address_of(const void* at) { return reinterpret_cast<std::uintptr_t>(at); }

io_uring_sqe request(std::uint8_t operation, int socket, Bytes data) {
  io_uring_sqe out{};
  out.opcode = operation;
  out.fd = socket;
  out.addr = address_of(data.data());
  out.len = static_cast<std::uint32_t>(data.size());
  out.off = operation == IORING_OP_WRITE || operation == IORING_OP_WRITE_FIXED ? ~std::uint64_t{0} : 0;
  return out;
}

/// Operation, flags of the ring and flags of the request.
template <std::uint8_t Operation, std::uint32_t RingFlags = 0, std::uint8_t Flags = 0>
void by_buffer(int socket, const Job& job) {
  Ring ring{RingFlags};
  send_all(job.data, "io_uring", [&](Bytes rest) {
    io_uring_sqe one = request(Operation, socket, rest);
    one.flags = Flags;
    const long n = ring.run(one);
    if (n < 0 && errno == EINVAL) not_offered("the operation is not known");
    return n;
  });
}

template <std::uint8_t Operation>
void by_message(int socket, const Job& job) {
  Ring ring{0};
  send_all(job.data, "io_uring", [&](Bytes rest) {
    iovec piece{.iov_base = const_cast<std::byte*>(rest.data()), .iov_len = rest.size()};
    const msghdr message{.msg_iov = &piece, .msg_iovlen = 1};
    io_uring_sqe one = request(Operation, socket, {});
    one.addr = address_of(&message);
    one.len = 1;
    const long n = ring.run(one);
    if (n < 0 && errno == EINVAL) not_offered("the operation is not known");
    return n;
  });
}

void by_fixed_buffer(int socket, const Job& job) {
  Ring ring{0};
  const iovec whole{.iov_base = const_cast<std::byte*>(job.data.data()), .iov_len = job.data.size()};
  offered(syscall(SYS_io_uring_register, ring.fd(), IORING_REGISTER_BUFFERS, &whole, 1),
          "register the buffer");
  send_all(job.data, "io_uring",
           [&](Bytes rest) { return ring.run(request(IORING_OP_WRITE_FIXED, socket, rest)); });
}

/// The ring holds the only reference to the socket: no descriptor of the process leads to it.
void without_descriptor(const Job& job) {
  Ring ring{0};
  const int made = connect_tcp(job);
  offered(syscall(SYS_io_uring_register, ring.fd(), IORING_REGISTER_FILES, &made, 1), "register the socket");
  close(made);
  announce(getpid());
  const auto fixed = [&](io_uring_sqe one) {
    one.flags = IOSQE_FIXED_FILE;
    return ring.run(one);
  };
  send_all(job.data, "io_uring", [&](Bytes rest) { return fixed(request(IORING_OP_SEND, 0, rest)); });
  io_uring_sqe end = request(IORING_OP_SHUTDOWN, 0, {});
  end.len = SHUT_WR;
  done(fixed(end), "shutdown");
  std::array<std::byte, 4096> ignored{};
  while (done(fixed(request(IORING_OP_RECV, 0, ignored)), "wait for the far side") > 0) {
  }
}

constexpr std::array kPaths{
    Path{"uring-send", over_tcp<by_buffer<IORING_OP_SEND>>},
    Path{"uring-sendmsg", over_tcp<by_message<IORING_OP_SENDMSG>>},
    Path{"uring-send-zc", over_tcp<by_buffer<IORING_OP_SEND_ZC>>},
    Path{"uring-sendmsg-zc", over_tcp<by_message<IORING_OP_SENDMSG_ZC>>},
    Path{"uring-write", over_tcp<by_buffer<IORING_OP_WRITE>>},
    Path{"uring-write-fixed", over_tcp<by_fixed_buffer>},
    Path{"uring-worker", over_tcp<by_buffer<IORING_OP_SEND, 0, IOSQE_ASYNC>>},
    Path{"uring-sqpoll", over_tcp<by_buffer<IORING_OP_SEND, IORING_SETUP_SQPOLL>>},
    Path{"uring-registered", without_descriptor},
};

}  // namespace

std::span<const Path> uring_paths() { return kPaths; }

}  // namespace sluice::sender
