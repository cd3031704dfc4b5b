# SPDX-License-Identifier: Apache-2.0
"""Every way out of the kernel, in both modes: is it seen, with the right process; does it pass unharmed while it is
held; does a card stay inside.

    test_paths.py                   fails where a path does better or worse than PATHS says
    test_paths.py --write-table     writes docs/coverage.md from what this run saw

The test and the table hold the honest state: a path that is not covered yet is listed with what happens and why.
"""

import datetime
import json
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from e2e.path_runs import SENDER, Run  # noqa: E402
from e2e.paths import ABSENT, ALTERED, BLOCKED, LEAKED, LOST, OBSERVED, PATHS, REFUSED, UNNAMED, UNSEEN  # noqa: E402
from e2e.paths import WHOLE, WRONG, Path  # noqa: E402
from harness import host as harness  # noqa: E402
from harness import sinks, wire  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.host import SKIPPED, SOURCE, TestHost, wait_until  # noqa: E402

COVERAGE = SOURCE / "docs/coverage.md"
POLICY = """
version: 1
data: {card: {detector: payment_card}}
violations: {card: block}
"""
NEEDLE = b"1111 1111"  # half of a card is too much
TYPE_OF_SERVICE, SECOND_ADDRESS = 0x48, "198.18.0.9"  # as senders/datagram.cpp has them
ETHERNET = 14


class Mode:
    """All paths in one mode, under one daemon; everything is judged at the end, from the capture and the findings."""

    def __init__(self, mode, leak):
        self.mode, self.leak = mode, leak
        self.runs, self.outcomes, self.evidence = [], {}, {}

    def run(self):
        with TestHost() as host:
            prepare(host)
            taken = set()
            self.runs = [Run(host, path, self.leak, taken) for path in PATHS]
            capture = host.capture()
            early = next(run for run in self.runs if run.path.name == "before-daemon").start()
            wait_until(lambda: early.sink.connections, 10, "the early socket connects")
            with Daemon(host, POLICY, mode=self.mode) as daemon:
                for run in self.runs:
                    if run is not early:
                        run.start()
                    run.go()
                    if not (self.leak and self.mode == "enforce"):
                        run.wait_arrival()
                barrier(host, daemon, taken)
                for run in self.runs:
                    run.end()
                self.judge(daemon.findings(), capture)
        return self

    def judge(self, findings, capture):
        packets = capture.packets()
        streams, frames = streams_of(packets), frames_of(capture._file.read_bytes())
        for run in self.runs:
            name = run.path.name
            if run.offered and name == "fastopen" and self.mode == "observe" and not any(
                    p.flags & 2 and p.payload and p.destination[1] == run.sink.port for p in packets):
                run.offered, run.reason = False, "no data in the SYN"
            self.evidence[name] = run.reason
            self.outcomes[name] = ABSENT
            if run.offered:
                own = [frame for frame in frames if run.token in frame]
                self.outcomes[name] = self.outcome(run, findings, own, streams.get(run.sink.port, []))

    def outcome(self, run, findings, frames, streams):
        told = [f for f in findings if f["unmapped"]["sluice"]["kind"] == "data"]
        senders = [(f["dst_endpoint"].get("port"), f["unmapped"]["sluice"]["sender"]["pid"]) for f in told]
        named = [pid for port, pid in senders if port == run.sink.port or pid == run.writer]
        self.evidence[run.path.name] = f"{run.reason!r}, writer {run.writer}, named {named}"
        if not self.leak:
            return clean_outcome(run, frames)
        if self.mode == "observe":
            return observe_outcome(run, named, frames)
        return card_outcome(run, named, any(NEEDLE in text for text in [*frames, *streams]))


def streams_of(packets):
    """{port: what each connection to it carried}. Data in a SYN stands one after the SYN's own number."""
    streams = {}
    for packet in packets:
        if packet.protocol != wire.TCP:
            continue
        stream = streams.setdefault(packet.destination[1], {}).setdefault(packet.source, wire.Stream())
        stream.add(packet)
        if packet.flags & 2 and packet.payload:
            stream._segments[-1] = (packet.sequence + 1, packet.payload)
    return {port: [stream.bytes() for stream in of_port.values()] for port, of_port in streams.items()}


def frames_of(pcap):
    """Whole frames as bytes, whatever their protocol."""
    order = {b"\xd4\xc3\xb2\xa1": "little", b"\xa1\xb2\xc3\xd4": "big"}[pcap[:4]]
    at, frames = 24, []
    while at + 16 <= len(pcap):
        length = int.from_bytes(pcap[at + 8:at + 12], order)
        frames.append(pcap[at + 16:at + 16 + length])
        at += 16 + length
    return frames


def name_outcome(run, named):
    if not named:
        return UNSEEN
    if run.writer in named:
        return OBSERVED
    return WRONG if any(named) else UNNAMED


def keeps_what_was_asked(run, frames):
    """Beside the bytes, what the sender chose for the packet."""
    if run.path.name == "udp-tos":
        return all(frame[ETHERNET + 1] == TYPE_OF_SERVICE for frame in frames)  # the second byte of IPv4's header
    if run.path.name == "udp-pktinfo":
        return {peer[0] for _, peer in run.sink.datagrams} == {SECOND_ADDRESS}
    return True


def clean_outcome(run, frames):
    if run.result is None or not run.result.ok:
        return REFUSED
    if run.path.far.startswith("wire"):
        return WHOLE if any(run.data in frame for frame in frames) else LOST
    if run.path.far == "vsock":
        return WHOLE if b"delivered" in run.result.stdout else LOST
    if run.arrived == run.expected:
        return WHOLE if keeps_what_was_asked(run, frames) else ALTERED
    return LOST if all(piece in run.expected for piece in run.arrived) else ALTERED


