// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Destinations that policy denies outright are refused before any packet. Why cgroup/connect and
 * sendmsg: they run in the caller's context for every way to name a destination (connect, TCP Fast
 * Open, sendto of an unconnected datagram), and what they return is what the application sees:
 * EPERM.
 */
#include "bpf/common.bpf.h"

#define VERDICT_REFUSE 0
#define VERDICT_PASS   1

static __always_inline int port_is_denied(const struct denied_value *denied, __u16 port)
{
	if (!denied->ranges)
		return 1;
	for (__u32 i = 0; i < MAX_DENIED_PORTS; i++) {
		if (i >= denied->ranges)
			break;
		if (port >= denied->ports[i].first && port <= denied->ports[i].last)
			return 1;
	}
	return 0;
}

static __always_inline int is_loopback(const __u8 *addr)
{
	const __u32 *word = (const __u32 *)addr; /* the key is aligned to four bytes, no more */

	if (word[0] || word[1])
		return 0;
	if (word[2] == bpf_htonl(0xffff))
		return addr[12] == 127;
	return !word[2] && word[3] == bpf_htonl(1);
}

static __always_inline void tell_denied(struct bpf_sock_addr *ctx, const struct denied_key *to,
					__u16 port, __u32 rule, __u32 refused)
{
	struct connect_denied_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		count_drop(DROP_RING_FULL_EVENT);
		return;
	}
	__builtin_memset(event, 0, sizeof(*event));
	event->header.ktime_ns = bpf_ktime_get_boot_ns();
	event->header.type = EVENT_CONNECT_DENIED;
	event->flow.cookie = bpf_get_socket_cookie(ctx);
	fill_owner(&event->flow.owner);
	__builtin_memcpy(event->flow.remote_addr, to->addr, 16);
	event->flow.remote_port = port;
	event->flow.protocol = ctx->protocol;
	event->rule = rule;
	event->refused = refused;
	bpf_ringbuf_submit(event, wakeup_flags(1));
}

static __always_inline int check(struct bpf_sock_addr *ctx, const struct denied_key *to)
{
	__u16 port = bpf_ntohs((__u16)ctx->user_port);
	struct denied_value *denied;
	__u32 refuse;

	if (is_loopback(to->addr) && !control.watch_loopback)
		return VERDICT_PASS;
	if (current_tgid() == control.daemon_tgid)
		return VERDICT_PASS;
	if (control.bank & 1)
		denied = bpf_map_lookup_elem(&denied_1, to);
	else
		denied = bpf_map_lookup_elem(&denied_0, to);
	if (!denied || !port_is_denied(denied, port))
		return VERDICT_PASS;
	refuse = active_bank()->deny_connects;
	tell_denied(ctx, to, port, denied->rule, refuse);
	return refuse ? VERDICT_REFUSE : VERDICT_PASS;
}

static __always_inline int check_v4(struct bpf_sock_addr *ctx)
{
	struct denied_key to = {.prefix = 128};

	to.addr[10] = 0xff;
	to.addr[11] = 0xff;
	*(__u32 *)(to.addr + 12) = ctx->user_ip4;
	return check(ctx, &to);
}

static __always_inline int check_v6(struct bpf_sock_addr *ctx)
{
	struct denied_key to = {.prefix = 128};
	__u32 *words = (__u32 *)to.addr;

	words[0] = ctx->user_ip6[0];
	words[1] = ctx->user_ip6[1];
	words[2] = ctx->user_ip6[2];
	words[3] = ctx->user_ip6[3];
	return check(ctx, &to);
}

SEC("cgroup/connect4")
int connect_v4(struct bpf_sock_addr *ctx)
{
	return check_v4(ctx);
}

SEC("cgroup/connect6")
int connect_v6(struct bpf_sock_addr *ctx)
{
	return check_v6(ctx);
}

SEC("cgroup/sendmsg4")
int sendmsg_v4(struct bpf_sock_addr *ctx)
{
	return check_v4(ctx);
}

SEC("cgroup/sendmsg6")
int sendmsg_v6(struct bpf_sock_addr *ctx)
{
	return check_v6(ctx);
}
