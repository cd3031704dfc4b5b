# SPDX-License-Identifier: Apache-2.0
"""Daemon: build/sluiced on a TestHost's cgroup, started until `ready`, its findings read, its end checked."""

import json
import pathlib
import re
import signal
import subprocess
import sys
import threading

from .host import BUILD, wait_until


class DaemonFailed(Exception):
    """The daemon did not do as told; its log is in the message."""


class Daemon:
    """with Daemon(host, policy=TEXT or path, mode="enforce", config=TEXT or path, arguments=[...]) as daemon: ...

    `cgroup` other than the host's own is for the one test that watches the whole machine, and only in observe mode.
    """

    _made = 0

    def __init__(self, host, policy, mode=None, config=None, cgroup=None, arguments=(), ready_timeout=30):
        Daemon._made += 1
        self.directory = host.directory / f"daemon-{Daemon._made}"
        self.directory.mkdir()
        self.findings_file = self.directory / "findings.jsonl"
        self.control = self.directory / "control.sock"
        self.state = self.directory / "state"
        self.policy_file = self._as_file(policy, "policy.yaml")
        if cgroup is not None and pathlib.Path(cgroup) != host.cgroup and mode == "enforce":
            raise ValueError("an enforcing daemon may only watch its test host's own cgroup")
        command = [BUILD / "sluiced", "--cgroup", cgroup or host.cgroup, "--policy", self.policy_file,
                   "--findings", self.findings_file, "--control", self.control, "--state", self.state]
        if mode:
            command += ["--mode", mode]
        if config:
            command += ["--config", self._as_file(config, "sluiced.yaml")]
        self.command = [*map(str, command), *map(str, arguments)]
        self._ready_timeout, self._lines = ready_timeout, []
        self._progress, self._is_ready = threading.Event(), False
        self.process = None
        host.at_close(self.kill)

    def _as_file(self, text_or_path, name):
        if isinstance(text_or_path, pathlib.Path):
            return text_or_path
        path = self.directory / name
        path.write_text(text_or_path)
        return path

    @property
    def pid(self):
        return self.process.pid

    def start(self):
        self._progress.clear()
        self._is_ready = False
        self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, errors="replace")
        threading.Thread(target=self._read_log, args=(self.process, ), daemon=True).start()
        self._progress.wait(self._ready_timeout)  # set at `ready`, and when the log ends
        if not self._is_ready:
            self.kill()
            raise DaemonFailed(f"no `ready`; exit code {self.process.poll()}; log:\n{self.log}")
        return self

    def _read_log(self, process):
        for line in process.stdout:
            self._lines.append(line.rstrip("\n"))
            if re.search(r"(^|\s)ready$", self._lines[-1]):
                self._is_ready = True
                self._progress.set()
        self._progress.set()

    @property
    def log(self):
        return "\n".join(list(self._lines))

    def wait_log(self, pattern, timeout=10):
        """The first line of the log that matches."""
        return wait_until(lambda: next((line for line in list(self._lines) if re.search(pattern, line)), None), timeout,
                          f"log line /{pattern}/; log:\n{self.log}")

    def findings(self):
        """All whole lines of the findings file, parsed."""
        if not self.findings_file.exists():
            return []
        whole, _, _ = self.findings_file.read_text().rpartition("\n")
        return [json.loads(line) for line in whole.splitlines()]

    def wait_finding(self, predicate=lambda finding: True, timeout=10):
        def found():
            return next((finding for finding in self.findings() if predicate(finding)), None)
        try:
            return wait_until(found, timeout, "such a finding")
        except TimeoutError as late:
            raise DaemonFailed(f"{late}; findings: {self.findings()}; log:\n{self.log[-4000:]}") from None

    def reload(self):
        self.process.send_signal(signal.SIGHUP)

    def stop(self, timeout=15):
        """SIGTERM; the daemon must end by itself with exit code 0."""
        self.process.terminate()
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise DaemonFailed(f"still running {timeout} s after SIGTERM; log:\n{self.log}") from None
        if code != 0:
            raise DaemonFailed(f"exit code {code} after SIGTERM; log:\n{self.log}")

    def kill(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, *_):
        if kind:
            print(f"--- log of the daemon ---\n{self.log}\n--- end ---", file=sys.stderr)
            self.kill()
        elif self.process.poll() is None:
            self.stop()
