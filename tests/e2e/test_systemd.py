# SPDX-License-Identifier: Apache-2.0
"""The installed service under a real systemd: what `cmake --install` installs, on a throw-away overlay of this machine's
root, booted by systemd-nspawn. The outer run boots it and starts this file again inside; the inner run holds the tests.
Needs no network and no image; the container sees this machine's programs and none of its services."""

import contextlib
import json
import os
import pathlib
import re
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from e2e import clients  # noqa: E402
from e2e.clients import CLEAN, LEAK  # noqa: E402
from harness import host as harness  # noqa: E402
from harness.host import BUILD, SKIPPED, SOURCE, TestHost, Unavailable, wait_until  # noqa: E402

UNIT = "sluiced.service"
BOOT_LIMIT = 120  # seconds
TARGET = "sluice-test.target"
FINDINGS = pathlib.Path("/var/log/sluice/findings.jsonl")
POLICY_DIRECTORY = pathlib.Path("/etc/sluice/policy.d")
#: Only what these tests need runs: none of this machine's own services.
UNITS = {
    TARGET: "[Unit]\nRequires=basic.target dbus.service sluice-test.service\nAfter=basic.target dbus.service\n",
    "sluice-test.service": """[Unit]
After=basic.target dbus.service
[Service]
Type=exec
Environment=PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PYTHONDONTWRITEBYTECODE=1
ExecStart=/bin/sh -c 'exec {command} >/result.log 2>&1'
ExecStopPost=/bin/sh -c 'echo $EXIT_STATUS >/result; systemctl --force --force poweroff'
""",
    # The watchdog is waited for; 20 seconds of it would be most of this test.
    f"{UNIT}.d/test.conf": "[Service]\nWatchdogSec=3\n",
}


def run(*words, **options):
    options = {"capture_output": True, "text": True, "timeout": 60} | options
    return subprocess.run([*map(str, words)], **options)


