# SPDX-License-Identifier: Apache-2.0
"""The harness proves itself without the daemon: what a client sends, a sink receives and the capture shows are one."""

import hashlib
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import host as harness  # noqa: E402
from harness import wire  # noqa: E402
from harness.host import OTHER4, OUTSIDE4, OUTSIDE6, ClientTimeout, TestHost  # noqa: E402

SEND = """
import socket, sys
address, port, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
with socket.create_connection((address, port)) as s:
    for at in range(0, size, 65536):
        s.sendall(bytes((at // 65536 + i) % 251 for i in range(min(65536, size - at))))
"""


def sent_bytes(size):
    return b"".join(bytes((at // 65536 + i) % 251 for i in range(min(65536, size - at)))
                    for at in range(0, size, 65536))


class HarnessTest(unittest.TestCase):
    def test_sink_and_capture_hold_what_the_client_sent(self):
        for address in (OUTSIDE4, OTHER4, OUTSIDE6):
            for size in (1, 1_000_000):
                with self.subTest(address=address, size=size), TestHost() as host:
                    sink, capture = host.tcp_sink(address), host.capture()
                    result = host.run(["/usr/bin/python3", "-c", SEND, address, sink.port, size])
                    self.assertEqual(result.returncode, 0, result)
                    connection, = sink.wait_connections()
                    self.assertEqual(connection.wait_ended(), "eof")
                    self.assertEqual(connection.data, sent_bytes(size))
                    self.assertEqual(connection.sha256, hashlib.sha256(sent_bytes(size)).hexdigest())
                    self.assertEqual(capture.sent_to(sink.port), [sent_bytes(size)])

    def test_capture_finds_a_value_split_over_two_packets_and_misses_what_was_not_sent(self):
        program = SEND.split("    for")[0] + """
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.sendall(b"card=4111 1111 ")
    s.recv(1)  # the echo: the first part has left
    s.sendall(b"1111 1111;")
"""
        with TestHost() as host:
            sink, capture = host.tcp_sink(answer="echo"), host.capture()
            host.run(["/usr/bin/python3", "-c", program, OUTSIDE4, sink.port, 0])
            sink.wait_connections()[0].wait_ended()
            self.assertTrue(capture.contains(b"4111 1111 1111 1111"))
            self.assertFalse(capture.contains(b"4111 1111 1111 1112"))
            self.assertFalse(any(b"4111 1111 1111 1111" in packet.payload for packet in capture.packets()))

    def test_http_sink_answers_curl_also_chunked_and_with_expect(self):
        with TestHost() as host:
            body = host.directory / "body"
            body.write_bytes(sent_bytes(3_000_000))
            sink = host.tcp_sink(answer="http")
            for arguments in (["--data-binary", f"@{body}"], ["-T", "-"], ["-H", "Expect: 100-continue", "-d", "a=b"]):
                stdin = body.read_bytes() if "-T" in arguments else None
                result = host.run(["curl", "-sS", *arguments, f"http://{sink.address}/"], stdin=stdin)
                self.assertEqual((result.returncode, result.stdout), (0, b"ok\n"), result)
            lengths = [len(connection.requests[0].body) for connection in sink.connections]
            self.assertEqual(lengths[0], 3_000_000)
            self.assertGreater(lengths[1], 3_000_000)  # with the chunk sizes
            self.assertEqual(lengths[2], 3)

    def test_udp_sink_and_capture_hold_the_datagram(self):
        program = "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'query', ('%s', %d))"
        with TestHost() as host:
            sink, capture = host.udp_sink(), host.capture()
            host.run(["/usr/bin/python3", "-c", program % (OUTSIDE4, sink.port)])
            self.assertEqual(sink.wait_datagrams()[0][0], b"query")
            self.assertEqual(capture.datagrams_to(sink.port), [b"query"])

    def test_client_runs_in_cgroup_namespace_and_user_it_was_given(self):
        show = "cat /proc/self/cgroup; readlink /proc/self/ns/net; id -u; exec cat"
        with TestHost() as host:
            client = host.run(["sh", "-c", show], stdin=subprocess.PIPE, user="nobody", unit="checkout.service",
                              background=True)
            inode = pathlib.Path("/run/netns", host.inside).stat().st_ino
            self.assertTrue(client.running)
            out = client.wait().stdout.decode()
            self.assertIn(f"0::/{host.name}/checkout.service\n", out)
            self.assertIn(f"net:[{inode}]\n", out)
            self.assertIn("\n65534\n", out)

    def test_client_that_does_not_end_is_killed_and_told(self):
        with TestHost() as host, self.assertRaises(ClientTimeout):
            host.run(["sleep", "60"], timeout=0.2)

    def test_host_leaves_nothing_behind_also_after_an_error(self):
        with self.assertRaises(ZeroDivisionError), TestHost() as host:
            host.run(["sh", "-c", "sleep 60 & sleep 60"], background=True)
            raise ZeroDivisionError
        self.assertFalse(host.cgroup.exists())
        self.assertFalse(host.directory.exists())
        self.assertFalse(pathlib.Path("/run/netns", host.inside).exists())

    def test_a_hole_in_the_capture_is_an_error_not_a_no(self):
        stream = wire.Stream()
        stream.add(wire.Packet(wire.TCP, ("a", 1), ("b", 2), 2**32 - 1, 2, b""))
        stream.add(wire.Packet(wire.TCP, ("a", 1), ("b", 2), 0, 16, b"abc"))
        stream.add(wire.Packet(wire.TCP, ("a", 1), ("b", 2), 1, 16, b"bcde"))
        self.assertEqual((stream.bytes(), stream.retransmitted), (b"abcde", 2))
        stream.add(wire.Packet(wire.TCP, ("a", 1), ("b", 2), 9, 16, b"x"))
        with self.assertRaises(ValueError):
            stream.bytes()


if __name__ == "__main__":
    harness.main(needs_daemon=False)
