// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Keeps datagram sockets holdable. A held datagram is dropped quietly and sent again after it was
 * read; on a socket with IP_RECVERR (glibc's resolver sets it) the kernel tells of the drop with
 * ENOBUFS, and name resolution fails. Why cgroup/setsockopt: it sees the option being asked for, in
 * the caller's context, and may answer in the kernel's place: while flows are held by default the
 * option has no effect, and the application hears success. It loses queued ICMP details; hard
 * errors of a connected socket still reach it.
 */
#include "bpf/common.bpf.h"

#define SOL_IP	       0
#define IP_RECVERR     11
#define SOL_IPV6       41
#define IPV6_RECVERR   25
#define OPTION_LIMIT   4096 /* the hook sees no more than a page */
#define KERNEL_HANDLES 1

/* Two plain stores would be merged into one through a computed pointer, which the verifier refuses.
 */
static __always_inline void set_optlen(struct bpf_sockopt *ctx, __s32 len)
{
	*(volatile __s32 *)&ctx->optlen = len;
}

static __always_inline int asks_for_errors(const struct bpf_sockopt *ctx)
{
	return (ctx->level == SOL_IP && ctx->optname == IP_RECVERR) ||
	       (ctx->level == SOL_IPV6 && ctx->optname == IPV6_RECVERR);
}

SEC("cgroup/setsockopt")
int keep_holdable(struct bpf_sockopt *ctx)
{
	if (ctx->optlen > OPTION_LIMIT) {
		set_optlen(
			ctx,
			0); /* as the caller gave it (Documentation/bpf/prog_cgroup_sockopt.rst) */
		return KERNEL_HANDLES;
	}
	if (asks_for_errors(ctx) && ctx->sk && ctx->sk->protocol != IPPROTO_TCP &&
	    active_bank()->default_state == STATE_HELD)
		set_optlen(ctx, -1); /* done, without the kernel */
	return KERNEL_HANDLES;
}
