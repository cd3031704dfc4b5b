# SPDX-License-Identifier: Apache-2.0
"""One path tried once: what it sends, the far side that it needs, its process and what arrived."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
import threading

from harness import sinks
from harness.host import BUILD, INSIDE4, OUTSIDE4, OUTSIDE6, SKIPPED, ClientTimeout, wait_until

SENDER = BUILD / "tests/e2e/senders/sender"
CARD = b"4111 1111 1111 1111"
DATAGRAM = 400  # as senders/datagram.cpp cuts
ARRIVES, ENDS = 5, 10  # seconds that a path may take before it counts as stuck
IPPROTO_UDPLITE = 136
SIZES = {"byte-by-byte": 300, "udp-cork-next": 20 * DATAGRAM,
         "udp-fragments": 9000, "udp-zerocopy": 9000, "udp-sendfile": 9000}


def message(path, leak):
    """Text without a digit, so that a card is all that can be found; each datagram of it is unlike any other path's."""
    size = SIZES.get(path.name, 150_000 if path.far in ("tcp", "tcp6", "mptcp", "dial") else 3 * DATAGRAM)
    token = os.urandom(6).hex().translate(str.maketrans("0123456789", "ghijklmnop"))
    line, tail = f"nothing of value by {path.name}, {token}\n".encode(), f" ends {path.name}, {token}".encode()
    body = (line * (size // len(line) + 1))[:size - len(tail)]
    card, at = b" card=" + CARD + b"&", size - 290  # in the first half of the last datagram
    return body[:at] + (card if leak else b" " * len(card)) + body[at + len(card):] + tail


def socket_outside(host, family, kind, protocol):
    """A socket of a protocol of its own; a helper program makes it there and passes it on."""
    ours, theirs = socket.socketpair()
    program = ("import socket, sys\n"
               "made = socket.socket(*map(int, sys.argv[2:]))\n"
               "socket.send_fds(socket.socket(fileno=int(sys.argv[1])), [b'x'], [made.fileno()])\n")
    with ours, theirs:
        subprocess.run(["nsenter", f"--net=/run/netns/{host.outside}", "--", "/usr/bin/python3", "-c", program,
                        *map(str, (theirs.fileno(), int(family), int(kind), protocol))],
                       pass_fds=[theirs.fileno()], check=True, timeout=20, capture_output=True)
        return socket.socket(fileno=socket.recv_fds(ours, 1, 1)[1][0])


class Dialer:
    """The far side of a server inside: it connects and keeps what comes."""

    def __init__(self, host, address):
        self._socket = host.socket_in(host.outside, socket.AF_INET, socket.SOCK_STREAM)
        self._socket.bind((address, 0))
        self.host, self.port, self.connections = address, self._socket.getsockname()[1], []

    def dial(self, port):
        self._socket.settimeout(ENDS)
        self._socket.connect((INSIDE4, port))
        connection = sinks.Connection((INSIDE4, port), keep=True)
        self.connections.append(connection)
        threading.Thread(target=self._receive, args=(connection, ), daemon=True).start()

    def _receive(self, connection):
        with self._socket, contextlib.suppress(OSError):
            while data := self._socket.recv(1 << 16):
                connection.take(data)


def far_side(host, path, taken):
    """What stands outside, on a port that no other path has. A path that needs none gets one all the same."""
    while (sink := make_far_side(host, path)).port in taken:
        pass
    taken.add(sink.port)
    return sink


def make_far_side(host, path):
    address = OUTSIDE6 if "6" in path.far else OUTSIDE4
    if path.far == "mptcp":
        listener = socket_outside(host, socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_MPTCP)
        sink = sinks.TcpSink(listener, address, 0, None, True)
        host.at_close(sink.close)
    elif path.far == "dial":
        sink = Dialer(host, address)
    elif path.far.startswith("tcp"):
        sink = host.tcp_sink(address)
        sink._listener.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
    elif path.far == "udplite":
        sink = sinks.UdpSink(socket_outside(host, socket.AF_INET, socket.SOCK_DGRAM, IPPROTO_UDPLITE), address, 0)
        host.at_close(sink.close)
    else:
        sink = host.udp_sink(address)
    return sink


class Run:
    """One path, tried once."""

    def __init__(self, host, path, leak, taken):
        self.host, self.path, self.data = host, path, message(path, leak)
        self.token = self.data[-12:]
        self.file = host.directory / f"{path.name}-{'leak' if leak else 'clean'}"
        self.file.write_bytes(self.data)
        self.file.chmod(0o644)
        self.offered, self.result, self.reason, self.writer = True, None, "", None
        try:
            self.sink = far_side(host, path, taken)
        except (OSError, subprocess.CalledProcessError):
            self.offered, self.reason = False, "the far side cannot be made"

    def start(self):
        """A program of its own, since what one sender repeats to one destination is told once."""
        if self.offered:
            program = shutil.copy(SENDER, self.host.directory / f"sender-{self.path.name}")
            self.client = self.host.start([program, self.path.name, self.sink.host, self.sink.port, self.file],
                                          stdin=subprocess.PIPE)
            if self.path.far == "dial":
                self.sink.dial(int(self.client._process.stdout.readline().split()[1]))
        return self

    @property
    def lingers(self):
        """One without a connection stays until its stdin ends, as a client that waits for an answer does."""
        return self.path.far.startswith(("udp", "wire"))

    def go(self):
        """The word to a sender that waits for it, then the end of a stream's sender."""
        if self.offered and self.path.name == "before-daemon":
            self.client.write(b"\n")
        if self.offered and not self.lingers:
            self.end()

    def end(self):
        if not self.offered or self.result or self.reason:
            return
        try:
            self.result = self.client.wait(ENDS)
        except ClientTimeout as stuck:
            self.reason = str(stuck)
            return
        self.reason = self.result.stderr.decode(errors="replace").strip()
        self.offered = self.result.returncode != SKIPPED
        named = re.search(rb"writer (\d+)", self.result.stdout)
        self.writer = int(named[1]) if named else None

    @property
    def expected(self):
        """What arrives at the far side if nothing is in the way."""
        if self.path.far in ("udp", "udp6", "udplite"):
            return [self.data[at:at + DATAGRAM] for at in range(0, len(self.data), DATAGRAM)]
        return [self.data]

    @property
    def arrived(self):
        if isinstance(self.sink, (sinks.TcpSink, Dialer)):
            return [connection.data for connection in self.sink.connections]
        return [data for data, _ in self.sink.datagrams]

    def wait_arrival(self):
        """For those whose far side can tell."""
        if not self.offered or self.path.far.startswith(("wire", "vsock")):
            return
        try:
            wait_until(lambda: self.arrived == self.expected or self.result and not self.result.ok, ARRIVES, "arrival")
        except TimeoutError:
            pass