def observe_outcome(run, named, frames):
    """Who only looks on changes nothing."""
    arrived = clean_outcome(run, frames)
    return name_outcome(run, named) + ("" if arrived == WHOLE else f", {arrived}")


def card_outcome(run, named, on_wire):
    state = LEAKED if on_wire else BLOCKED
    seen = name_outcome(run, named)
    return state if seen == OBSERVED and not on_wire else f"{state}, {seen}"


def barrier(host, daemon, taken):
    """Everything before it in the ring was read when this leak is told."""
    run = Run(host, Path("send", ""), True, taken).start()
    run.end()
    daemon.wait_finding(lambda f: f["dst_endpoint"].get("port") == run.sink.port)


def prepare(host):
    """What the paths need of the network: data in a SYN without a cookie, ping sockets, forwarding for tun."""
    settings = {host.inside: {"tcp_fastopen": "5", "ping_group_range": "0 2147483647", "ip_forward": "1"},
                host.outside: {"tcp_fastopen": str(0x602)}}
    subprocess.run(["ip", "-n", host.inside, "addr", "add", f"{SECOND_ADDRESS}/15", "dev", "veth0"], check=True,
                   timeout=20)
    for namespace, values in settings.items():
        for name, value in values.items():
            subprocess.run(["nsenter", f"--net=/run/netns/{namespace}", "--", "sh", "-c",
                            f'echo "{value}" >/proc/sys/net/ipv4/{name}'], check=True, timeout=20)


def try_all():
    return {"observe": Mode("observe", leak=True).run(), "held": Mode("enforce", leak=False).run(),
            "card": Mode("enforce", leak=True).run()}


def as_rows(outcomes_of):
    """The table of docs/coverage.md."""
    yield "| path | how | observe | held, clean | held, card | why |"
    yield "|---|---|---|---|---|---|"
    for path in PATHS:
        observe, held, card = outcomes_of(path)
        why = path.why if path.may_be or (observe, held, card) != (OBSERVED, WHOLE, BLOCKED) else ""
        yield f"| {path.name} | {path.what} | {observe} | {held} | {card} | {why} |"


def write_table(modes):
    rows = "\n".join(as_rows(lambda path: [modes[mode].outcomes[path.name] for mode in ("observe", "held", "card")]))
    COVERAGE.write_text(f"""# Coverage: every way out

Written by `tests/e2e/test_paths.py --write-table` on {datetime.date.today()}, kernel {os.uname().release}. Do not
edit: the test fails where this table and its own differ, and where a path does better or worse than the table says.

Each path sends a file out of a test host, three times: with a card number in `observe` mode; without one in `enforce`
mode, where the flow is held until it was read; with one in `enforce` mode. A capture outside is the evidence.

- *observe*: `{OBSERVED}`: a finding names the process that wrote. `{UNNAMED}`: a finding names no process.
  `{WRONG}`: it names another one. `{UNSEEN}`: no finding. If the bytes did not arrive
  whole, that is said, too.
- *held, clean*: `{WHOLE}`: every byte arrived, in order, in the same datagrams. `{ALTERED}`, `{LOST}`: they did not,
  and the sender was not told. `{REFUSED}`: the sender got an error.
- *held, card*: `{BLOCKED}`: no byte of the card was on the wire, and the finding names the process that wrote.
  `{LEAKED}`: it was on the wire. What follows is said of the finding, as under *observe*.
- `{ABSENT}`: this kernel does not have the path.

{rows}
""")


class EveryPath(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.modes = try_all()

    def check(self, mode, expected):
        for path in PATHS:
            with self.subTest(path=path.name):
                outcome = self.modes[mode].outcomes[path.name]
                if outcome not in (ABSENT, path.may_be):
                    self.assertEqual(outcome, expected(path), self.modes[mode].evidence[path.name])

    def test_observe(self):
        self.check("observe", lambda path: path.observe)

    def test_held(self):
        self.check("held", lambda path: path.held)

    def test_card(self):
        self.check("card", lambda path: path.card)


class Table(unittest.TestCase):
    def test_deviations_say_why(self):
        for path in PATHS:
            as_it_should = path.outcomes == (OBSERVED, WHOLE, BLOCKED) and not path.may_be
            self.assertEqual(path.why == "", as_it_should, path.name)

    def test_the_documentation_agrees(self):
        told = [[cell.strip() for cell in line.strip("|").split("|")] for line in COVERAGE.read_text().splitlines()
                if line.startswith("|")]
        expected = [[cell.strip() for cell in row.strip("|").split("|")] for row in as_rows(lambda p: p.outcomes)]
        self.assertEqual([row[:2] for row in told], [row[:2] for row in expected])
        lucky = {path.name for path in PATHS if path.may_be}
        for got, want in zip(told, expected):
            if ABSENT not in got[2:5] and got[0] not in lucky:
                self.assertEqual(got, want)


def main():
    if not SENDER.exists():
        print(f"skipped: no {SENDER}: ./dev build makes it")
        sys.exit(SKIPPED)
    if "--print" in sys.argv:
        modes = try_all()
        for path in PATHS:
            print(f"{path.name:18}", json.dumps({name: (mode.outcomes[path.name], mode.evidence[path.name])
                                                 for name, mode in modes.items()}))
        return
    if "--write-table" in sys.argv:
        harness.check_machine()
        write_table(try_all())
        return
    harness.main()


if __name__ == "__main__":
    main()
