// SPDX-License-Identifier: Apache-2.0
// The racer: sends one short message many times while its bytes change between clean and a card number, by
// one digit. It prints `sends N refused M`; a refused connection is opened anew.
#pragma once

#include <pthread.h>

#include <atomic>
#include <string>

#include "sender.h"

namespace sluice::sender {

inline constexpr std::string_view kMessage = "m=4111 1111 1111 1112;\n";  // fails Luhn's check
inline constexpr std::size_t kDigit = 20;                                 // of the digit that changes
inline constexpr char kClean = '2';
inline constexpr char kCard = '1';  // and now it is a card number

class Race {
 public:
  struct Options {
    Address to;
    std::string file;  // free to use
    unsigned long count = 0;
  };

  explicit Race(Options options) : options_{std::move(options)} {}

  [[nodiscard]] const Options& options() const { return options_; }

  /// The socket, connected anew if the last one was refused.
  int socket();
  /// Counts one send. A refusal closes the socket.
  void took(long result);
  /// Waits until the far side's kernel has acknowledged everything, or the connection was refused.
  void drain();
  /// Ends the connection and reports.
  void finish();

 private:
  void drop();

  Options options_;
  int socket_ = -1;
  unsigned long sends_ = 0;
  unsigned long refused_ = 0;
};

/// Makes the digit at `digit` change, mostly clean, until it goes out of scope.
class Flipper {
 public:
  explicit Flipper(char* digit);
  ~Flipper();
  Flipper(const Flipper&) = delete;
  Flipper& operator=(const Flipper&) = delete;

 private:
  static void* flip(void* self);

  char* digit_;
  std::atomic<bool> stop_{false};
  pthread_t thread_{};
};

struct RacePath {
  std::string_view name;
  void (*run)(Race&);
};

std::span<const RacePath> copied_races();  // the kernel copies the bytes
std::span<const RacePath> page_races();    // the kernel takes the pages

}  // namespace sluice::sender
