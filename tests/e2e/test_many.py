# SPDX-License-Identifier: Apache-2.0
"""Thousands of held flows at once, a few of them leaking: exactly those die, and nothing passes unread."""

import json
import pathlib
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from harness import host as harness  # noqa: E402
from harness.daemon import Daemon  # noqa: E402
from harness.host import OUTSIDE4, TestHost  # noqa: E402

POLICY = """
version: 1
mode: enforce
data: {card: {detector: payment_card}}
violations: {card: block}
"""
FLOWS, EVERY, PORT = 2000, 50, 7777

CLIENT = """
import asyncio, collections, json, resource, sys
resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
host, port, flows, every = sys.argv[1], *map(int, sys.argv[2:])

async def talk(i):
    leaks = i % every == 7
    reader, writer = await asyncio.open_connection(host, port)
    for k in range(3):
        message = b"card 4111 1111 1111 1111" if leaks and k == 2 else b"message %06d %d" % (i, k)
        try:
            writer.write(message)
            await writer.drain()
            await asyncio.wait_for(reader.readexactly(len(message)), 60)
        except (ConnectionError, asyncio.IncompleteReadError):
            return "leaker died" if leaks and k == 2 else "bystander died"
        except asyncio.TimeoutError:
            return "stuck"
    writer.close()
    return "leaked" if leaks else "fine"

async def main():
    print(json.dumps(collections.Counter(await asyncio.gather(*map(talk, range(flows))))))
asyncio.run(main())
"""

SERVER = """
import asyncio, resource
resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))

async def echo(reader, writer):
    try:
        while data := await reader.read(4096):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()

async def main():
    server = await asyncio.start_server(echo, "0.0.0.0", %d, backlog=4096)
    print("up", flush=True)
    await server.serve_forever()
asyncio.run(main())
""" % PORT


class ManyFlows(unittest.TestCase):
    def test_exactly_the_leaking_ones_die(self):
        with TestHost() as host, Daemon(host, POLICY) as daemon:
            server = subprocess.Popen(["nsenter", f"--net=/run/netns/{host.outside}", "--", "/usr/bin/python3", "-c",
                                       SERVER], stdout=subprocess.PIPE)
            host.at_close(lambda: (server.kill(), server.wait(), server.stdout.close()))
            server.stdout.readline()
            result = host.run(["/usr/bin/python3", "-c", CLIENT, OUTSIDE4, PORT, FLOWS, EVERY], timeout=120)
            self.assertTrue(result.ok, result)
            leakers = FLOWS // EVERY
            self.assertEqual(json.loads(result.stdout), {"fine": FLOWS - leakers, "leaker died": leakers})
            with socket.socket(socket.AF_UNIX) as control:
                control.connect(str(daemon.control))
                control.sendall(b'{"cmd":"status"}\n')
                status = json.loads(control.makefile().readline())
            self.assertEqual(status["ledger"]["uninspected"], 0, status["drops"])
            self.assertEqual(status["holds"]["sockets_destroyed"], leakers)


if __name__ == "__main__":
    harness.main()
