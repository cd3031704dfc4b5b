// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * The end of a flow. Why inet_sock_set_state and not sock_release for TCP: release happens when the
 * application lets go, while the kernel still sends what is queued; the state TCP_CLOSE comes when
 * nothing can follow. Datagram sockets queue nothing, so release is their end.
 */
#include "bpf/common.bpf.h"

static __always_inline void tell_closed(__u64 cookie, __u32 epoch, __u32 datagram)
{
	struct flow_closed_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		count_drop(DROP_RING_FULL_EVENT); /* the daemon's sweep finds the entry by its
						     `closed` mark */
		return;
	}
	event->header.ktime_ns = bpf_ktime_get_boot_ns();
	event->header.type = EVENT_FLOW_CLOSED;
	event->header.reserved = 0;
	event->cookie = cookie;
	event->epoch = epoch;
	event->datagram = datagram;
	bpf_ringbuf_submit(event, wakeup_flags(0));
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(tcp_closed, struct sock *sk, int oldstate, int newstate)
{
	struct flow_key key = {};
	struct flow *flow;

	if (newstate != TCP_CLOSE)
		return 0;
	key.cookie = sk->__sk_common.skc_cookie.counter;
	if (!key.cookie) /* no program ever asked for its cookie: the gate never saw it */
		return 0;
	flow = bpf_map_lookup_elem(&flows, &key);
	if (!flow || flow->closed)
		return 0;
	flow->closed = 1;
	tell_closed(key.cookie, flow->epoch, 0);
	return 0;
}

SEC("cgroup/sock_release")
int datagram_released(struct bpf_sock *ctx)
{
	if (ctx->protocol != IPPROTO_TCP || ctx->type == SOCKET_RAW)
		tell_closed(bpf_get_socket_cookie(ctx), 0, 1);
	return 1; /* has no other meaning here */
}
