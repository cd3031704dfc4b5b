// SPDX-License-Identifier: Apache-2.0
// Fan-out: every sink gets every finding; one that fails is counted and does not keep it from the others.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "alert/finding_record.h"
#include "alert/sinks/sink.h"
#include "model/finding.h"

namespace sluice::alert {

struct SinkStatus {
  std::string name;
  std::uint64_t written = 0;
  std::uint64_t failed = 0;
  std::string last_error;  // empty if the last write went well
};

class Sinks {
 public:
  Sinks(Host host, std::vector<std::unique_ptr<Sink>> sinks);

  void write(const Finding& finding) noexcept;
  [[nodiscard]] std::vector<SinkStatus> status() const;

 private:
  void write_one(std::size_t index, const nlohmann::json& record);

  Host host_;
  std::vector<std::unique_ptr<Sink>> sinks_;
  mutable std::mutex mutex_;  // status() is asked from another thread
  std::vector<SinkStatus> status_;
};

}  // namespace sluice::alert
