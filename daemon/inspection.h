// SPDX-License-Identifier: Apache-2.0
// The inspection thread: kernel programs, ring reader and pipeline, put together. Everything that touches
// captured bytes happens here, on one thread; the rest of the daemon talks to it by posted calls.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <thread>

#include "base/result.h"
#include "capture/kernel_object.h"
#include "enforce/gate_control.h"
#include "enforce/kernel_enforcer.h"
#include "pipeline.h"

namespace sluice {

struct InspectionSettings {
  capture::KernelOptions kernel;
  std::string pin_directory = "/sys/fs/bpf/sluice";  // for failure.daemon: closed
};

/// Everything `sluice status` shows of the inspection, taken between two records.
struct InspectionStatus {
  PipelineCounters pipeline;
  enforce::GateCounters gate;
  enforce::EnforceCounters enforce;
  std::uint64_t rulings_failed = 0;
  std::uint64_t ring_backlog = 0;
  bool gate_pinned = false;
};

class Inspection {
 public:
  using Report = std::function<void(Finding)>;  // called on the inspection thread

  /// Loads the programs and puts `active` in force; nothing is attached yet.
  [[nodiscard]] static Result<std::unique_ptr<Inspection>> create(
      const InspectionSettings& settings, const std::shared_ptr<const ActivePolicy>& active, Report report);
  ~Inspection();
  Inspection(const Inspection&) = delete;
  Inspection& operator=(const Inspection&) = delete;

  /// Attaches, takes over from an earlier daemon's pinned gate, starts the thread.
  [[nodiscard]] Result<> start();
  /// Decides what is still held, detaches, ends the thread. The gate does not outlive a clean stop.
  void stop();

  /// Puts a new policy in force; `done` is called on the inspection thread.
  void adopt(std::shared_ptr<const ActivePolicy> active, std::function<void(Result<>)> done);
  /// `answer` is called on the inspection thread.
  void status(std::function<void(InspectionStatus)> answer);

 private:
  struct Parts;
  explicit Inspection(std::unique_ptr<Parts> parts);
  boost::asio::io_context io_;  // before the parts: their timers belong to it
  std::unique_ptr<Parts> parts_;
  std::thread thread_;
};

}  // namespace sluice
