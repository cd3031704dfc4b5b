// SPDX-License-Identifier: Apache-2.0
// Races with pages that the packet only refers to: what is read is not yet what leaves.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstring>

#include "race.h"

namespace sluice::sender {
namespace {

constexpr std::size_t kPage = 4096;

/// The message in a file of its own page, which is mapped to change it.
class SharedFile {
 public:
  explicit SharedFile(const std::string& name) {
    fd_ = static_cast<int>(
        done(open(name.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), "make the file"));
    done(ftruncate(fd_, kPage), "size the file");
    void* const mapped = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED, fd_, 0);
    if (mapped == MAP_FAILED) failed("mmap");
    text_ = static_cast<char*>(mapped);
    std::memcpy(text_, kMessage.data(), kMessage.size());
  }

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] char* text() const { return text_; }

 private:
  int fd_ = -1;
  char* text_ = nullptr;
};

class Pipe {
 public:
  Pipe() { done(pipe(ends_.data()), "pipe"); }
  [[nodiscard]] int out() const { return ends_[0]; }
  [[nodiscard]] int in() const { return ends_[1]; }

  /// A refused send leaves its bytes behind.
  void empty() {
    close(ends_[0]);
    close(ends_[1]);
    done(pipe(ends_.data()), "pipe");
  }

 private:
  std::array<int, 2> ends_{};
};

long send_file(int socket, const SharedFile& file) {
  off_t start = 0;
  return sendfile(socket, file.fd(), &start, kMessage.size());
}

long splice_file(int socket, const SharedFile& file, Pipe& pipe) {
  off_t start = 0;
  done(splice(file.fd(), &start, pipe.in(), nullptr, kMessage.size(), 0), "splice from the file");
  const long n = splice(pipe.out(), nullptr, socket, nullptr, kMessage.size(), 0);
  if (n < 0) pipe.empty();
  return n;
}

long splice_memory(int socket, char* text, Pipe& pipe) {
  const iovec piece{.iov_base = text, .iov_len = kMessage.size()};
  done(vmsplice(pipe.in(), &piece, 1, 0), "vmsplice");
  const long n = splice(pipe.out(), nullptr, socket, nullptr, kMessage.size(), 0);
  if (n < 0) pipe.empty();
  return n;
}

long send_zerocopy(int socket, const char* text) {
  set_option(socket, SOL_SOCKET, SO_ZEROCOPY, 1, "SO_ZEROCOPY");
  return send(socket, text, kMessage.size(), MSG_ZEROCOPY);
}

/// Changes at any time while it is sent.
template <class F>
void while_flipped(Race& race, char* text, F send_one) {
  const Flipper flipper{text + kDigit};
  for (unsigned long i = 0; i < race.options().count; ++i) {
    race.took(send_one(race.socket()));
    race.drain();
  }
}

/// Clean when it is sent, a card number right after.
template <class F>
void changed_after(Race& race, char* text, F send_one) {
  const std::atomic_ref digit{text[kDigit]};
  for (unsigned long i = 0; i < race.options().count; ++i) {
    digit.store(kClean);
    const long result = send_one(race.socket());
    digit.store(kCard);
    race.took(result);
    race.drain();
  }
}

char* own_page() {
  void* const mapped = mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (mapped == MAP_FAILED) failed("mmap");
  std::memcpy(mapped, kMessage.data(), kMessage.size());
  return static_cast<char*>(mapped);
}

void sendfile_flipped(Race& race) {
  const SharedFile file{race.options().file};
  while_flipped(race, file.text(), [&](int socket) { return send_file(socket, file); });
}

void sendfile_changed(Race& race) {
  const SharedFile file{race.options().file};
  changed_after(race, file.text(), [&](int socket) { return send_file(socket, file); });
}

void splice_flipped(Race& race) {
  const SharedFile file{race.options().file};
  Pipe pipe;
  while_flipped(race, file.text(), [&](int socket) { return splice_file(socket, file, pipe); });
}

void splice_changed(Race& race) {
  const SharedFile file{race.options().file};
  Pipe pipe;
  changed_after(race, file.text(), [&](int socket) { return splice_file(socket, file, pipe); });
}

void vmsplice_flipped(Race& race) {
  char* const text = own_page();
  Pipe pipe;
  while_flipped(race, text, [&](int socket) { return splice_memory(socket, text, pipe); });
}

void vmsplice_changed(Race& race) {
  char* const text = own_page();
  Pipe pipe;
  changed_after(race, text, [&](int socket) { return splice_memory(socket, text, pipe); });
}

void zerocopy_flipped(Race& race) {
  char* const text = own_page();
  while_flipped(race, text, [&](int socket) { return send_zerocopy(socket, text); });
}

void zerocopy_changed(Race& race) {
  char* const text = own_page();
  changed_after(race, text, [&](int socket) { return send_zerocopy(socket, text); });
}

constexpr std::array kRaces{
    RacePath{"sendfile", sendfile_flipped}, RacePath{"sendfile-after", sendfile_changed},
    RacePath{"splice", splice_flipped},     RacePath{"splice-after", splice_changed},
    RacePath{"vmsplice", vmsplice_flipped}, RacePath{"vmsplice-after", vmsplice_changed},
    RacePath{"zerocopy", zerocopy_flipped}, RacePath{"zerocopy-after", zerocopy_changed},
};

}  // namespace

std::span<const RacePath> page_races() { return kRaces; }

}  // namespace sluice::sender
