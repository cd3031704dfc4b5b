# SPDX-License-Identifier: Apache-2.0
"""The daemon dies, hangs or ends in the middle of held transfers: flows go on or stop as failure.daemon says."""

import hashlib
import os
import pathlib
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from e2e import clients  # noqa: E402
from e2e.clients import LEAK  # noqa: E402
from harness import host as harness  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.host import TestHost, wait_until  # noqa: E402

BPFFS = pathlib.Path("/sys/fs/bpf")
SETTINGS = "heartbeat_timeout: 1s\n"
SIZE = 300_000_000


def policy(direction):
    return f"""
version: 1
mode: enforce
data: {{card: {{detector: payment_card}}}}
violations: {{card: block}}
failure: {{daemon: {direction}}}
"""


def setUpModule():
    if not BPFFS.is_mount():
        subprocess.run(["mount", "-t", "bpf", "bpf", BPFFS], check=True)
        unittest.addModuleCleanup(subprocess.run, ["umount", BPFFS])


def pins():
    return set(BPFFS.glob("sluice-*"))


class DaemonInTrouble(unittest.TestCase):
    def setUp(self):
        self.host = self.enterContext(TestHost())
        self.addCleanup(self.remove_pins, pins())
        self.path = self.host.directory / "data"
        block = b"nothing of value, line after line after line\n" * 23
        with self.path.open("wb") as out:
            for _ in range(SIZE // len(block)):
                out.write(block)
        self.digest = hashlib.sha256(self.path.read_bytes()).hexdigest()

    def remove_pins(self, before):
        for directory in pins() - before:
            for pin in directory.iterdir():
                pin.unlink()
            directory.rmdir()

    def start_transfer(self):
        """A held transfer that is under way but far from its end."""
        self.sink = self.host.tcp_sink(keep=False)
        self.client = self.host.start(clients.python(self.sink, self.path))
        self.connection = self.sink.wait_connections()[0]
        wait_until(lambda: self.connection.length > 5_000_000, 20, "the transfer is under way")
        self.assertLess(self.connection.length, SIZE // 2, "too fast to be caught in the middle")

    def assertArrivesWhole(self):
        self.assertTrue(self.client.wait(60).ok)
        self.assertEqual(self.connection.wait_ended(30), "eof")
        self.assertEqual(self.connection.sha256, self.digest)

    def assertStalls(self):
        """What was cleared still drains; then not one more byte comes while TCP tries again and again."""
        sizes = []

        def stands_still():
            sizes.append(self.connection.length)
            return len(sizes) > 300 and len(set(sizes[-300:])) == 1  # 1.5 s
        wait_until(stands_still, 30, "the flow stops")
        self.assertTrue(self.client.running)

    def test_killed_open(self):
        with Daemon(self.host, policy("open"), config=SETTINGS) as daemon:
            self.start_transfer()
            daemon.kill()
            self.assertArrivesWhole()
            self.assertEqual(pins() - set(), set(), "nothing is left behind")

    def test_killed_closed_and_started_again(self):
        with Daemon(self.host, policy("closed"), config=SETTINGS) as daemon:
            self.start_transfer()
            daemon.kill()
            self.assertStalls()
            leak = self.host.directory / "leak"
            leak.write_bytes(LEAK)
            other, capture = self.host.tcp_sink(), self.host.capture()
            leaking = self.host.start(clients.python(other, leak))
            other.wait_connections()
            daemon.start()
            self.assertArrivesWhole()
            self.assertFalse(leaking.wait(20).ok)
            self.assertFalse(capture.contains(b"4111"), "what was held while the daemon was dead is read by the next")
            daemon.stop()
            self.assertEqual(pins(), set(), "a clean stop leaves no gate behind")

    def test_hanging_open(self):
        with Daemon(self.host, policy("open"), config=SETTINGS) as daemon:
            self.start_transfer()
            os.kill(daemon.pid, signal.SIGSTOP)
            self.assertArrivesWhole()
            os.kill(daemon.pid, signal.SIGCONT)
            finding = daemon.wait_finding(lambda f: f["unmapped"]["sluice"]["kind"] == "coverage")
            self.assertEqual(finding["unmapped"]["sluice"]["rule"], "failure.daemon")

    def test_hanging_closed(self):
        with Daemon(self.host, policy("closed"), config=SETTINGS) as daemon:
            self.start_transfer()
            os.kill(daemon.pid, signal.SIGSTOP)
            self.assertStalls()
            os.kill(daemon.pid, signal.SIGCONT)
            self.assertArrivesWhole()

    def test_clean_stop_lets_the_transfer_end(self):
        with Daemon(self.host, policy("closed"), config=SETTINGS) as daemon:
            self.start_transfer()
            daemon.stop()
            self.assertArrivesWhole()


if __name__ == "__main__":
    harness.main()
