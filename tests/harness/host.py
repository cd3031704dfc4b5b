# SPDX-License-Identifier: Apache-2.0
"""TestHost: an inside and an outside network namespace on one veth pair, and a cgroup for the clients inside.

    with TestHost() as host, Daemon(host, policy="...") as daemon:
        sink, capture = host.tcp_sink(answer="http"), host.capture()
        result = host.run(["curl", "-sS", "-d", "card=...", f"http://{sink.address}/"])
        assert not capture.contains(b"4111")

Clients run inside the cgroup and the inside namespace. Sinks and the capture live outside; the test's own process
is in neither, so the daemon under test never sees it. Everything has a time limit and goes away with the host.
"""

import contextlib
import ctypes
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("SLUICE_BUILD", SOURCE / "build"))
PREFIX = "sluice-test"
INSIDE4, OUTSIDE4, OTHER4 = "198.18.0.1", "198.18.0.2", "198.19.0.2"
INSIDE6, OUTSIDE6, OTHER6 = "fd00:5::1", "fd00:5::2", "fd00:5::3"
SKIPPED = 77  # ctest's SKIP_RETURN_CODE
CLONE_NEWNET = 0x40000000


class Unavailable(Exception):
    """This machine cannot host such a test; the message says what is missing."""


class ClientTimeout(Exception):
    """A client did not end in time; it was killed."""


class Result:
    """How a client ended."""

    def __init__(self, returncode, stdout, stderr, seconds):
        self.returncode, self.stdout, self.stderr, self.seconds = returncode, stdout, stderr, seconds

    @property
    def ok(self):
        return self.returncode == 0

    def __repr__(self):
        return f"Result(returncode={self.returncode}, seconds={self.seconds:.3f}, stderr={self.stderr[-300:]!r})"


class Client:
    """A client process that was started inside; `pid` is the client itself, not a wrapper."""

    def __init__(self, process, feed):
        self._process, self._feed, self._started = process, feed, time.monotonic()
        self.pid = process.pid

    def wait(self, timeout=30):
        try:
            out, err = self._process.communicate(self._feed, timeout=timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            out, err = self._process.communicate(timeout=10)
            raise ClientTimeout(f"{self._process.args[-1]}: no end after {timeout} s; stderr: {err[-300:]!r}") from None
        finally:
            self._feed = None
        return Result(self._process.returncode, out, err, time.monotonic() - self._started)

    def write(self, data):
        """For a client started in the background with stdin=PIPE: hands it more input."""
        self._process.stdin.write(data)
        self._process.stdin.flush()

    @property
    def running(self):
        return self._process.poll() is None

    def kill(self, number=signal.SIGKILL):
        if self.running:
            self._process.send_signal(number)

    def end(self):
        self.kill()
        self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(AttributeError, BrokenPipeError):  # no pipe; input nobody read
                pipe.close()


def wait_until(condition, timeout, what):
    """Waits for a condition that nothing signals; returns its value. Fails loudly at the deadline."""
    deadline = time.monotonic() + timeout
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout} s: {what}")
        time.sleep(0.005)
    return value


def cgroup2_mount():
    """Mount point of cgroup v2; on hybrid hosts that is not /sys/fs/cgroup."""
    for line in pathlib.Path("/proc/self/mounts").read_text().splitlines():
        _, where, kind, options = line.split()[:4]
        if kind == "cgroup2" and "rw" in options.split(","):
            return pathlib.Path(where)
    raise Unavailable("no writable cgroup v2 mount")


def check_machine():
    if os.geteuid() != 0:
        raise Unavailable("needs root: network namespaces, cgroups and BPF")
    for tool in ("ip", "nsenter", "tcpdump"):
        if not shutil.which(tool):
            raise Unavailable(f"needs the program '{tool}'")
    cgroup2_mount()


def _command(*words):
    done = subprocess.run(words, capture_output=True, text=True, timeout=20)
    if done.returncode:
        raise Unavailable(f"{' '.join(words)}: {done.stderr.strip()}")


