/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Bounded copies of payload into the ring buffer. */
#pragma once

/* What a capture needs beside the packet; built by the gate on its stack. */
struct capture {
	struct flow_record flow;
	__u64 pos;    /* stream position of the first byte */
	__u32 offset; /* of the first byte in the packet */
	__u32 len;    /* bytes */
	__u32 refused;
	__u32 reserved;
};

/*
 * n within 1..class, in a form that every verifier takes: kernels before 6.2 learn no lower bound
 * from a comparison with zero ("R3 min value is outside of the allowed memory range"), and the
 * compiler may not see through the mask. n is in that range anyway: the mask changes nothing.
 */
#define BOUND(n, class)                                                                            \
	({                                                                                         \
		__u64 bound_ = (__u64)(n)-1;                                                       \
		asm volatile("%0 &= %1" : "+r"(bound_) : "i"((class) - 1));                        \
		bound_ + 1;                                                                        \
	})

/* One record of a constant size class, a power of two (bpf_ringbuf_reserve wants a constant). */
#define EMIT_RECORD(class)                                                                         \
	do {                                                                                       \
		struct payload_event *event =                                                      \
			bpf_ringbuf_reserve(&events, sizeof(*event) + (class), 0);                 \
		if (!event) {                                                                      \
			count_drop(why_full);                                                      \
			return 0;                                                                  \
		}                                                                                  \
		if (bpf_skb_load_bytes(skb, c->offset, event + 1, BOUND(n, class))) {              \
			bpf_ringbuf_discard(event, BPF_RB_NO_WAKEUP);                              \
			count_drop(DROP_COPY_FAILED);                                              \
			return 0;                                                                  \
		}                                                                                  \
		event->header.ktime_ns = bpf_ktime_get_boot_ns();                                  \
		event->header.type = EVENT_PAYLOAD;                                                \
		event->header.reserved = 0;                                                        \
		event->flow = c->flow;                                                             \
		event->pos = c->pos;                                                               \
		event->written = n;                                                                \
		event->captured = n;                                                               \
		event->refused = c->refused;                                                       \
		event->reserved = 0;                                                               \
		bpf_ringbuf_submit(event, wakeup_flags(c->refused));                               \
		return n;                                                                          \
	} while (0)

/* Copies the next min(c->len, MAX_RECORD_PAYLOAD) bytes. Returns bytes copied; 0 after counting
 * why. A function of its own for the verifier's sake: it is verified once, not once a turn of the
 * caller's loop. */
__attribute__((noinline)) __u32 capture_record(struct __sk_buff *skb, struct capture *c,
					       __u32 why_full)
{
	__u32 n;

	if (!c || !c->len)
		return 0;
	n = c->len;
	if (n > MAX_RECORD_PAYLOAD)
		n = MAX_RECORD_PAYLOAD;
	if (n <= 512)
		EMIT_RECORD(512);
	if (n <= 4096)
		EMIT_RECORD(4096);
	if (n <= 16384)
		EMIT_RECORD(16384);
	if (n <= 32768)
		EMIT_RECORD(32768);
	EMIT_RECORD(MAX_RECORD_PAYLOAD);
}

/* Copies all of c->len bytes in as many records as it takes. Returns the bytes that were copied,
 * from the front. */
static __always_inline __u32 capture_payload(struct __sk_buff *skb, struct capture *c,
					     __u32 why_full)
{
	__u32 copied = 0;

	for (int i = 0; i < MAX_RECORDS && c->len; i++) {
		__u32 n = capture_record(skb, c, why_full);

		if (n == 0 || n > c->len)
			return copied;
		c->offset += n;
		c->pos += n;
		c->len -= n;
		copied += n;
	}
	if (c->len)
		count_drop(DROP_TOO_LONG);
	return copied;
}
