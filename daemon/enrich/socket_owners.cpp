// SPDX-License-Identifier: Apache-2.0
#include "enrich/socket_owners.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <memory>

#include "enrich/proc_files.h"

namespace sluice::enrich {
namespace {

using Directory = std::unique_ptr<DIR, int (*)(DIR*)>;

template <class Number>
std::optional<Number> number_in(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// N of "kind:[N]".
template <class Number>
std::optional<Number> inode_in(std::string_view link, std::string_view kind) {
  if (!link.starts_with(kind) || !link.ends_with(']')) return std::nullopt;
  return number_in<Number>(link.substr(kind.size(), link.size() - kind.size() - 1));
}

}  // namespace

void SocketOwners::walk() {
  ++walks_;
  by_inode_.clear();
  by_netns_.clear();
  const Directory proc{opendir(proc_.c_str()), &closedir};
  if (!proc) return;
  while (const dirent* process = readdir(proc.get())) {
    const auto pid = number_in<std::uint32_t>(process->d_name);
    if (!pid) continue;
    const std::string directory = proc_ + '/' + process->d_name;
    if (const auto netns = inode_in<std::uint32_t>(read_link(directory + "/ns/net"), "net:["))
      by_netns_.try_emplace(*netns, Tgid{*pid});
    const std::string descriptors = directory + "/fd";
    const Directory fds{opendir(descriptors.c_str()), &closedir};
    if (!fds) continue;
    while (const dirent* fd = readdir(fds.get())) {
      if (by_inode_.size() >= kMaxSockets) return;
      if (const auto inode = inode_in<std::uint64_t>(read_link(descriptors + '/' + fd->d_name), "socket:["))
        by_inode_.try_emplace(*inode, Tgid{*pid});
    }
  }
}

void SocketOwners::walk_if_due(std::uint64_t now_ns) {
  if (walked_ns_ && now_ns - *walked_ns_ < kWalkInterval) return;
  walked_ns_ = now_ns;
  walk();
}

std::optional<Owner> SocketOwners::find(std::uint64_t socket_inode, std::uint64_t now_ns) {
  if (socket_inode == 0) return std::nullopt;
  if (!by_inode_.contains(socket_inode)) walk_if_due(now_ns);
  const auto known = by_inode_.find(socket_inode);
  if (known == by_inode_.end()) return std::nullopt;
  const std::string directory = proc_ + '/' + std::to_string(std::to_underlying(known->second));
  const std::string status = read_some(directory + "/status", 4096);
  const auto uids = status_numbers(status, "\nUid:");
  const auto gids = status_numbers(status, "\nGid:");
  if (uids.size() < 2 || gids.size() < 2) return std::nullopt;  // gone since
  return Owner{.pid = known->second,
               .uid = Uid{uids[1]},
               .gid = Gid{gids[1]},
               .cgroup = {},
               .start_ns = start_ticks(directory) *
                           (1'000'000'000U / static_cast<std::uint64_t>(sysconf(_SC_CLK_TCK)))};
}

std::optional<Tgid> SocketOwners::in_netns(std::uint32_t netns, std::uint64_t now_ns) {
  if (!by_netns_.contains(netns)) walk_if_due(now_ns);
  const auto known = by_netns_.find(netns);
  return known == by_netns_.end() ? std::nullopt : std::optional{known->second};
}

}  // namespace sluice::enrich
