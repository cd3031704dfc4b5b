/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Datagrams are held by dropping and sending again (docs/decisions/0005): which can be, and which
 * is the daemon's. */
#pragma once

static __always_inline int is_resend(const struct packet *packet, __u64 cookie)
{
	return !packet->stream && *(volatile __u64 *)&control.resend_cookie == cookie &&
	       current_tgid() == control.daemon_tgid;
}

/* Bits of a socket that were bitfields before they moved into inet_flags in 6.6 (an anonymous enum:
 * the numbers are those of include/net/inet_sock.h). */
#define INET_FLAG_RECVERR  9
#define INET_FLAG_HDRINCL  12
#define INET_FLAG_RECVERR6 26
struct inet_sock___since_6_6 {
	unsigned long inet_flags;
} __attribute__((preserve_access_index));
struct inet_sock___before_6_6 {
	__u8 recverr : 1;
	__u8 hdrincl : 1;
} __attribute__((preserve_access_index));

/* Would the application hear of a quiet drop, or bring the IP header itself? */
static __always_inline int hears_or_brings_header(struct __sk_buff *skb)
{
	struct sock *sk = BPF_CORE_READ((struct sk_buff *)skb, sk);
	struct inet_sock___since_6_6 *now = (void *)sk;
	struct inet_sock___before_6_6 *then = (void *)sk;

	if (bpf_core_field_exists(now->inet_flags))
		return !!(BPF_CORE_READ(now, inet_flags) &
			  (1UL << INET_FLAG_RECVERR | 1UL << INET_FLAG_HDRINCL |
			   1UL << INET_FLAG_RECVERR6));
	return BPF_CORE_READ_BITFIELD_PROBED(then, hdrincl) ||
	       BPF_CORE_READ_BITFIELD_PROBED(then, recverr);
}

/* Can the daemon send the captured bytes again on the application's socket with the same effect,
 * unnoticed? */
static __always_inline int is_resendable(struct __sk_buff *skb, const struct packet *packet)
{
	if (hears_or_brings_header(skb))
		return 0;
	if (packet->raw)
		return skb->protocol ==
		       bpf_htons(ETH_P_IP); /* IPv6 raw sockets hear ENOBUFS in any case */
	switch (packet->protocol) {
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
	case IPPROTO_ICMPV6:
		return 1;
	}
	return 0; /* IPv4 ping sockets hear ENOBUFS as well */
}

/* Neighbour discovery, ICMP errors, tunnels: no process wrote them, and holding them would cut the
 * host off. Kernel TCP sockets do carry what processes write (MPTCP subflows, network file
 * systems). */
static __always_inline int is_kernels_own(struct __sk_buff *skb, const struct packet *packet)
{
	struct sock *sk = BPF_CORE_READ((struct sk_buff *)skb, sk);

	return !packet->stream && BPF_CORE_READ_BITFIELD_PROBED(sk, sk_kern_sock);
}
