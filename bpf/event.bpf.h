/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Counters, and when a record wakes the daemon. */
#pragma once

static __always_inline void count_drop(__u32 reason)
{
	__u64 *n = bpf_map_lookup_elem(&drops, &reason);

	if (n)
		*n += 1; /* per CPU; a nested softirq may lose one count, never a packet */
}

static __always_inline void count_bytes(__u32 fate, __u64 n)
{
	__u64 *sum = bpf_map_lookup_elem(&bytes, &fate);

	if (sum)
		*sum += n;
}

/* Unread bytes in the ring that wake the daemon: little enough to be in the cache when it reads
 * them. */
#define WAKE_BACKLOG (512 << 10)

/*
 * A wake-up costs more than the copy. A held packet waits for the daemon, so it wakes unless the
 * daemon is awake anyway: the daemon clears `awake`, then looks whether anything is reserved or
 * unread, and only then sleeps; a record is reserved before `awake` is read here. One of the two
 * sees the other. Watched records wake only when the ring fills; a timer of the daemon picks up the
 * rest.
 */
static __always_inline __u64 wakeup_flags(int urgent)
{
	if (*(volatile __u32 *)&control.awake)
		return BPF_RB_NO_WAKEUP;
	if (urgent)
		return BPF_RB_FORCE_WAKEUP;
	if (bpf_ringbuf_query(&events, BPF_RB_AVAIL_DATA) > WAKE_BACKLOG)
		return BPF_RB_FORCE_WAKEUP;
	return BPF_RB_NO_WAKEUP;
}
