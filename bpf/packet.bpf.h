/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Packet to flow: where the payload begins, how long it is, between whom. */
#pragma once

#define MAX_EXTENSION_HEADERS 8

/* Macros in the kernel's headers, so not in vmlinux.h (RFC 8200, 4). */
#define IPPROTO_ICMPV6	58
#define EXT_HOP_BY_HOP	0
#define EXT_ROUTING	43
#define EXT_FRAGMENT	44
#define EXT_DESTINATION 60

struct packet {
	__u8 local_addr[16];
	__u8 remote_addr[16];
	__u16 local_port;
	__u16 remote_port;
	__u32 seq;    /* TCP: of the first payload byte */
	__u32 offset; /* of the payload in the packet */
	__u32 len;    /* payload bytes */
	__u32 ifindex;
	__u16 gso_size;
	__u8 tos;
	__u8 padding;
	__u8 protocol;
	__u8 syn;    /* our SYN, not a SYN-ACK */
	__u8 stream; /* TCP of a TCP socket: positions come from sequence numbers */
	__u8 raw;    /* raw IP socket: everything behind the IP header is the application's */
};

enum parse_result {
	PARSE_OK,
	PARSE_FAILED,
};

static __always_inline void map_v4(__u8 *addr, __be32 v4)
{
	*(__u64 *)addr = 0;
	*(__u32 *)(addr + 8) = bpf_htonl(0xffff);
	*(__u32 *)(addr + 12) = v4;
}

/* Follows IPv6 extension headers, so that an option set by the application hides nothing (RFC
 * 8200, 4.1). Returns the offset of the upper-layer header or 0. */
static __always_inline __u32 skip_extensions(struct __sk_buff *skb, __u8 *next)
{
	__u32 offset = sizeof(struct ipv6hdr);

	for (int i = 0; i < MAX_EXTENSION_HEADERS; i++) {
		struct ipv6_opt_hdr option;

		switch (*next) {
		case EXT_HOP_BY_HOP:
		case EXT_ROUTING:
		case EXT_DESTINATION:
			if (bpf_skb_load_bytes(skb, offset, &option, sizeof(option)))
				return 0;
			*next = option.nexthdr;
			offset += (option.hdrlen + 1) * 8;
			break;
		case EXT_FRAGMENT: /* made by the application: the kernel fragments behind this hook
				    */
			if (bpf_skb_load_bytes(skb, offset, &option, sizeof(option)))
				return 0;
			*next = option.nexthdr;
			offset += 8;
			break;
		default:
			return offset;
		}
	}
	return 0;
}

static __always_inline enum parse_result parse_transport(struct __sk_buff *skb,
							 struct packet *packet, __u32 offset)
{
	if (packet->raw) {
		/* Whatever it claims to be, the application wrote it. The ports are only for the
		 * eye and for rules. */
		__u16 ports[2];

		if ((packet->protocol == IPPROTO_TCP || packet->protocol == IPPROTO_UDP) &&
		    !bpf_skb_load_bytes(skb, offset, ports, sizeof(ports))) {
			packet->local_port = bpf_ntohs(ports[0]);
			packet->remote_port = bpf_ntohs(ports[1]);
		}
	} else if (packet->protocol == IPPROTO_TCP) {
		struct tcphdr tcp;
		if (bpf_skb_load_bytes(skb, offset, &tcp, sizeof(tcp)))
			return PARSE_FAILED;
		packet->local_port = bpf_ntohs(tcp.source);
		packet->remote_port = bpf_ntohs(tcp.dest);
		packet->seq = bpf_ntohl(tcp.seq) + tcp.syn;
		packet->syn = tcp.syn && !tcp.ack;
		packet->stream = 1;
		offset += tcp.doff * 4;
	} else if (packet->protocol == IPPROTO_UDP || packet->protocol == IPPROTO_UDPLITE) {
		struct udphdr udp;

		if (bpf_skb_load_bytes(skb, offset, &udp, sizeof(udp)))
			return PARSE_FAILED;
		packet->local_port = bpf_ntohs(udp.source);
		packet->remote_port = bpf_ntohs(udp.dest);
		offset += sizeof(udp);
	} /* else: ping sockets and what else there is; all behind the IP header is payload */
	if (offset > skb->len)
		return PARSE_FAILED;
	packet->offset = offset;
	packet->len = skb->len - offset;
	return PARSE_OK;
}

static __always_inline enum parse_result parse_packet(struct __sk_buff *skb, struct packet *packet)
{
	__u32 offset;

	if (skb->protocol == bpf_htons(ETH_P_IP)) {
		struct iphdr ip;

		if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)))
			return PARSE_FAILED;
		map_v4(packet->local_addr, ip.saddr);
		map_v4(packet->remote_addr, ip.daddr);
		packet->protocol = ip.protocol;
		packet->tos = ip.tos;
		offset = ip.ihl * 4;
	} else if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr ip;

		if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)))
			return PARSE_FAILED;
		__builtin_memcpy(packet->local_addr, &ip.saddr, 16);
		__builtin_memcpy(packet->remote_addr, &ip.daddr, 16);
		packet->protocol = ip.nexthdr;
		packet->tos = ip.priority << 4 | ip.flow_lbl[0] >> 4;
		offset = skip_extensions(skb, &packet->protocol);
		if (!offset)
			return PARSE_FAILED;
	} else {
		return PARSE_FAILED;
	}
	return parse_transport(skb, packet, offset);
}
