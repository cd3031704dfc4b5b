// SPDX-License-Identifier: Apache-2.0
#include "alert/readable_line.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <ctime>
#include <string_view>

#include "alert/redact.h"

namespace sluice::alert {
namespace {

using nlohmann::json;

constexpr std::size_t kMaxCommand = 100;  // bytes

struct Look {
  std::string_view word;
  std::string_view colour;  // SGR
};

Look look_of(std::string_view verdict) {
  if (verdict == "block") return {"BLOCKED", "1;31"};
  if (verdict == "would_block") return {"WOULD BLOCK", "1;33"};
  if (verdict == "alert") return {"ALERT", "1;36"};
  if (verdict == "allow") return {"ALLOWED", "32"};
  return {"?", "0"};
}

/// Records come from the daemon over a socket, so types are checked and text is made printable here as well.
std::string text(const json& object, std::string_view pointer) {
  const json* at = &object;
  while (!pointer.empty()) {
    const std::size_t dot = std::min(pointer.find('.'), pointer.size());
    const std::string key{pointer.substr(0, dot)};
    if (!at->is_object() || !at->contains(key)) return {};
    at = &(*at)[key];
    pointer.remove_prefix(std::min(dot + 1, pointer.size()));
  }
  if (at->is_string()) return printable(at->get_ref<const std::string&>());
  if (at->is_number()) return at->dump();
  return {};
}

std::string clock_text(const json& record) {
  const auto found = record.find("time");
  if (found == record.end() || !found->is_number_integer()) return "(no time)";
  const time_t seconds = found->get<std::int64_t>() / 1000;
  tm parts{};
  if (localtime_r(&seconds, &parts) == nullptr) return "(no time)";
  char out[32];
  return {out, std::strftime(out, sizeof out, "%F %T", &parts)};
}

std::string who(const json& record) {
  if (text(record, "unmapped.sluice.kind") == "coverage") return "sluiced";
  const std::string name = text(record, "actor.process.name");
  const std::string user = text(record, "unmapped.sluice.sender.user");
  const std::string unit = text(record, "unmapped.sluice.sender.unit");
  return fmt::format("{}[{}] ({}{}{})", name.empty() ? "unknown" : name, text(record, "actor.process.pid"),
                     user.empty() ? "unknown user" : user, unit.empty() ? "" : ", ", unit);
}

/// " → HOST:PORT PROTOCOL", or nothing where a finding has no destination.
std::string where(const json& record) {
  if (text(record, "unmapped.sluice.kind") == "coverage") return {};
  const std::string name = text(record, "unmapped.sluice.destination.name");
  std::string host = text(record, "unmapped.sluice.destination.address");
  if (host.find(':') != host.npos) host = '[' + host + ']';
  return fmt::format(" → {}:{} {}", name.empty() ? host : name,
                     text(record, "unmapped.sluice.destination.port"),
                     text(record, "unmapped.sluice.flow.protocol"));
}

std::string what(const json& record) {
  const std::string kind = text(record, "unmapped.sluice.kind");
  if (kind == "connection") return "connection";
  if (kind == "coverage") return "loss of sight";
  std::string out = fmt::format("{} {}", text(record, "unmapped.sluice.values"),
                                text(record, "unmapped.sluice.data_class"));
  const json::json_pointer masked{"/unmapped/sluice/masked"};
  if (!record.contains(masked) || !record.at(masked).is_array()) return out;
  for (const json& sample : record.at(masked))
    if (sample.is_string()) out += ' ' + printable(sample.get_ref<const std::string&>());
  return out;
}

std::string why(const json& record) {
  std::string out = text(record, "unmapped.sluice.reason");
  const std::string rule = text(record, "unmapped.sluice.rule");
  if (out.empty()) out = rule;
  if (!rule.empty() && out.find(rule) == out.npos) out = rule + ": " + out;
  const std::string nearest = text(record, "unmapped.sluice.nearest");
  if (!nearest.empty() && out.find(nearest) == out.npos) out += "; nearest flow: " + nearest;
  return out;
}

/// The command as it was started, as far as digits and addresses may be shown, and what to type next.
std::string more(const json& record) {
  const std::string id = text(record, "finding_info.uid");
  const std::string args = text(record, "unmapped.sluice.sender.args");
  const std::string exe = text(record, "unmapped.sluice.sender.exe");
  std::string command = args.empty() ? exe : args;
  if (command.size() > kMaxCommand) {
    std::size_t cut = kMaxCommand;
    while (cut > 0 && (static_cast<unsigned char>(command[cut]) & 0xc0U) == 0x80U)
      --cut;  // within a character
    command.resize(cut);
    command += "…";
  }
  if (id.empty()) return command;
  return fmt::format("{}{}sluice show {}", command, command.empty() ? "" : "   ", id);
}

}  // namespace

std::string readable_line(const json& record, bool colour) {
  if (!record.is_object()) return "(no record)\n";
  const Look look = look_of(text(record, "unmapped.sluice.verdict"));
  std::string word = fmt::format("{:<11}", look.word);
  if (colour) word = fmt::format("\x1b[{}m{}\x1b[0m", look.colour, word);
  const std::string count = text(record, "count");
  const std::string times = count.empty() || count == "1" ? "" : fmt::format("   (seen {} times)", count);
  const std::string done = text(record, "unmapped.sluice.done");
  std::string out = fmt::format("{} {}  {}{}   {}{}{}\n", clock_text(record), word, who(record),
                                where(record), what(record), done.empty() ? "" : "   (" + done + ')', times);
  for (const std::string& line : {why(record), more(record)})
    if (!line.empty()) out += fmt::format("         {}\n", line);
  return out;
}

}  // namespace sluice::alert
