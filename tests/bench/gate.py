# SPDX-License-Identifier: Apache-2.0
"""What the gate costs: bulk throughput and round trips for trusted, watched and held flows, as ratios to the same
traffic with no program attached, in the same run, rounds interleaved, medians. Not a test: it judges nothing."""

import argparse
import pathlib
import statistics
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.daemon import Daemon  # noqa: E402
from harness.host import BUILD, OUTSIDE4, TestHost  # noqa: E402

TRAFFIC = BUILD / "tests/bench/gate/gate_traffic"
PORT = 9099
DATA = "version: 1\ndata: {card: {detector: payment_card}, mail: {detector: email}, iban: {detector: iban}}\n"
POLICIES = {
    "none": None,
    "trusted": DATA + "mode: enforce\nflows: [{name: all, data: any}]\nviolations: {default: block}\n",
    "watched": DATA + "mode: observe\nviolations: {default: block}\n",
    "held": DATA + "mode: enforce\nviolations: {default: block}\n",
}


def measure(host, bulk_bytes, rounds):
    def client(*words):
        result = host.run([TRAFFIC, *words], timeout=120)
        if not result.ok:
            sys.exit(f"traffic failed: {result}")
        return [float(word) for word in result.stdout.split()]
    median, p99 = client("echo", OUTSIDE4, PORT, rounds)
    one, = client("bulk", OUTSIDE4, PORT, bulk_bytes, 1)
    eight, = client("bulk", OUTSIDE4, PORT, bulk_bytes, 8)
    return {"rtt_us": median / 1e3, "p99_us": p99 / 1e3, "bulk1": one / 1e9, "bulk8": eight / 1e9}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (5)")
    parser.add_argument("--megabytes", type=int, default=1000, help="a bulk transfer (1000)")
    parser.add_argument("--messages", type=int, default=20_000, help="round trips a round (20000)")
    parser.add_argument("--only", help="one of: " + ", ".join(POLICIES))
    arguments = parser.parse_args()
    kinds = [k for k in POLICIES if k in ("none", arguments.only) or not arguments.only]
    seen = {kind: [] for kind in kinds}
    with TestHost() as host:
        server = subprocess.Popen(["nsenter", f"--net=/run/netns/{host.outside}", "--", TRAFFIC, "serve", str(PORT)],
                                  stdout=subprocess.PIPE)
        host.at_close(lambda: (server.kill(), server.wait()))
        server.stdout.readline()
        for round_ in range(arguments.rounds):
            for kind in kinds:
                if POLICIES[kind] is None:
                    seen[kind].append(measure(host, arguments.megabytes * 10**6, arguments.messages))
                    continue
                with Daemon(host, POLICIES[kind]):
                    seen[kind].append(measure(host, arguments.megabytes * 10**6, arguments.messages))
            print(f"round {round_ + 1} of {arguments.rounds}", file=sys.stderr)
    middle = {kind: {what: statistics.median(m[what] for m in measured) for what in measured[0]}
              for kind, measured in seen.items()}
    base = middle["none"]
    print("| flows | bulk, 1 flow | ratio | bulk, 8 flows | ratio | round trip | ratio | added | p99 added |")
    print("|---|---|---|---|---|---|---|---|---|")
    for kind, m in middle.items():
        print(f"| {kind} | {m['bulk1']:.2f} GB/s | {m['bulk1'] / base['bulk1']:.2f} | {m['bulk8']:.2f} GB/s "
              f"| {m['bulk8'] / base['bulk8']:.2f} | {m['rtt_us']:.1f} us | {m['rtt_us'] / base['rtt_us']:.2f} "
              f"| {m['rtt_us'] - base['rtt_us']:.1f} us | {m['p99_us'] - base['p99_us']:.0f} us |")


if __name__ == "__main__":
    main()
