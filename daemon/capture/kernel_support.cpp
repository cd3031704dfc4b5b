// SPDX-License-Identifier: Apache-2.0
#include "capture/kernel_support.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/capability.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <string_view>

#include "base/unique_fd.h"
#include "capture/cgroup.h"

namespace sluice::capture {
namespace {

std::string first_line(const char* path) {
  std::ifstream in{path};
  std::string line;
  std::getline(in, line);
  return line;
}

KernelFeature probe_release() {
  utsname name{};
  uname(&name);
  return {.name = "kernel", .present = true, .required = false, .detail = name.release, .consequence = {}};
}

KernelFeature probe_btf() {
  const bool present = access("/sys/kernel/btf/vmlinux", R_OK) == 0;
  return {.name = "BTF of the kernel",
          .present = present,
          .required = true,
          .detail = present ? "/sys/kernel/btf/vmlinux" : "not found (CONFIG_DEBUG_INFO_BTF)",
          .consequence = "the programs cannot be fitted to this kernel"};
}

KernelFeature probe_cgroup() {
  auto mount = cgroup2_mount();
  return {.name = "cgroup v2",
          .present = mount.has_value(),
          .required = true,
          .detail = mount ? *mount : mount.error().message(),
          .consequence = "there is no place to attach the gate"};
}

struct ProgramNeed {
  bpf_prog_type type;
  std::string_view name;
  bool required;
  std::string_view consequence;
};
constexpr std::array kPrograms{
    ProgramNeed{BPF_PROG_TYPE_CGROUP_SKB, "cgroup_skb programs (the gate)", true,
                "payload cannot be read or held"},
    ProgramNeed{BPF_PROG_TYPE_CGROUP_SOCK_ADDR, "cgroup connect programs", true,
                "denied destinations cannot be refused before the first packet"},
    ProgramNeed{BPF_PROG_TYPE_SYSCALL, "syscall programs (5.14)", true, "the daemon cannot rule on flows"},
    ProgramNeed{BPF_PROG_TYPE_LSM, "LSM programs", false,
                "AF_PACKET, AF_XDP and AF_VSOCK sockets can be reported but not refused at their creation"},
};

KernelFeature probe_program(const ProgramNeed& need) {
  const int found = libbpf_probe_bpf_prog_type(need.type, nullptr);
  return {.name = std::string{need.name},
          .present = found == 1,
          .required = need.required,
          .detail = found == 1   ? "loads"
                    : found == 0 ? "not supported"
                                 : "could not be tried (needs CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN)",
          .consequence = std::string{need.consequence}};
}

KernelFeature probe_ring_buffer() {
  const int found = libbpf_probe_bpf_map_type(BPF_MAP_TYPE_RINGBUF, nullptr);
  return {.name = "BPF ring buffer (5.8)",
          .present = found == 1,
          .required = true,
          .detail = found == 1   ? "works"
                    : found == 0 ? "not supported"
                                 : "could not be tried (needs CAP_BPF)",
          .consequence = "payload cannot reach the daemon"};
}

KernelFeature probe_pidfd_getfd() {
  const UniqueFd self{static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0))};
  const UniqueFd copy{self ? static_cast<int>(syscall(SYS_pidfd_getfd, self.get(), self.get(), 0)) : -1};
  return {.name = "pidfd_getfd (5.6)",
          .present = static_cast<bool>(copy),
          .required = true,
          .detail = copy ? "works" : std::string{"fails: "} + std::strerror(errno),
          .consequence = "held packets wait for TCP's own timer (200 ms and more) and sockets are not reset"};
}

/// The gate tells the pids of the initial namespace; the daemon looks them up in /proc.
KernelFeature probe_pid_namespace() {
  constexpr ino_t kInitialPidNamespace = 0xeffffffc;  // PROC_PID_INIT_INO of include/linux/proc_ns.h
  struct stat own {};
  const bool present = stat("/proc/self/ns/pid", &own) == 0 && own.st_ino == kInitialPidNamespace;
  return {.name = "the host's pid namespace",
          .present = present,
          .required = false,
          .detail = present ? "this is it" : "this is a container's",
          .consequence = "senders stay unknown, and blocked or held sockets are reached by slower ways"};
}

KernelFeature probe_ptrace_scope() {
  const std::string scope = first_line("/proc/sys/kernel/yama/ptrace_scope");
  const bool present = scope != "3";
  return {.name = "descriptors of other processes (yama)",
          .present = present,
          .required = false,
          .detail = scope.empty() ? "yama is off" : "ptrace_scope=" + scope,
          .consequence = "ptrace_scope 3 forbids pidfd_getfd: held packets wait for TCP's own timer"};
}

KernelFeature probe_lsm() {
  const std::string active = first_line("/sys/kernel/security/lsm");
  return {.name = "active LSMs",
          .present = active.find("bpf") != std::string::npos,
          .required = false,
          .detail = active.empty() ? "unknown (securityfs is not mounted)" : active,
          .consequence = "LSM programs attach but never fire; the gate does not need them"};
}

KernelFeature probe_bpffs() {
  struct statfs fs {};
  constexpr long kBpfMagic = 0xcafe4a11;
  const bool present = statfs("/sys/fs/bpf", &fs) == 0 && static_cast<long>(fs.f_type) == kBpfMagic;
  return {.name = "bpffs at /sys/fs/bpf",
          .present = present,
          .required = false,
          .detail = present ? "mounted" : "not mounted",
          .consequence = "`failure: {daemon: closed}` cannot outlive the daemon's death"};
}

KernelFeature probe_perf_paranoid() {
  const std::string level = first_line("/proc/sys/kernel/perf_event_paranoid");
  return {.name = "uprobes for TLS plaintext",
          .present = level.empty() || level[0] < '3' || geteuid() == 0,
          .required = false,
          .detail = "perf_event_paranoid=" + (level.empty() ? "?" : level),
          .consequence = "at level 3 attaching a uprobe needs CAP_SYS_ADMIN"};
}

}  // namespace

std::vector<KernelFeature> probe_kernel() {
  std::vector<KernelFeature> features{probe_release(), probe_btf(), probe_cgroup(), probe_ring_buffer()};
  for (const ProgramNeed& need : kPrograms) features.push_back(probe_program(need));
  features.push_back(probe_pidfd_getfd());
  features.push_back(probe_pid_namespace());
  features.push_back(probe_ptrace_scope());
  features.push_back(probe_bpffs());
  features.push_back(probe_lsm());
  features.push_back(probe_perf_paranoid());
  return features;
}

}  // namespace sluice::capture
