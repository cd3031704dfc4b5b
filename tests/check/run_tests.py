# SPDX-License-Identifier: Apache-2.0
"""One ctest run over the tiers asked for, its output passed on as it comes.

What cannot run here is said with count and reason, and ctest's closing lines come last: first what failed or did not
run, then "100% tests passed, ..." and the total time.
"""

import argparse
import os
import re
import subprocess
import sys
import xml.etree.ElementTree

ROOT_TIERS = ("kernel", "e2e")
CLOSING = re.compile(r"^\d+% tests passed, ")


def split_tiers(tiers, is_root):
    """The tiers that run, and those that do not."""
    left_out = [] if is_root else [tier for tier in tiers if tier in ROOT_TIERS]
    return [tier for tier in tiers if tier not in left_out], left_out


def count_tests(build, tier):
    listed = subprocess.run(["ctest", "--test-dir", build, "-N", "-L", f"^{tier}$"], capture_output=True, text=True)
    found = re.search(r"Total Tests: (\d+)", listed.stdout)
    return int(found[1]) if found else 0


def skip_reasons(results):
    """{reason: how many tests} from a JUnit file; the reason is the last line with "skip" that the test printed."""
    reasons = {}
    for case in xml.etree.ElementTree.parse(results).getroot().iter("testcase"):
        if case.get("status") != "notrun" and case.find("skipped") is None:
            continue
        said = [line.strip() for line in (case.findtext("system-out") or "").splitlines() if line.strip()]
        # gtest prints the reason on the lines after FILE:LINE: Skipped.
        at = next((i for i, line in enumerate(said) if line.endswith(": Skipped") or line == "Skipped"), None)
        told = said[at + 1:at + 2] if at is not None else [line for line in said if "skip" in line.lower()][-1:]
        reason = told[0] if told else "no reason given"
        reasons[reason] = reasons.get(reason, 0) + 1
    return reasons


def order_closing(lines):
    """ctest's last block with the verdict and the total time at the end."""
    verdict = [line for line in lines if CLOSING.match(line) or line.startswith("Total Test time")]
    rest = [line for line in lines if line not in verdict]
    while rest and not rest[-1].strip():
        rest.pop()
    return [*rest, *([""] if rest else []), *verdict]


def run_ctest(command):
    """Runs ctest; returns its exit code and its closing block, not yet printed."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace")
    closing = []
    for line in process.stdout:
        if closing or CLOSING.match(line):
            closing.append(line.rstrip("\n"))
        else:
            print(line, end="", flush=True)
    return process.wait(), closing


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--tiers", required=True)
    parser.add_argument("rest", nargs="*")
    arguments = parser.parse_args()
    tiers, left_out = split_tiers(arguments.tiers.split(), os.geteuid() == 0)
    skips = {tier: count_tests(arguments.build, tier) for tier in left_out}
    if not tiers:
        sys.exit(f"nothing to run: {', '.join(left_out)} need root")
    results = os.path.join(os.path.abspath(arguments.build), "test-results.xml")
    if os.path.exists(results):
        os.remove(results)
    code, closing = run_ctest(
        ["ctest", "--test-dir", arguments.build, "-L", f"^({'|'.join(tiers)})$", "--output-on-failure",
         "--no-tests=error", "--no-label-summary", "--parallel", str(os.cpu_count()), "--output-junit", results,
         *arguments.rest])
    for tier, count in skips.items():
        print(f"skipped: tier {tier}, {count} tests: needs root")
    if os.path.exists(results):
        for reason, count in skip_reasons(results).items():
            print(f"skipped: {count} tests: {reason}")
    sys.stderr.flush()
    print("\n".join(order_closing(closing)), flush=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
