// SPDX-License-Identifier: Apache-2.0
// The programs on a cgroup of the test's own, the test as their daemon, and children as senders.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/unique_fd.h"
#include "capture/event_codec.h"
#include "capture/kernel_object.h"
#include "enforce/gate_control.h"
#include "enforce/kernel_enforcer.h"

struct ring_buffer;

namespace sluice {

/// A payload event with bytes of its own.
struct Captured {
  FlowFacts flow;
  std::uint64_t pos = 0;
  std::string bytes;
  bool held = false;
};

/// A child process in the test's cgroup. Ends with the object; its exit code is what `body` returned.
class Child {
 public:
  Child(const std::string& cgroup, const std::function<int()>& body);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  [[nodiscard]] int wait();
  [[nodiscard]] Tgid pid() const { return Tgid{static_cast<std::uint32_t>(pid_)}; }

 private:
  int pid_ = -1;
};

class GateTest : public testing::Test {
 protected:
  static constexpr int kTimeoutMs = 40'000;  // a limit for a loaded machine, not an expectation

  void SetUp() override;
  void TearDown() override;

  /// Loads and attaches; default: watched, nothing denied.
  void start(const enforce::BankSettings& bank = {}, std::uint32_t ring_bytes = 1U << 20U,
             std::uint64_t heartbeat_limit_ns = 3'600'000'000'000);
  void set_bank(const enforce::BankSettings& bank, const std::vector<enforce::DeniedEntry>& denied = {});

  /// Reads what is in the ring; true once `done` holds, false at the time limit.
  bool read_until(const std::function<bool()>& done);
  /// Bytes captured so far, in order; fails the test on a gap or an overlap.
  std::string captured_text(Protocol protocol = Protocol::tcp);

  std::unique_ptr<Child> child(const std::function<int()>& body) {
    return std::make_unique<Child>(cgroup_, body);
  }
  static UniqueFd listen_tcp(int family, std::uint16_t& port);
  static UniqueFd bind_udp(int family, std::uint16_t& port);
  static UniqueFd connect_to(int family, int kind, std::uint16_t port);
  static UniqueFd accept_from(const UniqueFd& listener);
  /// Exactly n bytes, or what came before the end or the time limit.
  static std::string receive(const UniqueFd& socket, std::size_t n);
  /// Nothing to read right now.
  static bool is_silent(const UniqueFd& socket);

  enforce::GateControl& gate() { return *gate_; }
  enforce::KernelEnforcer& enforcer() { return *enforcer_; }
  std::uint64_t drops(abi::drop_reason reason) { return gate_->counters().drops.at(reason).count; }
  enforce::GateBytes bytes() { return gate_->counters().bytes; }
  void beat() { gate_->beat(clock_.boottime_ns()); }

  std::vector<Captured> payloads_;
  std::vector<Event> others_;
  SystemClock clock_;

 private:
  static int on_record(void* self, void* data, unsigned long size);

  std::string cgroup_;
  std::unique_ptr<capture::KernelObject> kernel_;
  std::unique_ptr<enforce::GateControl> gate_;
  std::unique_ptr<enforce::KernelEnforcer> enforcer_;
  ring_buffer* ring_ = nullptr;
};

}  // namespace sluice
