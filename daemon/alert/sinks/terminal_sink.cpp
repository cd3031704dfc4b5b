// SPDX-License-Identifier: Apache-2.0
#include "alert/sinks/terminal_sink.h"

#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "alert/readable_line.h"

namespace sluice::alert {

TerminalSink::TerminalSink(std::FILE* stream)
    : stream_{stream}, colour_{isatty(fileno(stream)) == 1 && std::getenv("NO_COLOR") == nullptr} {}

Result<> TerminalSink::write(const nlohmann::json& record) {
  const std::string line = readable_line(record, colour_);
  if (std::fwrite(line.data(), 1, line.size(), stream_) != line.size() || std::fflush(stream_) != 0) {
    const int error = errno;
    std::clearerr(stream_);
    return fail(error, "write to terminal");
  }
  return {};
}

}  // namespace sluice::alert