def must(*words):
    done = run(*words)
    if done.returncode:
        raise RuntimeError(f"{shlex.join(map(str, words))}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Service(unittest.TestCase):
    """Runs inside the container, in the order of the names.

    The container has a pid namespace of its own, and the kernel tells pids of the initial one: so senders' processes are
    not found here, and the daemon takes its other ways, by network namespace (sock_diag, the bpf iterator). They need
    the most of the sandbox. The first way, by pidfd, is what every other test here takes. For the same reason the gate
    does not know the daemon's own packets here, so held datagrams are not tested.
    """

    @classmethod
    def setUpClass(cls):
        cls.host = cls.enterClassContext(TestHost())

    def keep_open(self):
        """A flow and a process that stay, so that the daemon knows this network namespace."""
        sink = self.host.tcp_sink()
        self.host.start(["nc", sink.host, sink.port], stdin=subprocess.PIPE).write(CLEAN)
        wait_until(lambda: sink.received == CLEAN, 10, "a connection that stays open")

    def property(self, name):
        return must("systemctl", "show", "-P", name, UNIT).strip()

    def wait_restart(self, first):
        wait_until(lambda: self.property("MainPID") not in (first, "0") and self.property("ActiveState") == "active",
                   40, "another daemon, ready")

    def status(self):
        return json.loads(must("sluice", "status", "--json"))

    def journal(self, *words):
        return must("journalctl", "--no-pager", "-o", "json", *words)

    def findings(self):
        return [json.loads(line)["unmapped"]["sluice"] for line in FINDINGS.read_text().splitlines()]

    def send(self, data, command=clients.curl, how="http", **options):
        path = self.host.directory / "body"
        path.write_bytes(data)
        sink = self.host.tcp_sink(answer=how)
        return self.host.run(command(sink, path, **options)), sink

    def test_1_starts_and_says_so(self):
        must("systemctl", "start", UNIT)  # Type=notify: returns after READY=1
        self.assertEqual(self.property("ActiveState"), "active")
        self.assertEqual(self.status()["mode"], "observe")
        limits = pathlib.Path(f"/proc/{self.property('MainPID')}/limits").read_text()
        self.assertRegex(limits, r"Max core file size +0 +0 ")
        group = must("getent", "group", "sluice").split(":")[2]
        for path, mode, owner in (("/run/sluice/control.sock", 0o660, group), ("/run/sluice", 0o750, None),
                                  ("/var/lib/sluice", 0o700, None), ("/var/lib/sluice/fingerprint.key", 0o600, None),
                                  ("/var/log/sluice", 0o750, None)):
            with self.subTest(path):
                self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), mode)
                if owner:
                    self.assertEqual(os.stat(path).st_gid, int(owner))
        doctor = run("sluice", "doctor")
        self.assertEqual(doctor.returncode, 0, doctor.stdout)

    def test_2_tells_findings_to_file_and_journal(self):
        self.keep_open()
        sent, sink = self.send(LEAK)
        self.assertTrue(sent.ok, "observed")
        self.assertIn(LEAK, sink.received)
        wait_until(lambda: FINDINGS.exists() and self.findings(), 10, "a finding in the file")
        self.assertEqual(self.findings()[-1]["verdict"], "would_block")
        entry = wait_until(lambda: self.journal("-u", UNIT, "SLUICE_VERDICT=would_block"), 10, "one in the journal")
        self.assertEqual(json.loads(entry.splitlines()[0])["SLUICE_DATA_CLASS"], "card")
        self.assertNotIn("4111", self.journal("-u", UNIT) + FINDINGS.read_text())

    def test_3_enforces_within_its_sandbox(self):
        must("sluice", "mode", "enforce")
        refused, sink = self.send(LEAK)
        self.assertEqual((refused.returncode, sink.received), (56, b""))
        told = wait_until(lambda: [f for f in self.findings() if f["verdict"] == "block"], 10, "the block in the file")
        self.assertEqual(told[-1]["done"], "socket destroyed")
        passed, sink = self.send(CLEAN)
        self.assertTrue(passed.ok, passed)
        self.assertLess(passed.seconds, 1)
        rows = b"row of nothing\n" * 400_000
        passed, sink = self.send(rows, clients.python, None, answer=False)
        self.assertTrue(passed.ok, passed)
        wait_until(lambda: len(sink.received) == len(rows), 20, "all that a process had sent before its end")
        told = self.status()
        self.assertEqual((told["drops"]["destroy_failed"], told["drops"]["kicks_left_to_tcp"]), (0, 0))
        self.assertGreater(told["holds"]["push_passes"], 0)
        must("sluice", "mode", "observe")

    def test_4_reloads_and_keeps_a_policy_when_the_next_is_broken(self):
        before = self.status()["policy"]["hash"]
        extra = POLICY_DIRECTORY / "90-extra.yaml"
        extra.write_text("version: 1\ndata: {more: {detector: credit_crad}}\n")
        must("systemctl", "reload", UNIT)
        wait_until(lambda: f"{extra}:2:" in self.journal("-u", UNIT), 10, "the mistake in the journal")
        self.assertEqual(self.status()["policy"]["hash"], before)
        extra.write_text("version: 1\ndata: {more: {words: [Project Halley]}}\n")
        must("systemctl", "reload", UNIT)
        wait_until(lambda: self.status()["policy"]["hash"] != before, 10, "the new policy")
        self.assertEqual(self.property("ActiveState"), "active")

    def test_5_pins_the_gate_where_policy_asks_for_it(self):
        policy = POLICY_DIRECTORY / "default.yaml"
        policy.write_text(policy.read_text().replace("daemon: open", "daemon: closed"))
        must("sluice", "reload")
        self.assertFalse(self.status()["holds"]["gate_pinned"], "observe mode refuses nothing")
        must("sluice", "mode", "enforce")
        self.assertTrue(self.status()["holds"]["gate_pinned"])
        first = self.property("MainPID")
        os.kill(int(first), signal.SIGKILL)
        self.wait_restart(first)
        self.assertTrue(self.send(LEAK)[0].ok, "the gate that outlived its daemon is gone, the new one observes")
        self.assertFalse(self.status()["holds"]["gate_pinned"])

    def test_6_is_restarted_when_it_hangs(self):
        first = self.property("MainPID")
        os.kill(int(first), signal.SIGSTOP)
        self.wait_restart(first)
        self.assertEqual(self.property("NRestarts"), "2")
        self.assertIn("Watchdog timeout", must("journalctl", "--no-pager", "-u", UNIT))
        self.assertEqual(self.status()["mode"], "observe")

    def test_7_stops_cleanly(self):
        must("systemctl", "stop", UNIT)
        self.assertEqual((self.property("ActiveState"), self.property("Result"), self.property("ExecMainStatus")),
                         ("inactive", "success", "0"))
        self.assertFalse(pathlib.Path("/run/sluice/control.sock").exists())

    def test_8_does_not_retry_what_cannot_work(self):
        (POLICY_DIRECTORY / "90-extra.yaml").write_text("version: 9\n")
        self.assertNotEqual(run("systemctl", "start", UNIT).returncode, 0)
        self.assertEqual((self.property("ActiveState"), self.property("ExecMainStatus")), ("failed", "2"))

    def test_9_is_sandboxed(self):
        score = must("systemd-analyze", "security", "--no-pager", UNIT)
        found = re.search(r"Overall exposure level for \S+: ([\d.]+)", score)
        print(found.group(0))
        self.assertLess(float(found.group(1)), 4.0, score)


