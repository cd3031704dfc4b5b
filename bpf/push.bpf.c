// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Pushes held bytes of sockets that a kick cannot serve: those that no process owns any more (it
 * sent, closed and exited; TCP's own timer would release one segment in 200 ms), and corked ones.
 * Why an iterator: it reaches every TCP socket of a network namespace without a descriptor, and
 * holds the socket's lock, so that the option is on and off again before the application can see
 * it. TCP_NODELAY pushes what is pending and overrides TCP_CORK for it (net/ipv4/tcp.c).
 */
#include "bpf/common.bpf.h"

#define SOL_TCP	      6
#define TCP_NODELAY   1
#define TCP_NAGLE_OFF 1 /* of tcp_sock.nonagle: TCP_NODELAY is on */

SEC("iter/tcp")
int push_sockets(struct bpf_iter__tcp *ctx)
{
	struct sock_common *sk = ctx->sk_common;
	struct tcp_sock *tp;
	__u64 cookie;
	int on = 1, off = 0, was_off;

	if (!sk)
		return 0;
	cookie = bpf_get_socket_cookie(sk);
	if (!bpf_map_lookup_elem(&pushes, &cookie))
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (!tp)
		return 0;
	was_off = !(BPF_CORE_READ_BITFIELD_PROBED(tp, nonagle) & TCP_NAGLE_OFF);
	bpf_setsockopt(tp, SOL_TCP, TCP_NODELAY, &on, sizeof(on));
	if (was_off)
		bpf_setsockopt(tp, SOL_TCP, TCP_NODELAY, &off, sizeof(off));
	return 0;
}
