// SPDX-License-Identifier: Apache-2.0
// One JSON object a line, to a file or to standard output ("-").
#pragma once

#include <memory>
#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "alert/sinks/sink.h"
#include "base/unique_fd.h"

namespace sluice::alert {

class FileSink final : public Sink {
 public:
  /// Creates the file with mode 0640; fails if it cannot be opened for appending. "-" is standard output.
  [[nodiscard]] static Result<std::unique_ptr<FileSink>> open(std::string path);

  [[nodiscard]] std::string name() const override;
  /// A line is written whole or, if the disk takes no more, reported as failed; a cut line gets its end
  /// before the next one, so that a reader loses one record and not two.
  [[nodiscard]] Result<> write(const nlohmann::json& record) override;
  /// Opens the path anew, as logrotate needs it. On failure the old file stays in use.
  [[nodiscard]] Result<> reopen();

 private:
  FileSink(std::string path, UniqueFd file) : path_{std::move(path)}, file_{std::move(file)} {}

  std::string path_;
  std::mutex mutex_;  // reopen() comes from the main thread, write() from the sink queue's
  UniqueFd file_;     // empty for standard output, which is not ours to close
  bool cut_ = false;
};

}  // namespace sluice::alert