def check_tools():
    harness.check_machine()
    for tool in ("systemd-nspawn", "systemd-analyze", "mount", "cmake"):
        if not shutil.which(tool):
            raise Unavailable(f"needs the program '{tool}' (package systemd-container brings systemd-nspawn)")
    if not pathlib.Path("/lib/systemd/systemd").exists():
        raise Unavailable("needs systemd on this machine: its root is what is booted")
    for binary in ("sluiced", "sluice"):
        if not (BUILD / binary).exists():
            raise Unavailable(f"no {BUILD / binary}: ./dev build makes it")


def prepare(root):
    """This machine's root with nothing of its own in it that starts or mounts, and Sluice installed."""
    must("env", f"DESTDIR={root}", "cmake", "--install", BUILD, "--prefix", "/usr")
    (root / "etc/fstab").write_text("")
    journal = root / "etc/systemd/journald.conf.d"
    journal.mkdir(parents=True, exist_ok=True)
    (journal / "sluice-test.conf").write_text("[Journal]\nStorage=volatile\n")
    command = shlex.join(["/usr/bin/env", f"SLUICE_BUILD={BUILD}", "/usr/bin/python3", __file__, "--inside"])
    for name, text in UNITS.items():
        path = root / "etc/systemd/system" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("{command}", command))


def boot(root, bpffs):
    shared = [f"--bind={bpffs}:/sys/fs/bpf", "--bind=/sys/kernel/tracing"] + [
        f"--bind-ro={path}" for path in (SOURCE, BUILD)]  # also below /tmp, which is another one inside
    return run("systemd-nspawn", "--quiet", f"--directory={root}", "--boot", "--register=no", "--keep-unit",
               "--private-network", f"--machine=sluice-test-{os.getpid()}", "--capability=all",
               "--system-call-filter=bpf perf_event_open pidfd_open pidfd_getfd setns", "--console=pipe", *shared,
               f"systemd.unit={TARGET}", stdin=subprocess.DEVNULL, timeout=BOOT_LIMIT,
               env=os.environ | {"SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"})


def main():
    try:
        check_tools()
    except Unavailable as missing:
        print(f"skipped: {missing}")
        return SKIPPED
    with tempfile.TemporaryDirectory(prefix="sluice-systemd-") as work:
        layers, root, bpffs = (pathlib.Path(work, name) for name in ("layers", "root", "bpffs"))
        with contextlib.ExitStack() as mounts:
            def mount(kind, where, *options):
                where.mkdir()
                must("mount", "-t", kind, *options, "none", where)
                mounts.callback(must, "umount", where)
            mount("tmpfs", layers)  # an overlay cannot keep its upper layer on another overlay
            for layer in ("upper", "work"):
                (layers / layer).mkdir()
            mount("overlay", root, "-o", f"lowerdir=/,upperdir={layers}/upper,workdir={layers}/work")
            mount("bpf", bpffs)  # its own: this machine may run a Sluice
            prepare(root)
            console = boot(root, bpffs)
            log, result = root / "result.log", root / "result"
            print(log.read_text() if log.exists() else f"nothing ran; console:\n{console.stdout}{console.stderr}")
            return int(result.read_text()) if result.exists() else 1


def inside():
    must("systemd-sysusers")
    unittest.main(module="__main__", argv=[sys.argv[0]], verbosity=2, failfast=True)


if __name__ == "__main__":
    sys.exit(inside() if sys.argv[1:] == ["--inside"] else main())
