// SPDX-License-Identifier: Apache-2.0
// Races that the gate wins by its place: it reads the copy that the kernel made.
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "race.h"

namespace sluice::sender {
namespace {

constexpr std::size_t kPage = 4096;
constexpr unsigned long kBurst = 4;

template <class F>
void while_flipped(Race& race, F send_one) {
  std::array<char, kMessage.size()> buffer{};
  std::ranges::copy(kMessage, buffer.begin());
  const Flipper flipper{&buffer[kDigit]};
  for (unsigned long i = 0; i < race.options().count; ++i) {
    race.took(send_one(race.socket(), buffer));
    if (i % kBurst == 0) race.drain();  // else a refusal would take all that is queued with it
  }
}

using Buffer = std::array<char, kMessage.size()>;

void flipped_send(Race& race) {
  while_flipped(
      race, [](int socket, const Buffer& buffer) { return send(socket, buffer.data(), buffer.size(), 0); });
}

void flipped_write(Race& race) {
  while_flipped(race,
                [](int socket, const Buffer& buffer) { return write(socket, buffer.data(), buffer.size()); });
}

/// The digit that changes is in the second of two pieces.
void flipped_sendmsg(Race& race) {
  while_flipped(race, [](int socket, Buffer& buffer) {
    std::array<iovec, 2> pieces{{{.iov_base = buffer.data(), .iov_len = kDigit},
                                 {.iov_base = buffer.data() + kDigit, .iov_len = buffer.size() - kDigit}}};
    const msghdr message{.msg_iov = pieces.data(), .msg_iovlen = pieces.size()};
    return sendmsg(socket, &message, 0);
  });
}

/// Two pages; the second is missing until somebody reads it, and who then fills it changes the first one,
/// too.
class FaultingPages {
 public:
  FaultingPages() {
    fd_ = static_cast<int>(offered(syscall(SYS_userfaultfd, O_CLOEXEC), "userfaultfd"));
    uffdio_api api{.api = UFFD_API, .features = 0, .ioctls = 0};
    offered(ioctl(fd_, UFFDIO_API, &api), "UFFDIO_API");
    void* const mapped = mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) failed("mmap");
    pages_ = static_cast<char*>(mapped);
    std::memset(pages_, ' ', kPage);
    uffdio_register range{.range = {.start = reinterpret_cast<std::uintptr_t>(pages_ + kPage), .len = kPage},
                          .mode = UFFDIO_REGISTER_MODE_MISSING,
                          .ioctls = 0};
    done(ioctl(fd_, UFFDIO_REGISTER, &range), "UFFDIO_REGISTER");
    if ((errno = pthread_create(&thread_, nullptr, serve, this)) != 0) failed("start a thread");
  }

  /// The message at the end of the first page, one byte of it in the second, which is missing again.
  char* prepare() {
    done(madvise(pages_ + kPage, kPage, MADV_DONTNEED), "madvise");
    char* const start = pages_ + kPage - kMessage.size() + 1;
    std::memcpy(start, kMessage.data(), kMessage.size() - 1);
    return start;
  }

  [[nodiscard]] unsigned long faults() const { return faults_; }

 private:
  static void* serve(void* self) {
    auto& me = *static_cast<FaultingPages*>(self);
    std::array<char, kPage> content{};
    content[0] = kMessage.back();
    uffd_msg event{};
    while (read(me.fd_, &event, sizeof event) == sizeof event) {
      ++me.faults_;
      me.pages_[kPage - kMessage.size() + 1 + kDigit] = kCard;  // after the kernel read it
      uffdio_copy copy{};
      copy.dst = reinterpret_cast<std::uintptr_t>(me.pages_ + kPage);
      copy.src = reinterpret_cast<std::uintptr_t>(content.data());
      copy.len = kPage;
      done(ioctl(me.fd_, UFFDIO_COPY, &copy), "UFFDIO_COPY");
    }
    return nullptr;
  }

  int fd_ = -1;
  char* pages_ = nullptr;
  std::atomic<unsigned long> faults_{0};
  pthread_t thread_{};
};

void faulting_send(Race& race) {
  FaultingPages pages;
  for (unsigned long i = 0; i < race.options().count; ++i)
    race.took(send(race.socket(), pages.prepare(), kMessage.size(), 0));
  if (pages.faults() != race.options().count) {
    errno = ENODATA;
    failed("the kernel did not wait for each page");
  }
}

constexpr std::array kRaces{
    RacePath{"send", flipped_send},
    RacePath{"write", flipped_write},
    RacePath{"sendmsg", flipped_sendmsg},
    RacePath{"userfaultfd", faulting_send},
};

}  // namespace

std::span<const RacePath> copied_races() { return kRaces; }

}  // namespace sluice::sender
