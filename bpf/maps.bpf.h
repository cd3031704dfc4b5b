/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Every map: key, value, lifetime, writer, reader. Weak, so that all objects link into one. */
#pragma once

/* Records for the daemon. Writers: all programs. Reader: the daemon's ring reader. Sized at load.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 16 << 20);
} events __weak SEC(".maps");

/* One entry a TCP socket or a UDP socket and peer. Made by the gate; only the daemon deletes, after
 * it read the close, so that it never rules on an entry that was reused for another flow.
 * Preallocated: no allocation in the transmit path. Sized at load. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows __weak SEC(".maps");

/* Denied destinations, one longest-prefix table a bank. Writer: the daemon, on the idle bank.
 * Reader: connect. */
struct denied_table {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct denied_key);
	__type(value, struct denied_value);
};
struct denied_table denied_0 __weak SEC(".maps");
struct denied_table denied_1 __weak SEC(".maps");

/* Sockets that a push pass shall push (see push.bpf.c). Writer: the daemon. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u32);
} pushes __weak SEC(".maps");

/* enum drop_reason -> events. Writer: all programs. Reader: status. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, DROP_REASONS);
	__type(key, __u32);
	__type(value, __u64);
} drops __weak SEC(".maps");

/* enum byte_fate -> payload bytes. Writer: the gate. Reader: the host's ledger. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BYTE_FATES);
	__type(key, __u32);
	__type(value, __u64);
} bytes __weak SEC(".maps");
