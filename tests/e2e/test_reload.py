# SPDX-License-Identifier: Apache-2.0
"""Policies change while flows are open: atomically, by SIGHUP and by command; a bad file changes nothing."""

import json
import pathlib
import socket
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from e2e import clients  # noqa: E402
from e2e.clients import CLEAN, LEAK  # noqa: E402
from harness import host as harness  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.host import BUILD, TestHost, wait_until  # noqa: E402

BLOCK = """
version: 1
mode: enforce
data: {card: {detector: payment_card}}
violations: {card: block}
"""
ALLOW = BLOCK.replace("violations: {card: block}", "violations: {card: alert}")
MISTAKEN = BLOCK.replace("payment_card", "credit_crad")

#: Sends what it reads, line by line, and tells what became of it.
TALKER = """
import socket, sys
s = socket.create_connection((sys.argv[1], int(sys.argv[2])))
for line in sys.stdin:
    try:
        s.sendall(line.encode())
        print("sent" if s.recv(1000) else "end", flush=True)
    except OSError as error:
        print(type(error).__name__, flush=True)
"""


class Reload(unittest.TestCase):
    def setUp(self):
        self.host = self.enterContext(TestHost())

    def ask(self, daemon, **request):
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(10)
            control.connect(str(daemon.control))
            control.sendall(json.dumps(request).encode() + b"\n")
            return json.loads(control.makefile().readline())

    def leak(self, sink):
        path = self.host.directory / "leak"
        path.write_bytes(LEAK)
        return self.host.run(clients.curl(sink, path)).ok

    def hash_of(self, daemon):
        return self.ask(daemon, cmd="status")["policy"]["hash"]

    def test_by_signal(self):
        with Daemon(self.host, ALLOW) as daemon:
            before = self.hash_of(daemon)
            self.assertTrue(self.leak(self.host.tcp_sink(answer="http")))
            daemon.policy_file.write_text(BLOCK)
            daemon.reload()
            wait_until(lambda: self.hash_of(daemon) != before, 10, "the new policy is in force")
            self.assertFalse(self.leak(self.host.tcp_sink(answer="http")))

    def test_by_command_and_the_old_one_stays_on_a_mistake(self):
        with Daemon(self.host, BLOCK) as daemon:
            before = self.hash_of(daemon)
            daemon.policy_file.write_text(MISTAKEN)
            answer = self.ask(daemon, cmd="reload")
            self.assertFalse(answer["ok"])
            self.assertIn("credit_crad'; did you mean 'payment_card'?", answer["diagnostics"][0]["text"])
            self.assertEqual(self.hash_of(daemon), before)
            self.assertFalse(self.leak(self.host.tcp_sink(answer="http")), "the old policy still blocks")
            daemon.policy_file.write_text(ALLOW)
            self.assertTrue(self.ask(daemon, cmd="reload")["ok"])
            self.assertTrue(self.leak(self.host.tcp_sink(answer="http")))

    def test_an_open_flow_meets_the_new_policy(self):
        with Daemon(self.host, ALLOW, mode="observe") as daemon:
            sink = self.host.tcp_sink(answer="echo")
            talker = self.host.run(["/usr/bin/python3", "-u", "-c", TALKER, sink.host, sink.port], stdin=-1,
                                   background=True)

            def say(text):
                talker.write(text + b"\n")
                return talker._process.stdout.readline().strip()
            self.assertEqual(say(CLEAN), b"sent")
            self.assertEqual(say(LEAK), b"sent", "observe stops nothing")
            daemon.policy_file.write_text(BLOCK)
            self.assertTrue(self.ask(daemon, cmd="reload")["ok"])
            self.assertEqual(self.ask(daemon, cmd="mode", set="enforce")["mode"], "enforce")
            self.assertEqual(say(CLEAN), b"sent", "bytes that left before the change are not held back")
            self.assertIn(say(LEAK), (b"ConnectionResetError", b"BrokenPipeError"))

    def test_under_traffic(self):
        """Policies flip while curls leak: under either policy each request either passes whole or not at all."""
        with Daemon(self.host, BLOCK) as daemon:
            sink = self.host.tcp_sink(answer="http")
            path = self.host.directory / "leak"
            path.write_bytes(LEAK)
            for round_ in range(10):
                running = [self.host.start(clients.curl(sink, path)) for _ in range(4)]
                daemon.policy_file.write_text((ALLOW, BLOCK)[round_ % 2])
                self.assertTrue(self.ask(daemon, cmd="reload")["ok"])
                for client in running:
                    self.assertIn(client.wait(20).returncode, (0, 55, 56))
            self.assertFalse(self.leak(sink), "the last policy blocks")
            for connection in sink.connections:
                self.assertIn(connection.data.count(LEAK), (0, 1))

    def test_check_tells_mistakes_and_starts_nothing(self):
        policy = self.host.directory / "bad.yaml"
        policy.write_text(MISTAKEN)
        result = self.host.run([BUILD / "sluiced", "--check", "--policy", policy])
        self.assertEqual(result.returncode, 2)
        self.assertIn(b"bad.yaml:4:25", result.stderr)


if __name__ == "__main__":
    harness.main()
