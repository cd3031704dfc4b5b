// SPDX-License-Identifier: Apache-2.0
#include "alert/sinks/file_sink.h"

#include <fcntl.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "alert/finding_record.h"

namespace sluice::alert {
namespace {

constexpr int kMode = 0640;

Result<UniqueFd> open_file(const std::string& path) {
  UniqueFd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, kMode)};
  if (!file) return fail(errno, "open findings file '" + path + "'");
  return file;
}

}  // namespace

Result<std::unique_ptr<FileSink>> FileSink::open(std::string path) {
  if (path == "-") return std::unique_ptr<FileSink>{new FileSink{std::move(path), UniqueFd{}}};
  auto file = open_file(path);
  if (!file) return std::unexpected{std::move(file.error())};
  return std::unique_ptr<FileSink>{new FileSink{std::move(path), std::move(*file)}};
}

std::string FileSink::name() const { return path_ == "-" ? "standard output" : "file " + path_; }

Result<> FileSink::write(const nlohmann::json& record) {
  const std::lock_guard lock{mutex_};
  const std::string line = (cut_ ? "\n" : "") + to_line(record) + '\n';
  const int fd = file_ ? file_.get() : STDOUT_FILENO;
  std::size_t done = 0;
  while (done < line.size()) {
    const ssize_t n = ::write(fd, line.data() + done, line.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int error = errno;
      cut_ = cut_ || done > 0;
      return fail(error, "write to " + name());
    }
    done += static_cast<std::size_t>(n);
  }
  cut_ = false;
  return {};
}

Result<> FileSink::reopen() {
  if (path_ == "-") return {};
  auto file = open_file(path_);
  if (!file) return std::unexpected{std::move(file.error())};
  const std::lock_guard lock{mutex_};
  file_ = std::move(*file);
  cut_ = false;
  return {};
}

}  // namespace sluice::alert
