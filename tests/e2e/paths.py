# SPDX-License-Identifier: Apache-2.0
"""Every way out of the kernel that test_paths.py tries, with the outcome of each mode that is expected today.

A path that is not covered yet is listed with what happens and why, so that the test fails when it gets better, too.
"""

import dataclasses

OBSERVED, UNNAMED, WRONG, UNSEEN = "observed", "seen, not named", "seen, wrong process", "not seen"
WHOLE, ALTERED, LOST, REFUSED = "whole", "altered", "lost", "refused"
BLOCKED, LEAKED = "blocked", "leaked"
ABSENT = "not offered"


@dataclasses.dataclass(frozen=True)
class Path:
    """One row: `far` is what stands outside, the three outcomes are what is expected today, `why` explains those that
    are not what they should be."""
    name: str
    what: str
    far: str = "tcp"
    observe: str = OBSERVED
    held: str = WHOLE
    card: str = BLOCKED
    why: str = ""
    may_be: str = ""  # what luck may make of it instead; only for what is to be repaired

    @property
    def outcomes(self):
        return self.observe, self.held, self.card


def unseen(why):
    return {"observe": UNSEEN, "card": f"{LEAKED}, {UNSEEN}", "why": why}


DIGITS = "a segment is cleared once it was read, though its last digits may be the beginning of a card"
GOING = "about 2 of 100 are lost: the process is on its way out while its socket is looked for"
PENDING = "lost: the re-sent datagram meets the one that the application has begun on the same socket"
TOLD = "cannot be held unnoticed, since the sender hears of a drop: `EPERM`"
OWN_HEADER = "an IP header by hand cannot be re-sent unchanged: `EPERM`"
BELOW_IP = "passes below the gate"
FORWARDED = "a forwarded packet has no socket and no cgroup"
NOT_IP = "no IP packet"

PATHS = [
    Path("write", "`write()`"),
    Path("writev", "`writev()`"),
    Path("pwritev2", "`pwritev2()`"),
    Path("send", "`send()`"),
    Path("sendto", "`sendto()`"),
    Path("sendmsg", "`sendmsg()`, gathered"),
    Path("sendmmsg", "`sendmmsg()`"),
    Path("urgent", "urgent data, `MSG_OOB`"),
    Path("byte-by-byte", "one byte a segment", card=f"{LEAKED}, {OBSERVED}", why=DIGITS),
    Path("more", "`MSG_MORE`"),
    Path("cork", "`TCP_CORK`, which stays on"),
    Path("nodelay", "`TCP_NODELAY`, which stays on"),
    Path("fastopen", "TCP Fast Open, data in the SYN"),
    Path("mptcp", "Multipath TCP", "mptcp"),
    Path("tcp6", "TCP over IPv6", "tcp6"),
    Path("mapped", "IPv4 from an IPv6 socket"),
    Path("ip-options", "TCP with IPv4 options"),
    Path("tcp6-dstopts", "TCP with an IPv6 destination options header", "tcp6"),
    Path("sendfile", "`sendfile()`"),
    Path("splice", "`splice()` from a file"),
    Path("tee", "`tee()` and `splice()`"),
    Path("vmsplice", "`vmsplice()` and `splice()`"),
    Path("zerocopy", "`MSG_ZEROCOPY`"),
    Path("mmap", "`send()` from a mapped file"),
    Path("uring-send", "io_uring `SEND`"),
    Path("uring-sendmsg", "io_uring `SENDMSG`"),
    Path("uring-send-zc", "io_uring `SEND_ZC`"),
    Path("uring-sendmsg-zc", "io_uring `SENDMSG_ZC`"),
    Path("uring-write", "io_uring `WRITE`"),
    Path("uring-write-fixed", "io_uring `WRITE_FIXED`"),
    Path("uring-worker", "io_uring, by a worker thread"),
    Path("uring-sqpoll", "io_uring, by the polling thread"),
    Path("uring-registered", "io_uring, socket without a descriptor"),
    Path("accepted", "accepted socket", "dial"),
    Path("inherited", "socket of the parent, after `fork()`"),
    Path("outlived", "socket of a parent that is gone"),
    Path("scm-rights", "socket passed by `SCM_RIGHTS`"),
    Path("pidfd-getfd", "socket taken by `pidfd_getfd()`"),
    Path("before-daemon", "socket from before the daemon's start"),
    Path("moved-cgroup", "process that changed its cgroup"),
    Path("moved-netns", "process that changed its network namespace"),
    Path("orphan", "send, close, exit"),
    Path("setuid", "process that changed its user"),
    Path("udp-sendto", "UDP `sendto()`", "udp"),
    Path("udp-send", "UDP, connected", "udp"),
    Path("udp-write", "UDP `write()`", "udp"),
    Path("udp-sendmmsg", "UDP `sendmmsg()`", "udp"),
    Path("udp-gso", "UDP `UDP_SEGMENT`", "udp"),
    Path("udp-gso-cmsg", "UDP `UDP_SEGMENT` as ancillary data", "udp"),
    Path("udp-cork-next", "UDP, the next datagram begun meanwhile", "udp", held=ALTERED, card=f"{BLOCKED}, {UNSEEN}",
         may_be=BLOCKED, why=PENDING),
    Path("udp-recverr", "UDP with `IP_RECVERR`, as resolvers set it", "udp"),
    Path("udp-tos", "UDP with `IP_TOS` as ancillary data", "udp"),
    Path("udp-pktinfo", "UDP with `IP_PKTINFO` as ancillary data", "udp"),
    Path("udp-fragments", "UDP, fragmented", "udp-one"),
    Path("udp-cork", "UDP `UDP_CORK`", "udp-one"),
    Path("udp-zerocopy", "UDP `MSG_ZEROCOPY`", "udp-one"),
    Path("udp-sendfile", "UDP `sendfile()`", "udp-one"),
    Path("udp-orphan", "UDP, send and exit", "udp", may_be=LOST, why=GOING),
    Path("udp6", "UDP over IPv6", "udp6"),
    Path("udp6-dstopts", "UDP with an IPv6 destination options header", "udp6-one"),
    Path("udplite", "UDP-Lite", "udplite"),
    Path("ping", "ICMP ping socket", "wire", held=REFUSED, why=TOLD),
    Path("ping6", "ICMPv6 ping socket", "wire6"),
    Path("raw-udp", "raw socket, UDP header by hand", "udp-one"),
    Path("raw-tcp", "raw socket, TCP header by hand", "wire"),
    Path("raw-icmp", "raw socket, ICMP", "wire"),
    Path("raw-other", "raw socket, another protocol", "wire"),
    Path("raw6-other", "raw IPv6 socket, another protocol", "wire6", held=REFUSED, why=TOLD),
    Path("raw-own-header", "raw socket, IP header by hand", "udp-one", held=REFUSED, why=OWN_HEADER),
    Path("packet-raw", "`AF_PACKET`, `SOCK_RAW`", "wire", **unseen(BELOW_IP)),
    Path("packet-dgram", "`AF_PACKET`, `SOCK_DGRAM`", "wire", **unseen(BELOW_IP)),
    Path("packet-bypass", "`AF_PACKET`, `PACKET_QDISC_BYPASS`", "wire", **unseen(BELOW_IP)),
    Path("packet-ring", "`AF_PACKET`, `PACKET_TX_RING`", "wire", **unseen(BELOW_IP)),
    Path("tun", "packets written to a tun device, forwarded", "wire", **unseen(FORWARDED)),
    Path("vsock", "`AF_VSOCK`", "vsock", **unseen(NOT_IP)),
]
