// SPDX-License-Identifier: Apache-2.0
#include "alert/sinks/sinks.h"

#include <exception>
#include <nlohmann/json.hpp>
#include <utility>

namespace sluice::alert {

Sinks::Sinks(Host host, std::vector<std::unique_ptr<Sink>> sinks)
    : host_{std::move(host)}, sinks_{std::move(sinks)} {
  for (const auto& sink : sinks_) status_.push_back({.name = sink->name(), .last_error = {}});
}

void Sinks::write_one(std::size_t index, const nlohmann::json& record) {
  Result<> written;
  try {
    written = sinks_[index]->write(record);
  } catch (const std::exception&) {
    // Not the exception's text: a library may quote what it was given.
    written = fail("write to " + sinks_[index]->name() + ": exception in the sink");
  }
  const std::lock_guard lock{mutex_};
  SinkStatus& status = status_[index];
  written ? ++status.written : ++status.failed;
  status.last_error = written ? std::string{} : written.error().message();
}

void Sinks::write(const Finding& finding) noexcept {
  const nlohmann::json record = finding_record(finding, host_);
  for (std::size_t i = 0; i < sinks_.size(); ++i) write_one(i, record);
}

std::vector<SinkStatus> Sinks::status() const {
  const std::lock_guard lock{mutex_};
  return status_;
}

}  // namespace sluice::alert
