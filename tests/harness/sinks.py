# SPDX-License-Identifier: Apache-2.0
"""Servers outside: they keep what arrived, byte for byte, and may answer like an HTTP server or an echo."""

import hashlib
import re
import socket
import threading

from .host import wait_until

HEAD_LIMIT = 64 << 10


class Request:
    """One HTTP request as it arrived; the body still in its transfer coding."""

    def __init__(self, head):
        lines = bytes(head).decode("latin-1").split("\r\n")
        self.method, self.target = (lines[0].split(" ") + ["", ""])[:2]
        self.headers = {name.strip().lower(): value.strip()
                        for name, _, value in (line.partition(":") for line in lines[1:])}
        self.body = bytearray()
        self.chunked = "chunked" in self.headers.get("transfer-encoding", "")
        self.length = int(self.headers.get("content-length", 0))

    def missing(self):
        """True while more body must come."""
        if self.chunked:
            return not re.search(rb"(^|\r\n)0\r\n(.*\r\n)*\r\n$", bytes(self.body[-1024:]))
        return len(self.body) < self.length

    @property
    def sha256(self):
        return hashlib.sha256(self.body).hexdigest()


class Connection:
    """What arrived on one TCP connection. `ended` is None, "eof" or "reset"."""

    def __init__(self, peer, keep):
        self.peer, self.length, self.ended, self.requests = peer, 0, None, []
        self._keep, self._data, self._hash = keep, bytearray(), hashlib.sha256()
        self._head, self._request = bytearray(), None

    @property
    def data(self):
        return bytes(self._data)

    @property
    def sha256(self):
        return self._hash.hexdigest()

    def wait_ended(self, timeout=10):
        return wait_until(lambda: self.ended, timeout, f"connection from {self.peer} ends")

    def take(self, data):
        self.length += len(data)
        self._hash.update(data)
        if self._keep:
            self._data += data

    def http_replies(self, data):
        """Feeds bytes to the HTTP side; yields what to answer."""
        while data:
            if self._request is None:
                self._head += data
                head, found, data = self._head.partition(b"\r\n\r\n")
                if not found:
                    if len(self._head) > HEAD_LIMIT:
                        yield b"HTTP/1.1 431 Request Header Fields Too Large\r\nContent-Length: 0\r\n\r\n"
                    return
                self._head = bytearray()
                self._request = Request(head)
                if self._request.headers.get("expect", "").lower() == "100-continue":
                    yield b"HTTP/1.1 100 Continue\r\n\r\n"
            request = self._request
            room = len(data) if request.chunked else request.length - len(request.body)
            request.body += data[:room]
            data = data[room:]
            if not request.missing():
                self.requests.append(request)
                self._request = None
                yield b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nok\n"


class TcpSink:
    """Accepts for ever. answer: None reads to the end, "http" answers 200 to each request, "echo" sends all back."""

    def __init__(self, listener, host, port, answer, keep):
        if answer not in (None, "http", "echo"):
            raise ValueError(f"unknown answer {answer!r}")
        self._listener, self._answer, self._keep, self._open = listener, answer, keep, set()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(64)
        self.host, self.port, self.connections = host, listener.getsockname()[1], []
        self.address = f"[{host}]:{self.port}" if ":" in host else f"{host}:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                accepted, peer = self._listener.accept()
            except OSError:
                return  # closed
            connection = Connection(peer, self._keep)
            self.connections.append(connection)
            self._open.add(accepted)
            threading.Thread(target=self._serve, args=(accepted, connection), daemon=True).start()

    def _serve(self, accepted, connection):
        ended = "reset"
        try:
            while data := accepted.recv(1 << 20):
                connection.take(data)
                if self._answer == "echo":
                    accepted.sendall(data)
                elif self._answer == "http":
                    for reply in connection.http_replies(data):
                        accepted.sendall(reply)
            ended = "eof"
        except OSError:
            pass  # the peer was reset or the sink is closing
        finally:
            accepted.close()
            self._open.discard(accepted)
            connection.ended = ended

    def wait_connections(self, count=1, timeout=10):
        wait_until(lambda: len(self.connections) >= count, timeout, f"{count} connections to {self.address}")
        return self.connections

    @property
    def received(self):
        """All bytes of all connections."""
        return b"".join(connection.data for connection in self.connections)

    def close(self):
        for handle in [self._listener, *self._open]:
            try:
                handle.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits on it
            except OSError:
                pass
        self._listener.close()


class UdpSink:
    """Keeps datagrams in the order of arrival as (bytes, sender address)."""

    def __init__(self, bound, host, port):
        self._socket, self.datagrams = bound, []
        bound.bind((host, port))
        self.host, self.port = host, bound.getsockname()[1]
        threading.Thread(target=self._receive, daemon=True).start()

    def _receive(self):
        while True:
            try:
                data, peer = self._socket.recvfrom(65536)
            except OSError:
                return
            if not data and peer is None:
                return
            self.datagrams.append((data, peer))

    def wait_datagrams(self, count=1, timeout=10):
        wait_until(lambda: len(self.datagrams) >= count, timeout, f"{count} datagrams on port {self.port}")
        return self.datagrams

    def close(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self._socket.close()
