# SPDX-License-Identifier: Apache-2.0
"""curl, wget, Python, Node and nc in enforce mode, every flow held: clean bytes arrive whole, a card does not leave."""

import hashlib
import pathlib
import random
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from e2e import clients  # noqa: E402
from e2e.clients import CARD, CLEAN, CLIENTS, LEAK  # noqa: E402
from harness import host as harness  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.host import INSIDE4, OUTSIDE6, TestHost  # noqa: E402

POLICY = """
version: 1
mode: enforce
data: {card: {detector: payment_card}}
violations: {card: block}
"""
LARGE = 100 * 1000 * 1000


def write(host, name, data):
    path = host.directory / name
    path.write_bytes(data)
    return path


def large_text(size):
    """Bytes without a single digit, so that nothing in it is a candidate; cheap to make and not compressible away."""
    block = bytes(random.Random(7).choices(b"abcdefghijklmnopqrstuvwxyz ,.\n", k=1 << 20))
    return (block * (size // len(block) + 1))[:size]


class HeldClients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.host = cls.enterClassContext(TestHost())
        cls.daemon = cls.enterClassContext(Daemon(cls.host, POLICY))
        cls.large = large_text(LARGE)

    def assertBlocked(self, sink, capture, result, exe):
        self.assertFalse(result.ok and exe != "nc", result)  # nc tells a reset only by what it printed
        finding = self.daemon.wait_finding(lambda f: f["dst_endpoint"]["port"] == sink.port)
        sluice = finding["unmapped"]["sluice"]
        self.assertEqual((sluice["verdict"], sluice["data_class"], sluice["masked"]),
                         ("block", "card", ["************1111"]))
        self.assertIn(exe, sluice["sender"]["exe"])
        self.assertFalse(capture.contains(b"1111 1111 1111"), "the card was on the wire")
        self.assertNotIn("4111", self.daemon.findings_file.read_text())

    def test_clean_messages_arrive(self):
        path = write(self.host, "clean", CLEAN)
        for name, (command, answer) in CLIENTS.items():
            with self.subTest(client=name):
                sink = self.host.tcp_sink(answer=answer)
                result = self.host.run(command(sink, path))
                self.assertTrue(result.ok, result)
                connection, = sink.wait_connections()
                connection.wait_ended()
                self.assertTrue(connection.data.endswith(CLEAN))

    def test_a_card_never_leaves_and_the_client_hears_of_it_at_once(self):
        path = write(self.host, "leak", LEAK)
        for name, (command, answer) in CLIENTS.items():
            with self.subTest(client=name):
                sink, capture = self.host.tcp_sink(answer=answer), self.host.capture()
                result = self.host.run(command(sink, path), timeout=10)
                self.assertBlocked(sink, capture, result, name)
                if name != "wget":  # which sends its headers, clean as they are, in a write of their own
                    self.assertEqual(b"".join(capture.sent_to(sink.port)), b"", "no byte of the message leaves")

    def test_over_ipv6(self):
        sink, capture = self.host.tcp_sink(OUTSIDE6, answer="http"), self.host.capture()
        self.assertTrue(self.host.run(clients.curl(sink, write(self.host, "clean6", CLEAN))).ok)
        result = self.host.run(clients.curl(sink, write(self.host, "leak6", LEAK)))
        self.assertBlocked(sink, capture, result, "curl")

    def test_a_card_split_over_two_writes(self):
        path = write(self.host, "split", LEAK)
        piece = LEAK.index(CARD) + 9
        for name in ("python", "node"):
            with self.subTest(client=name):
                sink, capture = self.host.tcp_sink(), self.host.capture()
                result = self.host.run(CLIENTS[name][0](sink, path, piece), timeout=10)
                self.assertBlocked(sink, capture, result, name)

    def test_the_last_bytes_before_exit(self):
        sink, capture = self.host.tcp_sink(), self.host.capture()
        self.host.run(clients.python(sink, write(self.host, "last", LEAK), answer=False))
        self.daemon.wait_finding(lambda f: f["dst_endpoint"]["port"] == sink.port)
        sink.wait_connections()[0].wait_ended()
        self.assertFalse(capture.contains(CARD))
        self.assertEqual(sink.received, b"")

    def test_clean_last_bytes_before_exit_arrive(self):
        for size in (100, 4_000_000):
            with self.subTest(size=size):
                sink = self.host.tcp_sink()
                data = self.large[:size]
                self.host.run(clients.python(sink, write(self.host, "last-clean", data), answer=False))
                connection = sink.wait_connections()[0]
                self.assertEqual(connection.wait_ended(30), "eof")
                self.assertEqual(connection.sha256, hashlib.sha256(data).hexdigest())

    def test_a_hundred_megabytes_arrive_identical(self):
        path = write(self.host, "large", self.large)
        digest = hashlib.sha256(self.large).hexdigest()
        for name, (command, answer) in CLIENTS.items():
            with self.subTest(client=name):
                sink = self.host.tcp_sink(answer=answer)
                result = self.host.run(command(sink, path), timeout=60)
                self.assertTrue(result.ok, result)
                connection = sink.wait_connections()[0]
                connection.wait_ended(30)
                body = connection.requests[0].sha256 if answer == "http" else connection.sha256
                self.assertEqual(body, digest)

    def test_a_hundred_megabytes_with_a_card_at_the_end(self):
        path = write(self.host, "large-leak", self.large[:-len(LEAK)] + LEAK)
        for name, (command, answer) in CLIENTS.items():
            with self.subTest(client=name):
                sink = self.host.tcp_sink(answer=answer)
                result = self.host.run(command(sink, path), timeout=60)
                self.assertFalse(result.ok and name != "nc", result)
                self.daemon.wait_finding(lambda f, p=sink.port: f["dst_endpoint"]["port"] == p)
                connection = sink.wait_connections()[0]
                connection.wait_ended(30)
                self.assertNotIn(CARD, connection.data)
                self.assertGreater(len(connection.data), LARGE // 2, "the clean part left as it came")

    def test_many_small_messages_and_answers(self):
        program = """
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
for i in range(2000):
    s.sendall(b"message %06d" % i)
    got = b""
    while len(got) < 14:
        got += s.recv(100)
    assert got == b"message %06d" % i, got
"""
        sink = self.host.tcp_sink(answer="echo")
        result = self.host.run(["/usr/bin/python3", "-c", program, sink.host, sink.port])
        self.assertTrue(result.ok, result)

    def test_a_corked_socket_stays_corked_and_arrives(self):
        program = """
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
for i in range(3000):
    s.sendall(b"x" * 100)
    assert s.getsockopt(socket.IPPROTO_TCP, socket.TCP_CORK) == 1
assert s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 0
s.close()
"""
        sink = self.host.tcp_sink()
        result = self.host.run(["/usr/bin/python3", "-c", program, sink.host, sink.port])
        self.assertTrue(result.ok, result)
        connection = sink.wait_connections()[0]
        connection.wait_ended(20)
        self.assertEqual(len(connection.data), 300_000)

    def test_an_answering_server_inside_is_a_sender_too(self):
        """Accepted sockets: the server's answer is egress, and the server is named."""
        program = """
import socket
s = socket.create_server(("0.0.0.0", 8088))
print("listening", flush=True)
c, _ = s.accept()
c.recv(100)
try:
    c.sendall(b"customer card 4111 1111 1111 1111 here")
    c.recv(100)
except OSError as error:
    print(type(error).__name__)
"""
        server = self.host.run(["/usr/bin/python3", "-c", program], background=True)
        server._process.stdout.readline()
        client = self.host.socket_in(self.host.outside, 2, 1)
        client.settimeout(10)
        client.connect((INSIDE4, 8088))
        client.sendall(b"give")
        with self.assertRaises(ConnectionResetError):
            client.recv(100)
        client.close()
        finding = self.daemon.wait_finding(lambda f: f["unmapped"]["sluice"]["flow"]["local"].endswith(":8088"))
        self.assertIn("python", finding["unmapped"]["sluice"]["sender"]["exe"])
        self.assertEqual(finding["unmapped"]["sluice"]["sender"]["pid"], server.pid)
        server.wait()


if __name__ == "__main__":
    harness.main()
