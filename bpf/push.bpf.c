// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Pushes held bytes of sockets that no process owns any more: a process that sends, closes and
 * exits leaves no descriptor to kick, and TCP's own timer releases one segment in 200 ms. Why an
 * iterator: it reaches every TCP socket of a network namespace without a descriptor and may set
 * TCP_NODELAY, which pushes what is pending; on a socket that nobody can write to any more the
 * option changes nothing else.
 */
#include "bpf/common.bpf.h"

#define SOL_TCP	    6
#define TCP_NODELAY 1

SEC("iter/tcp")
int push_orphans(struct bpf_iter__tcp *ctx)
{
	struct sock_common *sk = ctx->sk_common;
	struct tcp_sock *tp;
	__u64 cookie;
	int on = 1;

	if (!sk)
		return 0;
	cookie = bpf_get_socket_cookie(sk);
	if (!bpf_map_lookup_elem(&pushes, &cookie))
		return 0;
	tp = bpf_skc_to_tcp_sock(sk);
	if (tp)
		bpf_setsockopt(tp, SOL_TCP, TCP_NODELAY, &on, sizeof(on));
	return 0;
}
