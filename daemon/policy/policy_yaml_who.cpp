// SPDX-License-Identifier: Apache-2.0
// senders: who sends.
#include <fmt/format.h>

#include <array>

#include "policy/policy_yaml_reader.h"

namespace sluice::policy {
namespace {

void read_exe(Loading& loading, const YamlNode& node, SenderRule& out) {
  for (const YamlNode* item : one_or_list(loading, node, "exe")) {
    const auto text = read_text(loading, *item, "exe");
    if (!text) continue;
    if (const char first = text->front(); first != '/' && first != '*' && first != '?')
      loading.warning(item->place,
                      fmt::format("exe '{0}' is no absolute path and matches no process; did you mean "
                                  "'*/{0}'?",
                                  clip(*text)));
    out.exe.push_back(*text);
  }
}

void read_unit(Loading& loading, const YamlNode& node, SenderRule& out) {
  for (const YamlNode* item : one_or_list(loading, node, "unit")) {
    const auto text = read_text(loading, *item, "unit");
    if (!text) continue;
    if (text->find_first_of(".*?") == std::string::npos)
      loading.warning(item->place, fmt::format("unit '{0}' has no type and matches no unit; did you mean "
                                               "'{0}.service'?",
                                               clip(*text)));
    out.unit.push_back(*text);
  }
}

void read_cgroup(Loading& loading, const YamlNode& node, SenderRule& out) {
  for (const YamlNode* item : one_or_list(loading, node, "cgroup")) {
    const auto text = read_text(loading, *item, "cgroup");
    if (!text) continue;
    if (const char first = text->front(); first != '/' && first != '*' && first != '?')
      loading.warning(item->place,
                      fmt::format("cgroup '{0}' matches no cgroup; did you mean '/{0}'?", clip(*text)));
    out.cgroup.push_back(*text);
  }
}

constexpr std::array kKeys{
    KeyReader<SenderRule>{"exe", read_exe},
    KeyReader<SenderRule>{
        "args", [](Loading& l, const YamlNode& n, SenderRule& o) { o.args = read_texts(l, n, "args"); }},
    KeyReader<SenderRule>{"unit", read_unit},
    KeyReader<SenderRule>{"cgroup", read_cgroup},
    KeyReader<SenderRule>{
        "user", [](Loading& l, const YamlNode& n, SenderRule& o) { o.user = read_texts(l, n, "user"); }},
    KeyReader<SenderRule>{
        "group", [](Loading& l, const YamlNode& n, SenderRule& o) { o.group = read_texts(l, n, "group"); }},
};

constexpr std::array kLater{
    LaterKey{"parent", "sender by parent process"},
    LaterKey{"container", "sender by container"},
    LaterKey{"image", "sender by container image"},
    LaterKey{"pod", "sender by Kubernetes pod"},
    LaterKey{"namespace", "sender by Kubernetes namespace"},
    LaterKey{"script", "sender by script"},
    LaterKey{"package", "sender by package"},
    LaterKey{"hash", "sender by file hash"},
    LaterKey{"signed", "sender by signature"},
};

void read_sender(Loading& loading, const YamlEntry& entry) {
  if (!is_name(loading, entry.key, "sender")) return;
  const std::string& name = entry.key.text;
  if (const auto first = loading.senders.add(name, loading.policy.senders.size(), entry.key.place)) {
    loading.error(entry.key.place,
                  fmt::format("sender '{}' stands already at {}", name, loading.where(*first)));
    return;
  }
  const std::string where = fmt::format("sender '{}'", name);
  SenderRule rule;
  rule.name = name;
  if (is_map(loading, entry.value, where)) {
    read_keys<SenderRule>(loading, entry.value, where, kKeys, kLater, rule);
    if (entry.value.entries.empty())
      loading.error(entry.key.place,
                    where + " has no keys and would match every process; for that a flow says 'from: any'");
  }
  loading.policy.senders.push_back(std::move(rule));
}

}  // namespace

void read_senders(Loading& loading, const YamlNode& node) {
  if (!is_map(loading, node, "'senders'")) return;
  for (const YamlEntry& entry : node.entries) {
    if (loading.policy.senders.size() >= kMaxNamed) {
      loading.error(entry.key.place, fmt::format("more than {} senders", kMaxNamed));
      return;
    }
    read_sender(loading, entry);
  }
}

}  // namespace sluice::policy
