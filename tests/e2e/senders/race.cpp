// SPDX-License-Identifier: Apache-2.0
#include "race.h"

#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

namespace sluice::sender {
namespace {

constexpr int kUsage = 2;
constexpr std::time_t kStuckSeconds = 20;

std::time_t seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec;
}

}  // namespace

int Race::socket() {
  if (socket_ >= 0) return socket_;
  socket_ = static_cast<int>(done(::socket(options_.to.family(), SOCK_STREAM, 0), "socket"));
  done(connect(socket_, options_.to.get(), options_.to.size), "connect");
  set_option(socket_, IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
  return socket_;
}

void Race::took(long result) {
  ++sends_;
  if (result >= 0) return;
  if (errno != EPIPE && errno != ECONNRESET && errno != ECONNABORTED && errno != EPERM && errno != ENOTCONN)
    failed("send");
  drop();
}

void Race::drop() {
  ++refused_;
  close(std::exchange(socket_, -1));
}

void Race::drain() {
  const std::time_t limit = seconds() + kStuckSeconds;
  for (int left = 1; socket_ >= 0 && left > 0;) {
    int error = 0;
    socklen_t size = sizeof error;
    tcp_info info{};
    socklen_t info_size = sizeof info;
    done(getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &size), "SO_ERROR");
    done(getsockopt(socket_, IPPROTO_TCP, TCP_INFO, &info, &info_size), "TCP_INFO");
    if (error != 0 || info.tcpi_state != TCP_ESTABLISHED) return drop();
    done(ioctl(socket_, SIOCOUTQ, &left), "SIOCOUTQ");
    if (seconds() > limit) {
      errno = ETIMEDOUT;
      failed("the far side never got it");
    }
    sched_yield();
  }
}

void Race::finish() {
  if (socket_ >= 0) {
    char ignored = 0;
    if (shutdown(socket_, SHUT_WR) != 0 || read(socket_, &ignored, 1) < 0) ++refused_;
    close(socket_);
  }
  std::printf("sends %lu refused %lu\n", sends_, refused_);
}

Flipper::Flipper(char* digit) : digit_{digit} {
  if ((errno = pthread_create(&thread_, nullptr, flip, this)) != 0) failed("start a thread");
}

Flipper::~Flipper() {
  stop_ = true;
  pthread_join(thread_, nullptr);
}

void* Flipper::flip(void* self) {
  auto& me = *static_cast<Flipper*>(self);
  const std::atomic_ref digit{*me.digit_};
  for (unsigned long turn = 0; !me.stop_; ++turn) {
    digit.store(turn % 16 == 0 ? kCard : kClean);  // rarely a card: each one caught costs a connection
    for (int spin = 0; spin < 200 && !me.stop_.load(std::memory_order_relaxed);) ++spin;
  }
  digit.store(kClean);
  return nullptr;
}

}  // namespace sluice::sender

int main(int argc, char** argv) {
  using namespace sluice::sender;
  const RacePath* path = nullptr;
  std::uint16_t port = 0;
  unsigned long count = 0;
  const auto number = [](const char* text, auto& out) {
    std::from_chars(text, text + std::string_view{text}.size(), out);
  };
  if (argc == 6) {
    for (const auto family : {copied_races(), page_races()})
      for (const RacePath& race : family)
        if (race.name == argv[1]) path = &race;
    number(argv[3], port);
    number(argv[5], count);
  }
  if (path == nullptr || port == 0 || count == 0) {
    std::fputs("usage: racer RACE HOST PORT FILE COUNT\n", stderr);
    return kUsage;
  }
  std::signal(SIGPIPE, SIG_IGN);
  Race race{{.to = to_address(argv[2], port), .file = argv[4], .count = count}};
  path->run(race);
  race.finish();
  return EXIT_SUCCESS;
}
