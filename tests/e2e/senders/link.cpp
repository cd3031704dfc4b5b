// SPDX-License-Identifier: Apache-2.0
// Ways below or beside IP: packet sockets, a tun device that this host forwards, vsock.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "packets.h"

namespace sluice::sender {
namespace {

constexpr const char* kDevice = "veth0";
constexpr const char* kTun = "tun0";
constexpr const char* kTunHost = "198.51.100.2";  // who seems to send: a host behind the tun device
constexpr const char* kTunOwn = "198.51.100.1";

Packet whole_packet(const Job& job) {
  return ipv4_packet(local_address(job), remote_address(job), IPPROTO_UDP, udp_packet(job, job.data));
}

sockaddr_ll broadcast() {
  sockaddr_ll to{};
  to.sll_family = AF_PACKET;
  to.sll_protocol = htons(ETH_P_IP);
  to.sll_ifindex = static_cast<int>(if_nametoindex(kDevice));
  to.sll_halen = ETH_ALEN;
  std::memset(to.sll_addr, 0xff, ETH_ALEN);
  return to;
}

Packet framed(Bytes packet) {
  ethhdr header{};
  std::memset(header.h_dest, 0xff, sizeof header.h_dest);
  header.h_source[0] = 2;  // locally administered
  header.h_proto = htons(ETH_P_IP);
  Packet out(sizeof header + packet.size());
  std::memcpy(out.data(), &header, sizeof header);
  std::memcpy(out.data() + sizeof header, packet.data(), packet.size());
  return out;
}

enum class Qdisc { pass, bypass };

template <int Type, Qdisc Queue = Qdisc::pass>
void by_packet_socket(const Job& job) {
  const int made = static_cast<int>(offered(socket(AF_PACKET, Type, htons(ETH_P_IP)), "socket"));
  if (Queue == Qdisc::bypass) set_option(made, SOL_PACKET, PACKET_QDISC_BYPASS, 1, "PACKET_QDISC_BYPASS");
  const sockaddr_ll to = broadcast();
  const Packet packet = Type == SOCK_RAW ? framed(whole_packet(job)) : whole_packet(job);
  announce(getpid());
  done(sendto(made, packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to),
       "sendto");
}

/// The packet is put into a ring that is shared with the kernel; the call that sends carries no bytes.
void by_packet_ring(const Job& job) {
  const int made = static_cast<int>(offered(socket(AF_PACKET, SOCK_RAW, 0), "socket"));
  tpacket_req ring{.tp_block_size = 1 << 16, .tp_block_nr = 1, .tp_frame_size = 1 << 13, .tp_frame_nr = 8};
  offered(setsockopt(made, SOL_PACKET, PACKET_TX_RING, &ring, sizeof ring), "PACKET_TX_RING");
  const sockaddr_ll to = broadcast();
  done(bind(made, reinterpret_cast<const sockaddr*>(&to), sizeof to), "bind");
  void* const mapped = mmap(nullptr, ring.tp_block_size, PROT_READ | PROT_WRITE, MAP_SHARED, made, 0);
  if (mapped == MAP_FAILED) failed("map the ring");
  const Packet packet = framed(whole_packet(job));
  auto* const header = static_cast<tpacket_hdr*>(mapped);
  std::memcpy(static_cast<char*>(mapped) + TPACKET_HDRLEN - sizeof(sockaddr_ll), packet.data(),
              packet.size());
  header->tp_len = static_cast<unsigned>(packet.size());
  header->tp_status = TP_STATUS_SEND_REQUEST;
  announce(getpid());
  done(send(made, nullptr, 0, 0), "send the ring");
}

ifreq named(const char* name) {
  ifreq out{};
  std::strncpy(out.ifr_name, name, IFNAMSIZ - 1);
  return out;
}

int open_tun() {
  const int tun = static_cast<int>(offered(open("/dev/net/tun", O_RDWR | O_CLOEXEC), "open /dev/net/tun"));
  ifreq wanted = named(kTun);
  wanted.ifr_flags = IFF_TUN | IFF_NO_PI;
  offered(ioctl(tun, TUNSETIFF, &wanted), "make the device");
  const int control = static_cast<int>(done(socket(AF_INET, SOCK_DGRAM, 0), "socket"));
  ifreq address = named(kTun);
  const Address own = to_address(kTunOwn, 0);
  std::memcpy(&address.ifr_addr, own.get(), sizeof address.ifr_addr);
  done(ioctl(control, SIOCSIFADDR, &address), "give it an address");
  ifreq mask = named(kTun);
  const Address bits = to_address("255.255.255.0", 0);
  std::memcpy(&mask.ifr_netmask, bits.get(), sizeof mask.ifr_netmask);
  done(ioctl(control, SIOCSIFNETMASK, &mask), "give it a network");
  ifreq up = named(kTun);
  up.ifr_flags = IFF_UP | IFF_RUNNING;
  done(ioctl(control, SIOCSIFFLAGS, &up), "bring it up");
  close(control);
  return tun;
}

/// A packet that comes out of the device is one that this host forwards: no socket stands behind it.
void by_tun(const Job& job) {
  const int tun = open_tun();
  in_addr from{};
  inet_pton(AF_INET, kTunHost, &from);
  const Packet packet = ipv4_packet(from, remote_address(job), IPPROTO_UDP, udp_packet(job, job.data));
  announce(getpid());
  done(write(tun, packet.data(), packet.size()), "write to the device");
  linger();
}

void receive_vsock(int listener, std::size_t wanted) {
  const int made = static_cast<int>(done(accept(listener, nullptr, nullptr), "accept"));
  std::array<char, 4096> ignored{};
  std::size_t got = 0;
  while (const long n = done(read(made, ignored.data(), ignored.size()), "read"))
    got += static_cast<std::size_t>(n);
  if (got == wanted) std::puts("delivered");
  std::fflush(stdout);
  _exit(got == wanted ? EXIT_SUCCESS : EXIT_FAILURE);
}

/// To this host itself. Without the loopback transport the address would lead to the hypervisor, so it is not
/// tried.
void by_vsock(const Job& job) {
  if (access("/sys/module/vsock_loopback", F_OK) != 0) not_offered("vsock loopback");
  const int listener = static_cast<int>(offered(socket(AF_VSOCK, SOCK_STREAM, 0), "socket"));
  sockaddr_vm own{};
  own.svm_family = AF_VSOCK;
  own.svm_cid = VMADDR_CID_LOCAL;
  own.svm_port = VMADDR_PORT_ANY;
  socklen_t size = sizeof own;
  offered(bind(listener, reinterpret_cast<const sockaddr*>(&own), sizeof own), "bind");
  done(getsockname(listener, reinterpret_cast<sockaddr*>(&own), &size), "getsockname");
  done(listen(listener, 1), "listen");
  const pid_t receiver = static_cast<pid_t>(done(fork(), "fork"));
  if (receiver == 0) receive_vsock(listener, job.data.size());
  const int made = static_cast<int>(done(socket(AF_VSOCK, SOCK_STREAM, 0), "socket"));
  done(connect(made, reinterpret_cast<const sockaddr*>(&own), sizeof own), "connect");
  announce(getpid());
  send_all(job.data, "send", [&](Bytes rest) { return send(made, rest.data(), rest.size(), 0); });
  close(made);
  end_as(receiver);
}

constexpr std::array kPaths{
    Path{"packet-raw", by_packet_socket<SOCK_RAW>},
    Path{"packet-dgram", by_packet_socket<SOCK_DGRAM>},
    Path{"packet-bypass", by_packet_socket<SOCK_RAW, Qdisc::bypass>},
    Path{"packet-ring", by_packet_ring},
    Path{"tun", by_tun},
    Path{"vsock", by_vsock},
};

}  // namespace

std::span<const Path> link_paths() { return kPaths; }

}  // namespace sluice::sender