class TestHost:
    __test__ = False  # not a test class, whatever a collector thinks of its name
    _made = 0

    def __init__(self):
        check_machine()
        TestHost._made += 1
        self.name = f"{PREFIX}-{os.getpid()}-{TestHost._made}"
        self.inside, self.outside = f"{self.name}-in", f"{self.name}-out"
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix=self.name + "-"))
        self.directory.chmod(0o755)
        self.cgroup = cgroup2_mount() / self.name
        self._clients, self._cleanup = [], contextlib.ExitStack()  # which goes on after an error in one step
        self._cleanup.callback(shutil.rmtree, self.directory, ignore_errors=True)
        for namespace in (self.inside, self.outside):
            self._cleanup.callback(subprocess.run, ["ip", "netns", "del", namespace], capture_output=True, timeout=20)
        self._cleanup.callback(self._end_clients)

    def __enter__(self):
        try:
            remove_leftovers()
            self.cgroup.mkdir()
            self._make_network()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _make_network(self):
        for namespace in (self.inside, self.outside):
            _command("ip", "netns", "add", namespace)
            _command("ip", "-n", namespace, "link", "set", "lo", "up")
        _command("ip", "-n", self.inside, "link", "add", "veth0", "type", "veth", "peer", "name", "veth0",
                 "netns", self.outside)
        addresses = {self.inside: (f"{INSIDE4}/15", f"{INSIDE6}/64"),
                     self.outside: (f"{OUTSIDE4}/15", f"{OTHER4}/15", f"{OUTSIDE6}/64", f"{OTHER6}/64")}
        for namespace, own in addresses.items():
            for address in own:
                # Duplicate address detection would keep IPv6 unusable for two seconds.
                extra = ["nodad"] if ":" in address else []
                _command("ip", "-n", namespace, "addr", "add", address, "dev", "veth0", *extra)
            _command("ip", "-n", namespace, "link", "set", "veth0", "up")

    def close(self):
        self._cleanup.close()

    def _end_clients(self):
        for client in self._clients:  # first, so that none of them is still on its way into the cgroup
            client.end()
        if not self.cgroup.exists():
            return
        (self.cgroup / "cgroup.kill").write_text("1")  # whatever the clients left running
        events = self.cgroup / "cgroup.events"
        wait_until(lambda: "populated 0" in events.read_text(), 10, f"{self.cgroup} is empty")
        for unit in sorted(self.cgroup.rglob("*"), reverse=True):
            if unit.is_dir():
                unit.rmdir()
        self.cgroup.rmdir()

    def at_close(self, close):
        """Registers what must happen before the namespaces go."""
        self._cleanup.callback(close)

    # Inside.

    def start(self, command, stdin=None, user=None, unit=None, env=None):
        """Starts a client inside; the pid stays the client's own, as each wrapper execs the next.

        `stdin`: bytes to feed, or PIPE to write later. `user`: a name or uid. `unit`: a cgroup of that name below
        the host's own, so that the client looks like a service.
        """
        cgroup = self.cgroup / unit if unit else self.cgroup
        cgroup.mkdir(exist_ok=True)
        wrapped = ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', str(cgroup),
                   "nsenter", f"--net=/run/netns/{self.inside}", "--"]
        if user is not None:
            entry = pwd.getpwuid(user) if isinstance(user, int) else pwd.getpwnam(user)
            wrapped += ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--init-groups", "--"]
        process = subprocess.Popen([*wrapped, *map(str, command)], cwd=self.directory, env=env,
                                   stdin=subprocess.DEVNULL if stdin is None else subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        client = Client(process, stdin if isinstance(stdin, bytes) else None)
        self._clients.append(client)
        return client

    def run(self, command, stdin=None, timeout=30, user=None, unit=None, env=None, background=False):
        client = self.start(command, stdin, user, unit, env)
        return client if background else client.wait(timeout)

    # Outside.

    def socket_in(self, namespace, family, kind):
        """A socket that belongs to `namespace`, for use by any thread of this process."""
        made = []

        def enter_and_make():
            libc = ctypes.CDLL(None, use_errno=True)
            with open(f"/run/netns/{namespace}", "rb") as handle:
                if libc.setns(handle.fileno(), CLONE_NEWNET):
                    made.append(OSError(ctypes.get_errno(), f"setns {namespace}"))
                    return
            made.append(socket.socket(family, kind))

        # A namespace is a property of the thread, a socket keeps the one it was made in.
        thread = threading.Thread(target=enter_and_make)
        thread.start()
        thread.join()
        if isinstance(made[0], OSError):
            raise made[0]
        return made[0]

    def tcp_sink(self, address=OUTSIDE4, port=0, answer=None, keep=True):
        from . import sinks
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = self.socket_in(self.outside, family, socket.SOCK_STREAM)
        sink = sinks.TcpSink(listener, address, port, answer, keep)
        self.at_close(sink.close)
        return sink

    def udp_sink(self, address=OUTSIDE4, port=0):
        from . import sinks
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sink = sinks.UdpSink(self.socket_in(self.outside, family, socket.SOCK_DGRAM), address, port)
        self.at_close(sink.close)
        return sink

    def capture(self):
        from . import wire
        capture = wire.Capture(self)
        self.at_close(capture.close)
        return capture


def remove_leftovers():
    """A test that was killed could not clean up: its namespaces and cgroups carry its pid, which is gone."""
    for path in [*pathlib.Path("/run/netns").glob(f"{PREFIX}-*"), *cgroup2_mount().glob(f"{PREFIX}-*")]:
        owner = path.name.split("-")[2]
        if not owner.isdigit() or pathlib.Path(f"/proc/{owner}").exists():
            continue
        if path.parent.name == "netns":
            subprocess.run(["ip", "netns", "del", path.name], capture_output=True, timeout=20)
            continue
        (path / "cgroup.kill").write_text("1")
        for group in sorted([path, *(p for p in path.rglob("*") if p.is_dir())], reverse=True):
            try:
                wait_until(lambda: "populated 0" in (group / "cgroup.events").read_text(), 5, f"{group} is empty")
                group.rmdir()
            except (FileNotFoundError, TimeoutError):
                pass  # another test is cleaning up the same one


def main(needs_daemon=True):
    """Entry of a test script: skips aloud (exit 77) where the machine cannot host it, else runs its unittests."""
    try:
        check_machine()
        if needs_daemon and not (BUILD / "sluiced").exists():
            raise Unavailable(f"no {BUILD / 'sluiced'}: ./dev build makes it")
    except Unavailable as missing:
        print(f"skipped: {missing}")
        sys.exit(SKIPPED)
    unittest.main(module="__main__", verbosity=2)
