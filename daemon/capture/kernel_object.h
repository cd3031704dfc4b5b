// SPDX-License-Identifier: Apache-2.0
// The BPF programs: loaded, attached and owned. They detach when the object goes, unless pinned.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"

namespace sluice::abi {
struct control;
struct rulings;
}  // namespace sluice::abi

namespace sluice::capture {

struct KernelOptions {
  std::string cgroup;                     // directory; empty = the cgroup v2 root
  std::uint32_t ring_bytes = 16U << 20U;  // a power of two and a multiple of the page size
  std::uint32_t max_flows = 65'536;
  std::uint64_t heartbeat_limit_ns = 2'000'000'000;
  bool watch_loopback = false;
};

/// Where the enforce stage finds what it writes. Borrowed from the KernelObject.
struct KernelHandles {
  abi::control* control = nullptr;
  abi::rulings* rulings = nullptr;
  int rule_flows = -1;    // program
  int push_sockets = -1;  // link of the iterator; -1 = this kernel has none
  int flows = -1, pushes = -1, drops = -1, bytes = -1;
  int denied[2] = {-1, -1};
};

class KernelObject {
 public:
  /// Opens and loads; nothing is attached yet, so that tables can be filled first.
  [[nodiscard]] static Result<KernelObject> load(const KernelOptions& options);
  KernelObject(KernelObject&&) noexcept;
  KernelObject& operator=(KernelObject&&) noexcept;
  ~KernelObject();

  /// Attaches all programs: from here on the gate decides.
  [[nodiscard]] Result<> attach();
  /// Keeps the gate in force when the daemon dies (failure.daemon: closed): pins its link below `directory`
  /// on bpffs.
  [[nodiscard]] Result<> pin_gate(const std::string& directory);
  /// Detaches a gate that an earlier daemon left pinned below `directory`, and unpins ours. Call after
  /// attach().
  static void unpin_gate(const std::string& directory);
  /// Detaches all programs; maps stay readable.
  void detach();

  [[nodiscard]] KernelHandles handles() const;
  [[nodiscard]] int ring() const;  // map fd of the ring buffer

 private:
  struct Impl;
  explicit KernelObject(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// Messages of libbpf (verifier logs) go here instead of stderr; null = nowhere.
void set_libbpf_log(void (*sink)(const char* line));

}  // namespace sluice::capture
