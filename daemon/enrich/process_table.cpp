// SPDX-License-Identifier: Apache-2.0
#include "enrich/process_table.h"

#include <algorithm>

#include "enrich/proc_files.h"

namespace sluice::enrich {
namespace {

std::string read_exe(const std::string& path) {
  std::string target = read_link(path);
  constexpr std::string_view kDeleted = " (deleted)";
  if (target.ends_with(kDeleted)) target.resize(target.size() - kDeleted.size());
  return target;
}

std::string join_args(std::string args) {
  while (!args.empty() && args.back() == '\0') args.pop_back();
  std::ranges::replace(args, '\0', ' ');
  return args;
}

}  // namespace

ProcessTable::ProcessTable(std::string proc, CgroupPaths cgroups, UserNames names)
    : proc_{std::move(proc)}, cgroups_{std::move(cgroups)}, names_{std::move(names)} {}

void ProcessTable::on(const ProcessStarted& event) {
  make_room();
  Process& process = processes_[event.process.pid];
  process = {.start_ns = event.process.start_ns,
             .parent = event.parent,
             .exe = event.exe,
             .args = event.args,
             .comm = {},
             .groups = {},
             .read = false};
}

void ProcessTable::on(const ProcessExited& event) {
  const auto known = processes_.find(event.pid);
  if (known == processes_.end() || known->second.start_ns != event.start_ns) return;
  exited_.emplace_back(event.pid, event.start_ns);
  if (exited_.size() <= kMaxExited) return;
  const auto [pid, start_ns] = exited_.front();
  exited_.pop_front();
  if (const auto old = processes_.find(pid); old != processes_.end() && old->second.start_ns == start_ns)
    processes_.erase(old);
}

void ProcessTable::make_room() {
  if (processes_.size() < kMaxProcesses) return;
  processes_.clear();  // everything here can be read again from /proc
  exited_.clear();
}

ProcessTable::Process& ProcessTable::find(const Owner& owner) {
  make_room();
  Process& process = processes_[owner.pid];
  if (process.start_ns != owner.start_ns)
    process = {.start_ns = owner.start_ns};  // first seen, or the pid was reused
  if (!process.read) read_proc(owner.pid, process);
  return process;
}

void ProcessTable::read_proc(Tgid pid, Process& process) const {
  const std::string directory = proc_ + '/' + std::to_string(std::to_underlying(pid));
  const std::string status = read_some(directory + "/status", 4096);
  // Another process may have the pid by now; its identity must not become that of this one.
  const std::uint64_t ticks = start_ticks(directory);
  if (ticks != 0 && process.start_ns != 0 && ticks != to_ticks(process.start_ns)) return;
  if (status.empty()) return;  // gone: what exec told stands, and is tried no better later
  if (std::string exe = read_exe(directory + "/exe"); !exe.empty()) process.exe = std::move(exe);
  if (std::string args = join_args(read_some(directory + "/cmdline", Sender::kMaxArgs)); !args.empty())
    process.args = std::move(args);
  process.comm = read_some(directory + "/comm", 16);
  if (!process.comm.empty() && process.comm.back() == '\n') process.comm.pop_back();
  process.groups.clear();
  for (const std::uint32_t gid : status_numbers(status, "\nGroups:")) process.groups.push_back(Gid{gid});
  if (const auto parent = status_numbers(status, "\nPPid:"); !parent.empty())
    process.parent = Tgid{parent.front()};
  process.read = true;
}

std::string ProcessTable::cgroup_of(Tgid pid) const {
  const std::string text = read_some(proc_ + '/' + std::to_string(std::to_underlying(pid)) + "/cgroup", 8192);
  constexpr std::string_view kUnified = "0::";  // cgroups(7)
  std::size_t at = text.starts_with(kUnified) ? 0 : text.find("\n0::");
  if (at == std::string::npos) return {};
  at = text.find("::", at) + 2;
  return text.substr(at, text.find('\n', at) - at);
}

std::string ProcessTable::exe_of(Tgid pid) {
  if (pid == Tgid{}) return {};
  if (const auto known = processes_.find(pid); known != processes_.end() && known->second.read)
    return known->second.exe;
  return read_exe(proc_ + '/' + std::to_string(std::to_underlying(pid)) + "/exe");
}

Sender ProcessTable::resolve(const Owner& owner) {
  if (owner.pid == Tgid{}) return {};
  const Process process = find(owner);  // a copy: exe_of may touch the table
  Sender sender{.pid = owner.pid,
                .start_ns = owner.start_ns,
                .exe = process.exe,
                .args = process.args,
                .comm = process.comm,
                .uid = owner.uid,
                .gid = owner.gid,
                .user = names_.user(owner.uid),
                .groups = {names_.group(owner.gid)},
                .cgroup = owner.cgroup == CgroupId{} ? cgroup_of(owner.pid) : cgroups_.path(owner.cgroup),
                .unit = {},
                .parent = process.parent,
                .parent_exe = exe_of(process.parent)};
  sender.unit = unit_of(sender.cgroup);
  for (const Gid gid : process.groups)
    if (gid != owner.gid) sender.groups.push_back(names_.group(gid));
  return sender;
}

}  // namespace sluice::enrich
