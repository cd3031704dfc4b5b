// SPDX-License-Identifier: Apache-2.0
#include "test_gate.h"

#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>

#include "bpf/abi.h"
#include "capture/cgroup.h"

namespace sluice {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
};

Address loopback(int family, std::uint16_t port) {
  Address out;
  if (family == AF_INET) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    v4->sin_family = AF_INET;
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v4->sin_port = htons(port);
    out.size = sizeof *v4;
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_addr = in6addr_loopback;
    v6->sin6_port = htons(port);
    out.size = sizeof *v6;
  }
  return out;
}

UniqueFd bind_socket(int family, int kind, std::uint16_t& port) {
  UniqueFd socket{::socket(family, kind | SOCK_CLOEXEC, 0)};
  Address address = loopback(family, 0);
  auto* generic = reinterpret_cast<sockaddr*>(&address.storage);
  if (bind(socket.get(), generic, address.size) != 0 ||
      getsockname(socket.get(), generic, &address.size) != 0)
    return {};
  port = ntohs(family == AF_INET ? reinterpret_cast<sockaddr_in*>(generic)->sin_port
                                 : reinterpret_cast<sockaddr_in6*>(generic)->sin6_port);
  return socket;
}

bool readable(const UniqueFd& socket, int timeout_ms) {
  pollfd wanted{.fd = socket.get(), .events = POLLIN, .revents = 0};
  return poll(&wanted, 1, timeout_ms) == 1;
}

}  // namespace

Child::Child(const std::string& cgroup, const std::function<int()>& body) {
  pid_ = fork();
  if (pid_ != 0) return;
  std::ofstream{cgroup + "/cgroup.procs"} << getpid() << std::flush;
  _exit(body());
}

Child::~Child() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

int Child::wait() {
  int status = 0;
  if (pid_ <= 0 || waitpid(pid_, &status, 0) != pid_) return -1;
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void GateTest::SetUp() {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: loads BPF programs";
  auto mount = capture::cgroup2_mount();
  if (!mount) GTEST_SKIP() << mount.error().message();
  cgroup_ = *mount + "/sluice-kernel-test-" + std::to_string(getpid());
  if (mkdir(cgroup_.c_str(), 0755) != 0) GTEST_SKIP() << "cannot make a cgroup in " << *mount;
}

void GateTest::TearDown() {
  ring_buffer__free(ring_);
  enforcer_.reset();
  gate_.reset();
  kernel_.reset();
  if (cgroup_.empty()) return;
  std::ofstream{cgroup_ + "/cgroup.kill"} << 1;
  EXPECT_EQ(rmdir(cgroup_.c_str()), 0) << "a child outlived its test";
}

void GateTest::start(const enforce::BankSettings& bank, std::uint32_t ring_bytes,
                     std::uint64_t heartbeat_limit_ns) {
  auto kernel = capture::KernelObject::load({.cgroup = cgroup_,
                                             .ring_bytes = ring_bytes,
                                             .max_flows = 1024,
                                             .heartbeat_limit_ns = heartbeat_limit_ns,
                                             .watch_loopback = true});
  ASSERT_TRUE(kernel) << kernel.error().message();
  kernel_ = std::make_unique<capture::KernelObject>(std::move(*kernel));
  const capture::KernelHandles h = kernel_->handles();
  gate_ = std::make_unique<enforce::GateControl>(enforce::GateHandles{.control = h.control,
                                                                      .rulings = h.rulings,
                                                                      .rule_flows = h.rule_flows,
                                                                      .push_sockets = h.push_sockets,
                                                                      .flows = h.flows,
                                                                      .pushes = h.pushes,
                                                                      .drops = h.drops,
                                                                      .bytes = h.bytes,
                                                                      .denied = {h.denied[0], h.denied[1]}});
  enforcer_ = std::make_unique<enforce::KernelEnforcer>(*gate_, clock_);
  ring_ = ring_buffer__new(kernel_->ring(), &GateTest::on_record, this, nullptr);
  ASSERT_NE(ring_, nullptr);
  set_bank(bank);
  beat();
  const auto attached = kernel_->attach();
  ASSERT_TRUE(attached) << attached.error().message();
}

void GateTest::set_bank(const enforce::BankSettings& bank, const std::vector<enforce::DeniedEntry>& denied) {
  const auto switched = gate_->switch_bank(bank, denied);
  ASSERT_TRUE(switched) << switched.error().message();
}

int GateTest::on_record(void* self, void* data, unsigned long size) {
  auto& test = *static_cast<GateTest*>(self);
  const auto event = capture::decode_event({static_cast<const std::uint8_t*>(data), size});
  if (!event) {
    ADD_FAILURE() << event.error().message();
  } else if (const auto* payload = std::get_if<PayloadSent>(&*event)) {
    test.payloads_.push_back({payload->flow, std::to_underlying(payload->pos),
                              std::string{as_text(payload->payload)}, payload->held});
  } else {
    test.others_.push_back(*event);
  }
  return 0;
}

bool GateTest::read_until(const std::function<bool()>& done) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds{kTimeoutMs};
  for (;;) {
    ring_buffer__consume(ring_);  // watched records do not wake the reader
    if (done()) return true;
    if (std::chrono::steady_clock::now() > deadline) return false;
    ring_buffer__poll(ring_, 1);
  }
}

std::string GateTest::captured_text(Protocol protocol) {
  std::string text;
  for (const Captured& payload : payloads_) {
    if (payload.flow.protocol != protocol) continue;
    EXPECT_EQ(payload.pos, text.size()) << "a gap, or bytes captured twice";
    text += payload.bytes;
  }
  return text;
}

UniqueFd GateTest::listen_tcp(int family, std::uint16_t& port) {
  UniqueFd socket = bind_socket(family, SOCK_STREAM, port);
  return socket && listen(socket.get(), 16) == 0 ? std::move(socket) : UniqueFd{};
}

UniqueFd GateTest::bind_udp(int family, std::uint16_t& port) { return bind_socket(family, SOCK_DGRAM, port); }

UniqueFd GateTest::connect_to(int family, int kind, std::uint16_t port) {
  UniqueFd socket{::socket(family, kind | SOCK_CLOEXEC, 0)};
  const Address to = loopback(family, port);
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&to.storage), to.size) != 0) return {};
  return socket;
}

UniqueFd GateTest::accept_from(const UniqueFd& listener) {
  if (!readable(listener, kTimeoutMs)) return {};
  return UniqueFd{accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)};
}

std::string GateTest::receive(const UniqueFd& socket, std::size_t n) {
  std::string got;
  char block[65536];
  while (got.size() < n && readable(socket, kTimeoutMs)) {
    const ssize_t size = recv(socket.get(), block, std::min(sizeof block, n - got.size()), 0);
    if (size <= 0) break;
    got.append(block, static_cast<std::size_t>(size));
  }
  return got;
}

bool GateTest::is_silent(const UniqueFd& socket) { return !readable(socket, 0); }

}  // namespace sluice
