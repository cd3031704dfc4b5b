# SPDX-License-Identifier: Apache-2.0
"""Who may send what where: each verdict as the policy says, in both modes."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from e2e import clients  # noqa: E402
from e2e.clients import CLEAN, LEAK  # noqa: E402
from harness import host as harness  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.host import OTHER4, OUTSIDE4, OUTSIDE6, TestHost  # noqa: E402

POLICY = f"""
version: 1
mode: enforce
data:
  card: {{detector: payment_card}}
  contact: {{detector: email, at_least: 3}}
  loyalty: {{pattern: 'LOY-[0-9]{{10}}', check: luhn}}
senders:
  curl: {{exe: /usr/bin/curl}}
  batch: {{user: nobody, exe: '/usr/bin/python3*', args: '*etl*'}}
  web: {{cgroup: '*/web.service'}}
destinations:
  bank: {{network: {OUTSIDE4}}}
  denied: {{network: {OTHER4}, port: 6666}}
flows:
  - {{name: charge, data: card, from: curl, to: bank}}
  - {{name: export, data: any, from: batch, to: bank}}
  - {{name: web-mails, data: contact, from: web, to: bank}}
connections:
  - {{name: no-irc, deny: denied}}
violations: {{card: block, loyalty: block, default: alert}}
"""


def sluice(finding):
    return finding["unmapped"]["sluice"]


class Verdicts(unittest.TestCase):
    def setUp(self):
        self.host = self.enterContext(TestHost())

    def send(self, sink, data, command=clients.curl, **options):
        path = self.host.directory / "body"
        path.write_bytes(data)
        return self.host.run(command(sink, path), **options)

    def finding(self, daemon, sink):
        return sluice(daemon.wait_finding(lambda f: f["dst_endpoint"]["port"] == sink.port))

    def test_enforce(self):
        with Daemon(self.host, POLICY) as daemon:
            with self.subTest("an allowed flow passes and is told as allowed"):
                sink = self.host.tcp_sink(answer="http")
                self.assertTrue(self.send(sink, LEAK).ok)
                told = self.finding(daemon, sink)
                self.assertEqual((told["verdict"], told["rule"]), ("allow", "charge"))
                self.assertIn(LEAK, sink.received)
            with self.subTest("an unlisted sender is blocked; the nearest flow is named"):
                sink = self.host.tcp_sink()
                self.assertFalse(self.send(sink, LEAK, clients.python).ok)
                told = self.finding(daemon, sink)
                self.assertEqual((told["verdict"], told["nearest"]), ("block", "charge"))
                self.assertEqual(sink.received, b"")
            with self.subTest("an unlisted destination is blocked"):
                sink = self.host.tcp_sink(OTHER4, answer="http")
                self.assertFalse(self.send(sink, LEAK).ok)
                self.assertEqual(self.finding(daemon, sink)["verdict"], "block")
            with self.subTest("user and arguments make the sender"):
                sink = self.host.tcp_sink()
                etl = self.host.directory / "etl.bin"
                etl.write_bytes(LEAK)
                etl.chmod(0o644)
                self.assertTrue(self.host.run(clients.python(sink, etl), user="nobody").ok)
                sink.wait_connections()[0].wait_ended()
                self.assertIn(LEAK, sink.received)
                other = self.host.tcp_sink()
                self.assertFalse(self.host.run(clients.python(other, etl)).ok, "root is not nobody")
                self.assertEqual(self.finding(daemon, other)["sender"]["user"], "root")
            with self.subTest("an alert does not stop the flow"):
                sink = self.host.tcp_sink(answer="http")
                mails = b"a@example.org b@example.org c@example.org"
                self.assertTrue(self.send(sink, mails).ok)
                told = self.finding(daemon, sink)
                self.assertEqual((told["verdict"], told["values"]), ("alert", 3))
            with self.subTest("fewer distinct values than at_least are no finding"):
                sink = self.host.tcp_sink(answer="http")
                self.assertTrue(self.send(sink, b"a@example.org a@example.org b@example.org").ok)
                marker = self.host.tcp_sink(answer="http")  # told after the one that must not be told
                self.send(marker, b"a@example.org b@example.org c@example.org")
                self.finding(daemon, marker)
                self.assertFalse([f for f in daemon.findings() if f["dst_endpoint"]["port"] == sink.port])
            with self.subTest("the cgroup makes the sender"):
                sink = self.host.tcp_sink(answer="http")
                self.assertTrue(self.send(sink, b"x@example.org y@example.org z@example.org", unit="web.service").ok)
                self.assertEqual(self.finding(daemon, sink)["verdict"], "allow")
            with self.subTest("a pattern of the policy's own, with its check"):
                sink = self.host.tcp_sink(answer="http")
                self.assertTrue(self.send(sink, b"id=LOY-1234567890").ok, "fails luhn")
                self.assertFalse(self.send(sink, b"id=LOY-1234567897").ok)
                self.assertEqual(self.finding(daemon, sink)["data_class"], "loyalty")
            with self.subTest("a denied destination is refused at connect"):
                sink = self.host.tcp_sink(OTHER4, port=6666)
                result = self.send(sink, CLEAN, clients.nc)
                self.assertFalse(result.ok)
                told = sluice(daemon.wait_finding(lambda f: sluice(f)["kind"] == "connection"))
                self.assertEqual((told["verdict"], told["rule"]), ("block", "connections.no-irc"))
                self.assertEqual(sink.connections, [])

    def test_observe_holds_nothing_and_tells_all(self):
        with Daemon(self.host, POLICY, mode="observe") as daemon:
            sink = self.host.tcp_sink(OTHER4, answer="http")
            self.assertTrue(self.send(sink, LEAK).ok)
            self.assertEqual(self.finding(daemon, sink)["verdict"], "would_block")
            self.assertIn(LEAK, sink.received)
            denied = self.host.tcp_sink(OTHER4, port=6666)
            self.assertTrue(self.send(denied, CLEAN, clients.nc).ok)
            told = sluice(daemon.wait_finding(lambda f: sluice(f)["kind"] == "connection"))
            self.assertEqual(told["verdict"], "would_block")

    def test_the_same_leak_is_one_finding(self):
        with Daemon(self.host, POLICY, mode="observe") as daemon:
            sink = self.host.tcp_sink(OTHER4, answer="http")
            for _ in range(20):
                self.assertTrue(self.send(sink, LEAK).ok)
            daemon.wait_finding()
            daemon.stop()
            told = [sluice(f) for f in daemon.findings()]
            self.assertEqual([f["count"] for f in told], [1, 20], "the first at once, the count at the end")

    def test_udp(self):
        program = """
import socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for message in (b"first", b"second", b"card 4111 1111 1111 1111", b"third"):
    try:
        s.sendto(message, (sys.argv[1], int(sys.argv[2])))
        s.sendto(b"probe", (sys.argv[1], int(sys.argv[2])))
    except PermissionError:
        print("EPERM")
"""
        with Daemon(self.host, POLICY) as daemon:
            sink, capture = self.host.udp_sink(), self.host.capture()
            self.host.run(["/usr/bin/python3", "-c", program, sink.host, sink.port])
            self.assertEqual(self.finding(daemon, sink)["verdict"], "block")
            self.assertFalse(capture.contains(b"4111"))
            sink.wait_datagrams(2)
            got = [data for data, _ in sink.datagrams]
            self.assertEqual(got[:3], [b"first", b"probe", b"second"])
            self.assertNotIn(b"third", got)

    def test_a_resolver_goes_on_working_while_its_datagrams_are_held(self):
        """glibc asks for IP_RECVERR, with which a quiet drop would be heard as ENOBUFS."""
        program = """
import socket, sys
for family, level, option in ((socket.AF_INET, socket.IPPROTO_IP, 11), (socket.AF_INET6, socket.IPPROTO_IPV6, 25)):
    s = socket.socket(family, socket.SOCK_DGRAM)
    s.setsockopt(level, option, 1)
    s.connect((sys.argv[1] if family == socket.AF_INET else sys.argv[2], int(sys.argv[3])))
    for i in range(20):
        assert s.send(b"query %d" % i) == len(b"query %d" % i)
"""
        with Daemon(self.host, POLICY):
            sink, sink6 = self.host.udp_sink(port=5353), self.host.udp_sink(OUTSIDE6, port=5353)
            result = self.host.run(["/usr/bin/python3", "-c", program, sink.host, sink6.host, 5353])
            self.assertTrue(result.ok, result)
            for each in (sink, sink6):
                each.wait_datagrams(20)
                self.assertEqual([data for data, _ in each.datagrams], [b"query %d" % i for i in range(20)])


if __name__ == "__main__":
    harness.main()
