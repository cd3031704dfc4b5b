// SPDX-License-Identifier: Apache-2.0
#include "alert/sinks/journald_sink.h"

#include <sys/uio.h>
#include <syslog.h>

// The macro variants take this file's line into the entry, which says nothing about a finding.
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include <array>
#include <nlohmann/json.hpp>

#include "alert/finding_record.h"
#include "alert/readable_line.h"

namespace sluice::alert {
namespace {

struct Field {
  std::string_view name;
  const char* pointer;
};

constexpr std::array kFields{
    Field{"SLUICE_ID", "/finding_info/uid"},
    Field{"SLUICE_VERDICT", "/unmapped/sluice/verdict"},
    Field{"SLUICE_RULE", "/unmapped/sluice/rule"},
    Field{"SLUICE_DATA_CLASS", "/unmapped/sluice/data_class"},
    Field{"SLUICE_DETECTOR", "/unmapped/sluice/detector"},
    Field{"SLUICE_VALUES", "/unmapped/sluice/values"},
    Field{"SLUICE_COUNT", "/count"},
    Field{"SLUICE_PID", "/actor/process/pid"},
    Field{"SLUICE_EXE", "/unmapped/sluice/sender/exe"},
    Field{"SLUICE_USER", "/unmapped/sluice/sender/user"},
    Field{"SLUICE_UNIT", "/unmapped/sluice/sender/unit"},
    Field{"SLUICE_DESTINATION_ADDRESS", "/unmapped/sluice/destination/address"},
    Field{"SLUICE_DESTINATION_PORT", "/unmapped/sluice/destination/port"},
    Field{"SLUICE_DESTINATION_NAME", "/unmapped/sluice/destination/name"},
};

int priority_of(const nlohmann::json& record) {
  const nlohmann::json::json_pointer action{"/action_id"};
  const nlohmann::json::json_pointer alert{"/is_alert"};
  if (record.value(action, 0) == 2) return LOG_ERR;
  return record.value(alert, false) ? LOG_WARNING : LOG_INFO;
}

}  // namespace

std::vector<std::string> journal_fields(const nlohmann::json& record) {
  std::string message = readable_line(record, false);
  if (message.ends_with('\n')) message.pop_back();
  std::vector<std::string> fields{"MESSAGE=" + message, "PRIORITY=" + std::to_string(priority_of(record)),
                                  "SYSLOG_IDENTIFIER=sluiced",
                                  "MESSAGE_ID=" + std::string{kFindingMessageId}};
  for (const Field& field : kFields) {
    const nlohmann::json::json_pointer pointer{field.pointer};
    if (!record.contains(pointer)) continue;
    const nlohmann::json& value = record.at(pointer);
    fields.push_back(std::string{field.name} + '=' +
                     (value.is_string() ? value.get_ref<const std::string&>() : to_line(value)));
  }
  fields.push_back("SLUICE_FINDING=" + to_line(record));
  return fields;
}

Result<> JournaldSink::write(const nlohmann::json& record) {
  std::vector<std::string> fields = journal_fields(record);
  std::vector<iovec> parts;
  parts.reserve(fields.size());
  for (std::string& field : fields) parts.push_back({field.data(), field.size()});
  const int status = sd_journal_sendv(parts.data(), static_cast<int>(parts.size()));
  if (status < 0) return fail(-status, "write to journald");
  return {};
}

}  // namespace sluice::alert
