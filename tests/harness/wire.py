# SPDX-License-Identifier: Apache-2.0
"""The far side's evidence: tcpdump on the outside end of the veth pair, read back as streams of payload.

A capture counts only if it is whole. Reading it first sends a marker datagram and waits for it in the file (so
everything before it is there too), and tcpdump's own count of lost packets must be zero.
"""

import ipaddress
import re
import secrets
import signal
import socket
import struct
import subprocess
import time

from .host import OUTSIDE4, wait_until

MARKER_PORT = 9  # discard
TCP, UDP = 6, 17


class Packet:
    """One captured TCP or UDP packet."""

    __slots__ = ("protocol", "source", "destination", "sequence", "flags", "payload")

    def __init__(self, protocol, source, destination, sequence, flags, payload):
        self.protocol, self.source, self.destination = protocol, source, destination
        self.sequence, self.flags, self.payload = sequence, flags, payload


def parse_frame(frame):
    """An Ethernet frame as a Packet, or None if it is neither TCP nor UDP."""
    kind = int.from_bytes(frame[12:14], "big")
    if kind == 0x0800:
        header, protocol = (frame[14] & 15) * 4, frame[23]
        total = int.from_bytes(frame[16:18], "big")
        addresses = frame[26:30], frame[30:34]
        end = 14 + total if total else len(frame)  # a length of zero marks a packet over 64 KiB
    elif kind == 0x86DD:
        header, protocol = 40, frame[20]
        length = int.from_bytes(frame[18:20], "big")
        addresses = frame[22:38], frame[38:54]
        end = 54 + length if length else len(frame)
    else:
        return None
    if protocol not in (TCP, UDP):
        return None
    rest = memoryview(frame)[14 + header:end]
    source, destination = ((str(ipaddress.ip_address(bytes(a))), int.from_bytes(rest[i:i + 2], "big"))
                           for a, i in zip(addresses, (0, 2)))
    if protocol == UDP:
        return Packet(UDP, source, destination, 0, 0, bytes(rest[8:]))
    return Packet(TCP, source, destination, int.from_bytes(rest[4:8], "big"), rest[13],
                  bytes(rest[(rest[12] >> 4) * 4:]))


def read_pcap(data):
    """Packets of a pcap file's whole records; a record that is still being written is left out."""
    if len(data) < 24:
        return
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">"}[bytes(data[:4])]
    snaplen, link = struct.unpack(order + "II", data[16:24])
    if link != 1:
        raise ValueError(f"link type {link} is not Ethernet")
    at = 24
    while at + 16 <= len(data):
        captured, original = struct.unpack(order + "II", data[at + 8:at + 16])
        if at + 16 + captured > len(data):
            return
        if captured < original:
            raise ValueError(f"a packet of {original} bytes was cut to {captured} (snaplen {snaplen})")
        packet = parse_frame(data[at + 16:at + 16 + captured])
        if packet:
            yield packet
        at += 16 + captured


class Stream:
    """One direction of one TCP connection, put back in order. Retransmitted bytes appear once."""

    def __init__(self):
        self._base, self._segments, self.retransmitted, self.reset = None, [], 0, False

    def add(self, packet):
        self.reset = self.reset or bool(packet.flags & 4)
        if packet.flags & 2:
            self._base = (packet.sequence + 1) & 0xFFFFFFFF
        if packet.payload:
            self._segments.append((packet.sequence, packet.payload))

    def bytes(self):
        """The payload; a hole (bytes that never came by) raises, since then nothing can be claimed."""
        base = self._base
        if base is None and self._segments:
            base = self._segments[0][0]
        whole, self.retransmitted = bytearray(), 0
        for at, payload in sorted((((seq - base) & 0xFFFFFFFF, p) for seq, p in self._segments), key=lambda s: s[0]):
            if at > len(whole):
                raise ValueError(f"the capture has a hole of {at - len(whole)} bytes at {len(whole)}")
            self.retransmitted += min(len(payload), len(whole) - at)
            whole += payload[len(whole) - at:]
        return bytes(whole)


class Capture:
    def __init__(self, host):
        self._host, self._file = host, host.directory / f"wire-{time.monotonic_ns()}.pcap"
        self._process = subprocess.Popen(
            ["nsenter", f"--net=/run/netns/{host.outside}", "--", "tcpdump", "-i", "veth0", "-w", str(self._file),
             "-s", "262144", "-B", "65536", "-U", "--immediate-mode", "-n", "-Z", "root", "ip or ip6"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        said = ""
        while "listening on" not in said:
            line = self._process.stderr.readline()
            if not line:
                raise RuntimeError(f"tcpdump did not start: {said}")
            said += line

    def _sync(self, timeout=20):
        """Everything that reached the far side before this call is in the file after it."""
        marker = secrets.token_bytes(24)
        sender = self._host.socket_in(self._host.inside, socket.AF_INET, socket.SOCK_DGRAM)
        with sender:
            sender.sendto(marker, (OUTSIDE4, MARKER_PORT))

        def arrived():
            with open(self._file, "rb") as pcap:
                pcap.seek(max(0, self._file.stat().st_size - (1 << 20)))
                return marker in pcap.read()
        wait_until(arrived, timeout, "the marker datagram is in the capture")

    def packets(self):
        self._sync()
        return [packet for packet in read_pcap(self._file.read_bytes())
                if not (packet.protocol == UDP and packet.destination[1] == MARKER_PORT)]

    def streams(self):
        """{(source, destination): Stream} of all TCP, each end as (address, port)."""
        streams = {}
        for packet in self.packets():
            if packet.protocol == TCP:
                streams.setdefault((packet.source, packet.destination), Stream()).add(packet)
        return streams

    def sent_to(self, port):
        """TCP payload that reached the far side for this port, one bytes object a connection, in order of opening."""
        return [stream.bytes() for (_, destination), stream in self.streams().items() if destination[1] == port]

    def datagrams_to(self, port):
        return [p.payload for p in self.packets() if p.protocol == UDP and p.destination[1] == port]

    def contains(self, needle):
        """Was it on the wire: in any packet as sent, or across packets of any stream?"""
        packets = self.packets()
        if any(needle in packet.payload for packet in packets):
            return True
        streams = {}
        for packet in packets:
            if packet.protocol == TCP:
                streams.setdefault((packet.source, packet.destination), Stream()).add(packet)
        return any(needle in stream.bytes() for stream in streams.values())

    def close(self):
        """Ends tcpdump; fails if it lost packets, for then `contains` may have said no wrongly."""
        if self._process.poll() is not None:
            return
        self._process.send_signal(signal.SIGINT)
        _, said = self._process.communicate(timeout=20)
        lost = re.search(r"(\d+) packets? dropped by kernel", said)
        if not lost or int(lost[1]):
            raise RuntimeError(f"the capture is not whole: {said.strip()}")
