// SPDX-License-Identifier: Apache-2.0
#include "inspection.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "capture/cgroup.h"
#include "capture/event_codec.h"
#include "capture/ring_reader.h"
#include "enrich/socket_owners.h"
#include "policy/compile.h"

namespace sluice {
namespace {

constexpr std::chrono::seconds kSweepInterval{5};
constexpr std::uint64_t kUdpIdleNs = 60'000'000'000;

enforce::GateHandles to_handles(const capture::KernelHandles& from) {
  return {.control = from.control,
          .rulings = from.rulings,
          .rule_flows = from.rule_flows,
          .push_sockets = from.push_sockets,
          .flows = from.flows,
          .pushes = from.pushes,
          .drops = from.drops,
          .bytes = from.bytes,
          .denied = {from.denied[0], from.denied[1]}};
}

/// In observe mode nothing is ever held or refused, whatever the policy says of failures.
enforce::BankSettings to_bank(const ActivePolicy& active) {
  const bool enforcing = active.mode == Mode::enforce;
  const policy::Failure& failure = active.policy->failure;
  return {.default_state = enforcing ? FlowState::held : FlowState::watched,
          .closed_on_daemon_failure = enforcing && failure.daemon == policy::OnFailure::closed,
          .closed_on_overload = enforcing && failure.overload == policy::OnFailure::closed,
          .refuse_denied_connects = enforcing};
}

std::vector<enforce::DeniedEntry> to_denied(const policy::Policy& policy) {
  std::vector<enforce::DeniedEntry> entries;
  for (const policy::DeniedNetwork& denied : policy::compile_connections(policy)) {
    enforce::DeniedEntry entry{.network = denied.network, .ports = {}, .rule = denied.rule};
    if (!denied.all_ports)
      for (const policy::PortRange& range : denied.ports) entry.ports.emplace_back(range.first, range.last);
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

struct Inspection::Parts {
  Parts(InspectionSettings s, capture::KernelObject k, enrich::ProcessTable p,
        std::shared_ptr<const ActivePolicy> active, Report report)
      : settings{std::move(s)},
        kernel{std::move(k)},
        gate{to_handles(kernel.handles())},
        enforcer{gate, clock},
        processes{std::move(p)},
        pipeline{{.processes = processes,
                  .enforcer = enforcer,
                  .clock = clock,
                  .report = std::move(report),
                  .find_owner =
                      [this](const FlowFacts& flow) {
                        return sockets.find(flow.socket_inode, clock.boottime_ns());
                      },
                  .on_flow = [this](const FlowFacts& flow) { remember_netns(flow); },
                  .on_exit = [this](Tgid pid) { enforcer.forget(pid); }},
                 std::move(active)} {}

  /// A socket that outlives its process is reached through its network namespace, by whoever is in it.
  void remember_netns(const FlowFacts& flow) {
    if (flow.netns == 0 || enforcer.knows_netns(flow.netns)) return;
    if (enforcer.remember_netns(flow.netns, flow.owner.pid)) return;
    if (const auto holder = sockets.in_netns(flow.netns, clock.boottime_ns()))
      (void)enforcer.remember_netns(flow.netns, *holder);
  }

  void on_record(Bytes record) {
    gate.beat(clock.boottime_ns());
    const auto event = capture::decode_event(record);
    if (event)
      pipeline.handle(*event);
    else
      ++bad_records;
  }

  void on_batch() {
    pipeline.flush();
    gate.beat(clock.boottime_ns());
  }

  /// All or nothing: what can fail comes before the flip.
  [[nodiscard]] Result<> put_in_force(const ActivePolicy& active) {
    const enforce::BankSettings bank = to_bank(active);
    if (bank.closed_on_daemon_failure)
      if (auto done = pin(true); !done) return done;
    const auto denied = to_denied(*active.policy);
    if (auto switched = gate.switch_bank(bank, denied); !switched) return switched;
    return bank.closed_on_daemon_failure ? Result<>{} : pin(false);
  }

  /// A gate that must hold on when the daemon dies is pinned; otherwise it goes with the daemon's
  /// descriptors.
  [[nodiscard]] Result<> pin(bool wanted) {
    if (!attached || wanted == pinned) return {};
    if (!wanted) {
      capture::KernelObject::unpin_gate(settings.pin_directory);
    } else if (auto done = kernel.pin_gate(settings.pin_directory); !done) {
      return fail(std::move(done.error()), "failure.daemon: closed cannot be kept");
    }
    pinned = wanted;
    return {};
  }

  void sweep() {
    const std::uint64_t now = clock.boottime_ns();
    for (const FlowKey& key : gate.sweep(now > kUdpIdleNs ? now - kUdpIdleNs : 0)) pipeline.drop_flow(key);
    enforcer.keep_netns(pipeline.netns_in_use());
  }

  InspectionSettings settings;
  capture::KernelObject kernel;
  SystemClock clock;
  enforce::GateControl gate;
  enforce::KernelEnforcer enforcer;
  enrich::ProcessTable processes;
  enrich::SocketOwners sockets;
  Pipeline pipeline;
  std::unique_ptr<capture::RingReader> reader;
  std::uint64_t bad_records = 0;
  bool attached = false;
  bool pinned = false;
};

Inspection::Inspection(std::unique_ptr<Parts> parts) : parts_{std::move(parts)} {}
Inspection::~Inspection() { stop(); }

Result<std::unique_ptr<Inspection>> Inspection::create(const InspectionSettings& settings,
                                                       const std::shared_ptr<const ActivePolicy>& active,
                                                       Report report) {
  auto mount = capture::cgroup2_mount();
  if (!mount) return std::unexpected{std::move(mount.error())};
  auto kernel = capture::KernelObject::load(settings.kernel);
  if (!kernel) return std::unexpected{std::move(kernel.error())};
  enrich::ProcessTable processes{"/proc", enrich::CgroupPaths{*mount}, enrich::UserNames{}};
  std::unique_ptr<Inspection> inspection{new Inspection{std::make_unique<Parts>(
      settings, std::move(*kernel), std::move(processes), active, std::move(report))}};
  Parts& parts = *inspection->parts_;
  auto reader =
      capture::RingReader::open(inspection->io_, parts.kernel.ring(), *parts.kernel.handles().control,
                                {.on_record = [&parts](Bytes record) { parts.on_record(record); },
                                 .on_batch = [&parts] { parts.on_batch(); }});
  if (!reader) return std::unexpected{std::move(reader.error())};
  parts.reader = std::move(*reader);
  if (auto done = parts.put_in_force(*active); !done) return std::unexpected{std::move(done.error())};
  return inspection;
}

Result<> Inspection::start() {
  Parts& parts = *parts_;
  parts.gate.beat(parts.clock.boottime_ns());
  if (auto attached = parts.kernel.attach(); !attached) return attached;
  parts.attached = true;
  // Ours decides from here on; what a daemon that died left behind lets go. TCP kept all that it refused.
  capture::KernelObject::unpin_gate(parts.settings.pin_directory);
  if (auto pinned = parts.pin(to_bank(parts.pipeline.active()).closed_on_daemon_failure); !pinned)
    return pinned;
  thread_ = std::thread{[this] {
    parts_->reader->start();
    boost::asio::steady_timer sweeper{io_};
    std::function<void()> sweep_later = [&] {
      sweeper.expires_after(kSweepInterval);
      sweeper.async_wait([&](const boost::system::error_code& error) {
        if (error) return;
        parts_->sweep();
        sweep_later();
      });
    };
    sweep_later();
    io_.run();
  }};
  return {};
}

void Inspection::stop() {
  if (!thread_.joinable()) return;
  boost::asio::post(io_, [this] {
    parts_->reader->drain();
    parts_->reader->stop();
    if (parts_->pinned) capture::KernelObject::unpin_gate(parts_->settings.pin_directory);
    parts_->kernel.detach();
    parts_->reader->drain();
    io_.stop();
  });
  thread_.join();
}

void Inspection::adopt(std::shared_ptr<const ActivePolicy> active, std::function<void(Result<>)> done) {
  boost::asio::post(io_, [this, active = std::move(active), done = std::move(done)] {
    // What the gate captured so far was sent under the old policy.
    parts_->reader->drain();
    if (auto switched = parts_->put_in_force(*active); !switched) return done(std::move(switched));
    parts_->pipeline.adopt(active);
    done({});
  });
}

void Inspection::status(std::function<void(InspectionStatus)> answer) {
  boost::asio::post(io_, [this, answer = std::move(answer)] {
    InspectionStatus status{.pipeline = parts_->pipeline.counters(),
                            .gate = parts_->gate.counters(),
                            .enforce = parts_->enforcer.counters(),
                            .rulings_failed = parts_->gate.failures(),
                            .ring_backlog = parts_->reader->backlog(),
                            .gate_pinned = parts_->pinned};
    status.pipeline.bad_records = parts_->bad_records;
    answer(std::move(status));
  });
}

}  // namespace sluice
