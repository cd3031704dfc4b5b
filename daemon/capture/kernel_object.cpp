// SPDX-License-Identifier: Apache-2.0
#include "capture/kernel_object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>
#include <vector>

#include "bpf/abi.h"
#include "capture/cgroup.h"

// The skeleton names its types in the global namespace.
using sluice::abi::control;
using sluice::abi::rulings;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#include "sluice.skel.h"
#pragma GCC diagnostic pop

namespace sluice::capture {
namespace {

void (*g_log)(const char*) = nullptr;

int forward_log(libbpf_print_level level, const char* format, va_list args) {
  if (level == LIBBPF_DEBUG || g_log == nullptr) return 0;
  char line[4096];
  std::vsnprintf(line, sizeof line, format, args);
  g_log(line);
  return 0;
}

struct DestroySkeleton {
  void operator()(sluice_bpf* skeleton) const { sluice_bpf::destroy(skeleton); }
};
struct DestroyLink {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};
using Link = std::unique_ptr<bpf_link, DestroyLink>;

std::string gate_pin(const std::string& directory) { return directory + "/gate"; }

}  // namespace

struct KernelObject::Impl {
  std::unique_ptr<sluice_bpf, DestroySkeleton> skeleton;
  UniqueFd cgroup;
  Link gate;
  Link push;
  std::vector<Link> links;
};

KernelObject::KernelObject(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
KernelObject::KernelObject(KernelObject&&) noexcept = default;
KernelObject& KernelObject::operator=(KernelObject&&) noexcept = default;
KernelObject::~KernelObject() = default;

void set_libbpf_log(void (*sink)(const char*)) {
  g_log = sink;
  libbpf_set_print(forward_log);
}

Result<KernelObject> KernelObject::load(const KernelOptions& options) {
  auto impl = std::make_unique<Impl>();
  std::string path = options.cgroup;
  if (path.empty()) {
    auto root = cgroup2_mount();
    if (!root) return std::unexpected{std::move(root.error())};
    path = *root;
  }
  auto cgroup = open_cgroup(path);
  if (!cgroup) return std::unexpected{std::move(cgroup.error())};
  impl->cgroup = std::move(*cgroup);

  impl->skeleton.reset(sluice_bpf::open(nullptr));
  if (!impl->skeleton) return fail(errno, "open BPF object");
  sluice_bpf& bpf = *impl->skeleton;
  if (int err = bpf_map__set_max_entries(bpf.maps.events, options.ring_bytes); err != 0)
    return fail(-err, "size the ring buffer");
  if (int err = bpf_map__set_max_entries(bpf.maps.flows, options.max_flows); err != 0)
    return fail(-err, "size the flow table");
  bpf.bss->control = {.heartbeat_ns = 0,
                      .heartbeat_limit_ns = options.heartbeat_limit_ns,
                      .resend_cookie = 0,
                      .resend_len = 0,
                      .bank = 0,
                      .daemon_tgid = static_cast<__u32>(getpid()),
                      .awake = 0,
                      .watch_loopback = options.watch_loopback ? 1U : 0U,
                      .banks = {}};
  if (int err = sluice_bpf::load(&bpf); err != 0) return fail(-err, "load BPF programs");
  // Hooks nothing by itself: the daemon runs it over a network namespace's sockets. May be missing
  // (before 5.15).
  impl->push.reset(bpf_program__attach_iter(bpf.progs.push_sockets, nullptr));
  return KernelObject{std::move(impl)};
}

Result<> KernelObject::attach() {
  sluice_bpf& bpf = *impl_->skeleton;
  // The gate comes last: by then it is known who is who.
  for (bpf_program* program : {bpf.progs.tcp_closed, bpf.progs.process_started, bpf.progs.process_exited}) {
    Link link{bpf_program__attach(program)};
    if (!link) return fail(errno, std::string{"attach "} + bpf_program__name(program));
    impl_->links.push_back(std::move(link));
  }
  for (bpf_program* program : {bpf.progs.datagram_released, bpf.progs.connect_v4, bpf.progs.connect_v6,
                               bpf.progs.sendmsg_v4, bpf.progs.sendmsg_v6, bpf.progs.keep_holdable}) {
    Link link{bpf_program__attach_cgroup(program, impl_->cgroup.get())};
    if (!link) return fail(errno, std::string{"attach "} + bpf_program__name(program));
    impl_->links.push_back(std::move(link));
  }
  impl_->gate.reset(bpf_program__attach_cgroup(bpf.progs.gate, impl_->cgroup.get()));
  if (!impl_->gate) return fail(errno, "attach gate");
  return {};
}

Result<> KernelObject::pin_gate(const std::string& directory) {
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(errno, "make '" + directory + "' (is bpffs mounted at /sys/fs/bpf?)");
  if (int err = bpf_link__pin(impl_->gate.get(), gate_pin(directory).c_str()); err != 0)
    return fail(-err, "pin the gate");
  return {};
}

void KernelObject::unpin_gate(const std::string& directory) {
  ::unlink(gate_pin(directory).c_str());  // the last reference of a dead daemon's link: the gate detaches
  ::rmdir(directory.c_str());
}

void KernelObject::detach() {
  impl_->gate.reset();
  impl_->push.reset();
  impl_->links.clear();
}

KernelHandles KernelObject::handles() const {
  const sluice_bpf& bpf = *impl_->skeleton;
  return {.control = &bpf.bss->control,
          .rulings = &bpf.bss->rulings,
          .rule_flows = bpf_program__fd(bpf.progs.rule_flows),
          .push_sockets = impl_->push ? bpf_link__fd(impl_->push.get()) : -1,
          .flows = bpf_map__fd(bpf.maps.flows),
          .pushes = bpf_map__fd(bpf.maps.pushes),
          .drops = bpf_map__fd(bpf.maps.drops),
          .bytes = bpf_map__fd(bpf.maps.bytes),
          .denied = {bpf_map__fd(bpf.maps.denied_0), bpf_map__fd(bpf.maps.denied_1)}};
}

int KernelObject::ring() const { return bpf_map__fd(impl_->skeleton->maps.events); }

}  // namespace sluice::capture
