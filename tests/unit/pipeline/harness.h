// SPDX-License-Identifier: Apache-2.0
// A pipeline with no kernel: records go in, what it asks of the kernel and what it tells comes out as lists.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "pipeline.h"
#include "policy/policy_yaml.h"
#include "policy_files.h"

namespace sluice::test {

inline constexpr std::string_view kCard = "4111 1111 1111 1111";
inline constexpr std::string_view kOtherCard = "5500 0000 0000 0004";

using Calls = std::vector<std::string>;

/// Writes down what is asked of it: "set_state 7 held", "clear 7 120", ...
class FakeEnforcer final : public enforce::Enforcer {
 public:
  void set_state(const FlowFacts& flow, FlowState state) override {
    note("set_state {} {}", flow, to_string(state));
  }
  void clear(const FlowFacts& flow, StreamPos until) override {
    note("clear {} {}", flow, std::to_underlying(until));
  }
  void resend(const FlowFacts& flow, Bytes payload) override { note("resend {} {}", flow, as_text(payload)); }
  enforce::Destroyed block(const FlowFacts& flow) override {
    note("block {}{}", flow, "");
    return enforce::Destroyed::disconnected;
  }
  void forget(const FlowFacts& flow) override { note("forget {}{}", flow, ""); }
  void flush() override { calls.emplace_back("flush"); }

  /// What was asked since the last question.
  [[nodiscard]] Calls take() { return std::exchange(calls, {}); }

  Calls calls;

