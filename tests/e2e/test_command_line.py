# SPDX-License-Identifier: Apache-2.0
"""The command `sluice` against a real daemon: what it says, what it changes, whom it obeys, what it never shows."""

import grp
import json
import os
import pathlib
import platform
import pwd
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from e2e import clients  # noqa: E402
from e2e.clients import CLEAN, LEAK  # noqa: E402
from harness import host as harness  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.host import BUILD, TestHost, wait_until  # noqa: E402

POLICY = """version: 1
mode: observe
data:
  card: {detector: payment_card}
  mail: {detector: email}
violations: {card: block, default: alert}
"""
ANOTHER = POLICY.replace("mail:", "letters:")
BROKEN = POLICY.replace("payment_card", "credit_crad")
BROKEN_AT = ":4:20: "  # line and column of the detector's name


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.host = self.enterContext(TestHost())

    def sluice(self, daemon, *words, prefix=()):
        command = [*prefix, BUILD / "sluice", "--control", daemon.control, *words]
        return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=30)

    def ask(self, daemon, *words):
        """The one JSON object that a command prints."""
        done = self.sluice(daemon, *words, "--json")
        self.assertEqual(done.stderr, "")
        return json.loads(done.stdout)

    def send(self, data=LEAK):
        path = self.host.directory / "body"
        path.write_bytes(data)
        sink = self.host.tcp_sink(answer="http")
        return self.host.run(clients.curl(sink, path)), sink

    def endpoint(self):
        sink = self.host.tcp_sink()
        return sink.host, sink.port

    def leak(self, daemon):
        """One told leak; its record in the findings file."""
        _, sink = self.send()
        return daemon.wait_finding(lambda f: f["dst_endpoint"]["port"] == sink.port)

    def test_status(self):
        with Daemon(self.host, POLICY) as daemon:
            _, sink = self.send()
            daemon.wait_finding()
            wait_until(lambda: self.ask(daemon, "status")["flows"]["open"] == 0, 10, "curl's flow is closed")
            told = self.ask(daemon, "status")
            with self.subTest("who and what runs"):
                self.assertRegex(told["version"], r"^\d+\.\d+\.\d+$")
                self.assertEqual(told["kernel"], platform.release())
                self.assertEqual(told["mode"], "observe")
                self.assertRegex(told["policy"]["hash"], r"^[0-9a-f]{12}$")
                self.assertEqual(told["policy"]["files"], [str(daemon.policy_file)])
            with self.subTest("the ledger adds up, to the byte"):
                ledger = told["ledger"]
                self.assertEqual(ledger["inspected"], len(sink.received))
                self.assertEqual(ledger["sent"], sum(ledger[fate] for fate in
                                                     ("inspected", "opaque", "uninspected", "trusted")))
            with self.subTest("findings, sinks and drops are counted"):
                self.assertEqual(told["findings"]["would_block"], 1)
                self.assertEqual([(s["written"], s["failed"]) for s in told["sinks"]], [(1, 0)])
                self.assertLessEqual({"ring_full_passed", "table_full_passed", "daemon_passed"}, set(told["drops"]))
                self.assertEqual(told["drops"]["ring_full_passed"], 0)
            with self.subTest("people read the same"):
                text = self.sluice(daemon, "status").stdout
                for word in (told["version"], told["kernel"], "observe", told["policy"]["hash"], "would_block 1",
                             f"{ledger['inspected']} B inspected"):
                    self.assertIn(word, text)
            with self.subTest("an open flow is counted by its state"):
                open_one = self.host.start(["nc", "-w", "30", *self.endpoint()], stdin=subprocess.PIPE)
                open_one.write(CLEAN)
                flows = wait_until(lambda: (f := self.ask(daemon, "status")["flows"])["open"] and f, 10, "a flow")
                self.assertEqual((flows["watched"], flows["held"]), (1, 0))
                open_one.kill()

    def test_findings_and_show(self):
        with Daemon(self.host, POLICY) as daemon:
            self.assertEqual(self.sluice(daemon, "findings").stdout, "", "nothing yet")
            first = self.leak(daemon)
            uid = first["finding_info"]["uid"]
            with self.subTest("a line for people says who, what, where, why and how to see more"):
                text = self.sluice(daemon, "findings").stdout
                for word in ("WOULD BLOCK", "curl[", "(root", f"→ {first['dst_endpoint']['ip']}:", "1 card",
                             "************1111", "violations.card", uid):
                    self.assertIn(word, text)
            with self.subTest("--json is the record that the file has"):
                self.assertEqual(self.ask(daemon, "findings"), first)
            with self.subTest("show tells one finding, by its id"):
                shown = self.sluice(daemon, "show", uid)
                self.assertEqual(shown.returncode, 0)
                self.assertIn("/usr/bin/curl", shown.stdout)
                self.assertEqual(self.ask(daemon, "show", uid)["finding"], first)
            with self.subTest("an id that nothing has is an error that says so"):
                nothing = self.sluice(daemon, "show", "0" * 16)
                self.assertEqual(nothing.returncode, 2)
                self.assertIn("no such finding", nothing.stderr)
            with self.subTest("--follow tells the next one too, until the daemon ends"):
                follower = subprocess.Popen([BUILD / "sluice", "--control", daemon.control, "findings", "--follow",
                                             "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                self.host.at_close(follower.kill)
                self.assertEqual(self.next_record(follower)["finding_info"]["uid"], uid)
                second = self.leak(daemon)
                self.assertEqual(self.next_record(follower), second)
                daemon.stop()
                _, why = follower.communicate(timeout=10)
                self.assertEqual(follower.returncode, 2)
                self.assertIn("the daemon closed the connection", why)

    def next_record(self, follower):
        ready, _, _ = select.select([follower.stdout], [], [], 10)
        self.assertTrue(ready, "no line within 10 s")
        return json.loads(follower.stdout.readline())

    def test_no_daemon(self):
        with Daemon(self.host, POLICY) as daemon:
            daemon.stop()
            done = self.sluice(daemon, "status")
            self.assertEqual(done.returncode, 2)
            self.assertIn("Is the daemon running", done.stderr)

    def test_doctor(self):
        with Daemon(self.host, POLICY) as daemon:
            for arguments in ([], ["--local"]):
                done = self.sluice(daemon, "doctor", *arguments)
                self.assertEqual(done.returncode, 0, done.stdout)
                self.assertIn("Sluice can run here", done.stdout)
            told = self.ask(daemon, "doctor")
            self.assertEqual(told["kernel"], platform.release())
            needed = [f for f in told["features"] if f["required"]]
            self.assertTrue(needed and all(f["present"] for f in needed), needed)
            for feature in told["features"]:
                if not feature["present"]:
                    self.assertTrue(feature["consequence"], f"{feature['name']}: what its absence costs")
            daemon.stop()
            self.assertEqual(self.sluice(daemon, "doctor").returncode, 0, "asks the kernel itself without a daemon")
            unable = self.sluice(daemon, "doctor", prefix=self.as_nobody())
            self.assertEqual(unable.returncode, 3, "this process may load nothing")
            self.assertIn("MISSING", unable.stdout)

    def test_reload(self):
        with Daemon(self.host, POLICY) as daemon:
            before = self.ask(daemon, "status")["policy"]["hash"]
            with self.subTest("a broken file: its place is told and the old policy stays"):
                daemon.policy_file.write_text(BROKEN)
                done = self.sluice(daemon, "reload")
                self.assertEqual(done.returncode, 2)
                self.assertIn(f"{daemon.policy_file}{BROKEN_AT}", done.stderr)
                self.assertIn("did you mean 'payment_card'?", done.stderr)
                self.assertIn("stays in force", done.stderr)
                told = json.loads(self.sluice(daemon, "reload", "--json").stdout)
                self.assertEqual((told["ok"], told["policy"]["hash"]), (False, before))
                self.assertEqual(self.ask(daemon, "status")["policy"]["hash"], before)
                self.assertIn(BROKEN_AT, daemon.log)
                self.leak(daemon)
            with self.subTest("a good file is in force, and told to be"):
                daemon.policy_file.write_text(ANOTHER)
                done = self.sluice(daemon, "reload")
                self.assertEqual((done.returncode, done.stderr), (0, ""))
                after = self.ask(daemon, "status")["policy"]["hash"]
                self.assertNotEqual(after, before)
                self.assertIn(after, done.stdout)
                self.send(b"ada@example.org")
                daemon.wait_finding(lambda f: f["unmapped"]["sluice"]["data_class"] == "letters")

    def test_mode(self):
        with Daemon(self.host, POLICY) as daemon:
            self.assertTrue(self.send()[0].ok, "observed")
            done = self.sluice(daemon, "mode", "enforce")
            self.assertEqual((done.returncode, done.stdout), (0, "mode enforce\n"))
            refused, sink = self.send()
            self.assertEqual(refused.returncode, 56, refused)
            self.assertEqual(sink.received, b"")
            self.assertTrue(self.send(CLEAN)[0].ok, "held, read, and let go")
            self.assertEqual(self.ask(daemon, "mode", "observe"), {"ok": True, "mode": "observe"})
            self.assertTrue(self.send()[0].ok, "observed again")
            self.assertEqual(self.ask(daemon, "status")["mode"], "observe")
            self.assertEqual(self.sluice(daemon, "mode", "sometimes").returncode, 2)

    # Who may ask.

    def as_nobody(self, groups="--clear-groups"):
        nobody = pwd.getpwnam("nobody")
        return [shutil.which("setpriv"), f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", groups, "--"]

    def test_only_root_and_the_group_may_ask(self):
        group = grp.getgrnam("daemon")  # there is no group sluice before an installation
        with Daemon(self.host, POLICY, config=f"control: {{group: {group.gr_name}}}\n") as daemon:
            at = daemon.control.stat()
            self.assertEqual((stat.S_IMODE(at.st_mode), at.st_uid, at.st_gid), (0o660, 0, group.gr_gid))
            with self.subTest("another user is kept out by the file's mode"):
                done = self.sluice(daemon, "status", prefix=self.as_nobody())
                self.assertEqual(done.returncode, 2)
                self.assertIn("Only root and group sluice", done.stderr)
                self.assertEqual(done.stdout, "")
            with self.subTest("and, should the mode be opened, by the kernel's word on who asks"):
                daemon.control.chmod(0o666)
                done = self.sluice(daemon, "mode", "enforce", prefix=self.as_nobody())
                self.assertEqual(done.returncode, 2)
                self.assertIn("permission denied", done.stderr)
                told = self.ask(daemon, "status")
                self.assertEqual((told["mode"], told["control"]["refused_peers"]), ("observe", 1))
                daemon.control.chmod(0o660)
            with self.subTest("a member of the group may"):
                done = self.sluice(daemon, "status", prefix=self.as_nobody(f"--groups={group.gr_gid}"))
                self.assertEqual(done.returncode, 0, done.stderr)

    # What never shows.

    def test_no_raw_value_anywhere(self):
        secrets = ("4111 1111 1111 1111", "4111111111111111", "5500 0055 5555 5559", "jane.doe@example.org")
        with Daemon(self.host, POLICY, config="log_level: debug\n") as daemon:
            sink = self.host.tcp_sink(answer="http")
            for secret in secrets:  # in an argument as well, since arguments are told
                self.host.run(["curl", "-sS", "-H", "Expect:", "-d", f"value={secret}", f"http://{sink.address}/"])
                self.assertIn(secret.encode(), sink.received, "observed")
            wait_until(lambda: {f["unmapped"]["sluice"]["data_class"] for f in daemon.findings()} == {"card", "mail"},
                       10, "both classes are told")
            uid = daemon.findings()[0]["finding_info"]["uid"]
            shown = {" ".join(words): self.sluice(daemon, *words) for words in
                     (["status"], ["findings"], ["findings", "--json"], ["show", uid], ["reload"], ["doctor"])}
            places = {name: done.stdout + done.stderr for name, done in shown.items()}
            places["control socket"] = self.raw_reply(daemon, {"cmd": "findings"})
            places["findings file"] = daemon.findings_file.read_text()
            for name in ("cmdline", "environ", "comm"):
                places[f"process {name}"] = pathlib.Path(f"/proc/{daemon.pid}/{name}").read_text(errors="replace")
            daemon.stop()
            places["log"] = daemon.log
            for path in filter(pathlib.Path.is_file, daemon.state.rglob("*")):
                places[str(path)] = path.read_text(errors="replace")
            for name, text in places.items():
                for secret in secrets:
                    self.assertNotIn(secret, text, name)
            self.assertIn("************1111", places["findings"], "the masked form is what is told")

    def raw_reply(self, daemon, request):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(10)
            client.connect(str(daemon.control))
            client.sendall(json.dumps(request).encode() + b"\n")
            return client.makefile().readline()

    def test_no_core_dump(self):
        nobody = pwd.getpwnam("nobody").pw_gid
        with Daemon(self.host, POLICY) as daemon:
            daemon.stop()
            # /proc/PID/environ belongs to the process's group while it is dumpable, to root's when it is not.
            prefix = [shutil.which("setpriv"), f"--regid={nobody}", "--clear-groups", "--"]
            other = subprocess.Popen([*prefix, "sleep", "60"])
            self.host.at_close(other.kill)
            group_of = lambda pid: os.stat(f"/proc/{pid}/environ").st_gid  # noqa: E731
            wait_until(lambda: group_of(other.pid) == nobody, 10, "a process that is dumpable")
            daemon.command = [*prefix, *daemon.command]
            daemon.start()
            self.assertEqual(group_of(daemon.pid), 0)
            limits = pathlib.Path(f"/proc/{daemon.pid}/limits").read_text()
            self.assertRegex(limits, r"Max core file size +0 +0 ")
            daemon.process.send_signal(signal.SIGABRT)
            _, ended = os.waitpid(daemon.pid, 0)
            self.assertTrue(os.WIFSIGNALED(ended))
            self.assertFalse(os.WCOREDUMP(ended))
            daemon.process.returncode = -signal.SIGABRT


if __name__ == "__main__":
    harness.main()