 private:
  template <class T>
  void note(fmt::format_string<std::uint64_t, T> what, const FlowFacts& flow, T&& more) {
    calls.push_back(fmt::format(what, std::to_underlying(flow.key.cookie), std::forward<T>(more)));
  }
};

class HandClock final : public Clock {
 public:
  [[nodiscard]] std::uint64_t boottime_ns() const override { return boottime; }
  [[nodiscard]] WallTime now() const override { return WallTime{std::chrono::seconds{1'795'521'835}}; }
  std::uint64_t boottime = 1'000'000'000;
};

inline constexpr std::string_view kPolicy = R"(
version: 1
mode: enforce
data:
  card: {detector: payment_card}
  contact: {detector: email, at_least: 3}
senders:
  checkout: {exe: /usr/bin/checkout}
  backup: {exe: /usr/bin/backup}
destinations:
  bank: {network: 198.51.100.0/24}
  lab: {network: 203.0.113.128/25}
flows:
  - {name: charge-cards, data: card, from: checkout, to: bank}
  - {name: backups, data: any, from: backup}
connections:
  - {name: no-lab, deny: lab}
violations: {card: block, default: alert}
failure: {hold_limit: 2s}
)";

inline std::shared_ptr<const ActivePolicy> activate_text(std::string_view text,
                                                         std::optional<Mode> mode = std::nullopt) {
  const std::array texts{policy::PolicyText{.file = "test.yaml", .text = std::string{text}}};
  const policy::LoadedPolicy loaded = policy::load_policy(texts, vocabulary());
  for (const policy::Diagnostic& diagnostic : loaded.diagnostics)
    if (!loaded.policy) ADD_FAILURE() << diagnostic.message;
  if (!loaded.policy) return nullptr;
  auto active = activate(loaded.policy, mode, detect::FingerprintKey{});
  if (!active) {
    ADD_FAILURE() << active.error().message();
    return nullptr;
  }
  return *active;
}

inline FlowFacts tcp_flow(std::uint64_t cookie, std::uint32_t pid) {
  return {.key = {.cookie = SocketCookie{cookie}, .peer = {}},
          .epoch = 0,
          .protocol = Protocol::tcp,
          .state = FlowState::held,
          .local = {.address = *IpAddress::parse("192.0.2.5"), .port = 40000},
          .remote = {.address = *IpAddress::parse("203.0.113.9"), .port = 443},
          .owner = {.pid = Tgid{pid}, .uid = Uid{1000}, .gid = Gid{1000}, .cgroup = {}, .start_ns = 5},
          .socket_inode = 99,
          .netns = 4};
}

inline FlowFacts udp_flow(std::uint64_t cookie, std::uint32_t pid, std::uint16_t port = 53) {
  FlowFacts flow = tcp_flow(cookie, pid);
  flow.protocol = Protocol::udp;
  flow.remote.port = port;
  flow.key.peer = flow.remote;
  return flow;
}

inline FlowFacts towards(FlowFacts flow, std::string_view address) {
  flow.remote.address = *IpAddress::parse(address);
  return flow;
}

/// Names of processes 10 (curl), 11 (checkout) and 12 (backup) in a procfs of files.
class PipelineTest : public testing::Test {
 protected:
  PipelineTest() {
    add_process(kCurl, "/usr/bin/curl");
    add_process(kCheckout, "/usr/bin/checkout");
    add_process(kBackup, "/usr/bin/backup");
    start(activate_text(kPolicy));
  }
  ~PipelineTest() override { std::filesystem::remove_all(proc_); }

  void add_process(std::uint32_t pid, const std::string& exe) {
    const auto directory = proc_ / std::to_string(pid);
    std::filesystem::create_directories(directory);
    std::filesystem::remove(directory / "exe");
    std::filesystem::create_symlink(exe, directory / "exe");
    std::ofstream{directory / "cmdline"} << exe;
    std::ofstream{directory / "comm"} << "name\n";
    std::ofstream{directory / "status"} << "Name:\tname\nPPid:\t1\nGroups:\t4 \n";
  }

  void start(std::shared_ptr<const ActivePolicy> active, Pipeline::Limits limits = {}) {
    pipeline_.reset();
    pipeline_ = std::make_unique<Pipeline>(
        Pipeline::Parts{.processes = processes_,
                        .enforcer = enforcer_,
                        .clock = clock_,
                        .report = [this](Finding finding) { findings_.push_back(std::move(finding)); },
                        .find_owner =
                            [this](const FlowFacts&) {
                              ++owner_questions_;
                              return owner_answer_;
                            },
                        .on_flow = [](const FlowFacts&) {},
                        .on_exit = [this](Tgid pid) { exited_.push_back(pid); }},
        std::move(active), limits);
  }

  void open(const FlowFacts& flow) { pipeline_->handle(FlowOpened{.ktime_ns = 0, .flow = flow}); }
  /// A record the gate refused and that waits for the verdict.
  void hold(const FlowFacts& flow, std::uint64_t pos, std::string_view text) {
    pipeline_->handle(record(flow, pos, text, true));
  }
  /// A record that was copied and passed.
  void watch(const FlowFacts& flow, std::uint64_t pos, std::string_view text) {
    pipeline_->handle(record(flow, pos, text, false));
  }
  [[nodiscard]] PayloadSent record(const FlowFacts& flow, std::uint64_t pos, std::string_view text,
                                   bool held) const {
    return {.ktime_ns = clock_.boottime,
            .flow = flow,
            .pos = StreamPos{pos},
            .written = static_cast<std::uint32_t>(text.size()),
            .payload = as_bytes(text),
            .held = held};
  }
  [[nodiscard]] std::uint64_t flows_in(FlowState state) const {
    return pipeline_->counters().flows_by_state.at(std::to_underlying(state));
  }

  static constexpr std::uint32_t kCurl = 10, kCheckout = 11, kBackup = 12;
  static constexpr std::string_view kBank = "198.51.100.7";

  std::filesystem::path proc_ =
      std::filesystem::temp_directory_path() / fmt::format("sluice-pipeline-{}", getpid());
  enrich::ProcessTable processes_{proc_, enrich::CgroupPaths{"/nonexistent"},
                                  enrich::UserNames{"/nonexistent", "/nonexistent"}};
  FakeEnforcer enforcer_;
  HandClock clock_;
  std::vector<Finding> findings_;
  std::vector<Tgid> exited_;
  std::optional<Owner> owner_answer_;
  int owner_questions_ = 0;
  std::unique_ptr<Pipeline> pipeline_;
};

}  // namespace sluice::test
