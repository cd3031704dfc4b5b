// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * The gate: every IP packet that a socket of the watched cgroup sends, on the kernel's own copy.
 *
 * Why cgroup_skb/egress: it is the last point that every path of TCP and UDP passes (send,
 * sendfile, splice, io_uring, retransmission alike), after the application lost its hold on the
 * bytes, and the one where a refusal loses nothing: TCP keeps a refused segment at the head of its
 * send queue and tries again. It needs no LSM and no fentry, and works since 4.10; the ring buffer
 * (5.8) and syscall programs (5.14) set the oldest kernel.
 */
#include "bpf/common.bpf.h"
#include "bpf/packet.bpf.h"
#include "bpf/payload.bpf.h"
#include "bpf/datagram.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define GATE_REFUSE 0 /* -EPERM: TCP keeps the segment, a UDP sender sees the error */
#define GATE_PASS   1
#define GATE_REFUSE_QUIETLY                                                                        \
	2 /* dropped, success to the sender: a held datagram, sent again after clearance */

/* What the gate decided, with the reason for the counters. */
static __always_inline int pass_unread(struct flow *flow, __u64 end, __u32 len, __u32 fate)
{
	count_bytes(fate, len);
	if (flow && end > flow->passed)
		flow->passed = end;
	return GATE_PASS;
}

static __always_inline int daemon_is_alive(void)
{
	__u64 beat = *(volatile __u64 *)&control.heartbeat_ns;

	return bpf_ktime_get_boot_ns() - beat < control.heartbeat_limit_ns;
}

/*
 * TCP transmits either in process context with the socket locked by that process (sk_lock.owned),
 * or from softirq and timers, where it never transmits on a socket that a process owns (it leaves
 * the work to the owner's release_sock). So `owned` says whether the current task is the one acting
 * on this socket; without it the current task is a bystander.
 */
static __always_inline int current_acts_on(struct tcp_sock *tp)
{
	return tp && tp->inet_conn.icsk_inet.sk.sk_lock.owned;
}

/* Read through the packet, since the verifier forbids to look behind a struct bpf_sock (the context
 * is the kernel's struct sk_buff itself). */
static __always_inline void learn_socket(struct flow *flow, struct __sk_buff *skb)
{
	struct sock *full = BPF_CORE_READ((struct sk_buff *)skb, sk);

	if (!flow->netns)
		flow->netns = BPF_CORE_READ(full, __sk_common.skc_net.net, ns.inum);
	if (!flow->socket_inode)
		flow->socket_inode = BPF_CORE_READ(full, sk_socket, file, f_inode, i_ino);
}

/* The owner is learned where it is certain: datagrams leave in the sender's context. Packets that
 * the daemon pushes or re-sends leave in its own context and say nothing about the owner; of TCP
 * sockets only those that it opened itself (their SYN leaves in connect()) are its own. */
static __always_inline void learn_owner(struct flow *flow, const struct packet *packet,
					struct tcp_sock *tp)
{
	int is_daemon = current_tgid() == control.daemon_tgid;

	if (packet->stream && (!current_acts_on(tp) || (is_daemon && !packet->syn)))
		return;
	if (owner_is_current(&flow->owner))
		return;
	if (flow->owner.tgid && (!packet->len || is_daemon))
		return;
	fill_owner(&flow->owner);
}

static __always_inline void fill_record(struct flow_record *record, const struct flow *flow,
					const struct packet *packet, __u64 cookie, __u32 state)
{
	record->cookie = cookie;
	record->socket_inode = flow->socket_inode;
	record->owner = flow->owner;
	__builtin_memcpy(record->local_addr, packet->local_addr, 16);
	__builtin_memcpy(record->remote_addr, packet->remote_addr, 16);
	record->local_port = packet->local_port;
	record->remote_port = packet->remote_port;
	record->netns = flow->netns;
	record->epoch = flow->epoch;
	record->protocol = packet->protocol;
	record->state = state;
	record->ifindex = packet->ifindex;
	record->raw = packet->raw;
	record->tos = packet->tos;
	record->gso_size = packet->gso_size;
	__builtin_memset(record->reserved, 0, sizeof(record->reserved));
}

static __always_inline void tell_opened(const struct flow *flow, const struct packet *packet,
					__u64 cookie, __u32 state)
{
	struct flow_opened_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		count_drop(DROP_RING_FULL_EVENT);
		return;
	}
	event->header.ktime_ns = bpf_ktime_get_boot_ns();
	event->header.type = EVENT_FLOW_OPENED;
	event->header.reserved = 0;
	fill_record(&event->flow, flow, packet, cookie, state);
	/* Urgent: classified before its first payload, a trusted flow is never held. */
	bpf_ringbuf_submit(event, wakeup_flags(1));
}

/* A socket that connects again (after connect(AF_UNSPEC)) keeps its cookie but is a new flow. */
static __always_inline void restart_flow(struct flow *flow, const struct packet *packet)
{
	flow->epoch++;
	flow->closed = 0;
	flow->state = STATE_UNRULED;
	flow->cleared = 0;
	flow->passed = 0;
	flow->accounted = 0;
	flow->syn_seq = packet->seq;
	flow->next_seq = packet->seq;
}

/* Source of new entries: update_elem takes read-only memory, so the stack is spared. */
static const struct flow kNewFlow = {};

static __always_inline struct flow *find_flow(struct __sk_buff *skb, struct flow_key *key,
					      const struct packet *packet, int *opened)
{
	struct flow *flow = bpf_map_lookup_elem(&flows, key);

	if (flow) {
		if (packet->syn && flow->syn_seq != packet->seq) {
			restart_flow(flow, packet);
			*opened = 1;
		}
		return flow;
	}
	bpf_map_update_elem(&flows, key, &kNewFlow, BPF_NOEXIST);
	flow = bpf_map_lookup_elem(&flows, key);
	if (!flow)
		return NULL;
	flow->next_seq = packet->seq;
	if (packet->syn)
		flow->syn_seq = packet->seq;
	learn_socket(flow, skb);
	*opened = 1;
	return flow;
}

/* Positions of a packet in its flow. Negative: retransmission from before the flow was picked up.
 */
struct span {
	__s64 start;
	__s64 end;
};

static __always_inline struct span place(struct flow *flow, const struct packet *packet)
{
	struct span span;

	if (packet->stream)
		span.start = (__s64)flow->accounted + (__s32)(packet->seq - flow->next_seq);
	else
		span.start = __sync_fetch_and_add(
			&flow->accounted, packet->len); /* threads share a datagram socket */
	span.end = span.start + packet->len;
	return span;
}

static __always_inline void account_until(struct flow *flow, const struct packet *packet,
					  struct span span, __s64 until)
{
	if (!packet->stream || until <= (__s64)flow->accounted)
		return;
	flow->next_seq = packet->seq + (__u32)(until - span.start);
	flow->accounted = until;
}

static __always_inline __u64 fresh_bytes(const struct flow *flow, const struct packet *packet,
					 struct span span)
{
	if (!packet->stream || span.start >= (__s64)flow->accounted)
		return packet->len;
	return span.end > (__s64)flow->accounted ? span.end - (__s64)flow->accounted : 0;
}

/* Ring full, or a packet that could not be copied whole: `done` bytes of the fresh ones are with
 * the daemon. */
static __always_inline int overloaded(struct flow *flow, const struct packet *packet,
				      struct span span, __u32 missing)
{
	if (active_bank()->on_overload == FAIL_CLOSED)
		return GATE_REFUSE; /* TCP tries again and loses nothing; a datagram's sender sees
				       EPERM */
	account_until(flow, packet, span, span.end);
	return pass_unread(flow, span.end, missing, BYTES_UNINSPECTED);
}

static __always_inline int inspect(struct __sk_buff *skb, struct flow *flow,
				   const struct packet *packet, struct span span, __u64 cookie,
				   __u32 state)
{
	__u32 fresh = fresh_bytes(flow, packet, span);
	__u32 why_full = active_bank()->on_overload == FAIL_CLOSED ? DROP_RING_FULL_REFUSED
								   : DROP_RING_FULL_PASSED;
	struct capture capture = {};
	__u32 copied;

	if (fresh) {
		capture.pos = span.end - fresh;
		capture.offset = packet->offset + (packet->len - fresh);
		capture.len = fresh;
		capture.refused = state == STATE_HELD;
		fill_record(&capture.flow, flow, packet, cookie, state);
		copied = capture_payload(skb, &capture, why_full);
		count_bytes(BYTES_CAPTURED, copied);
		account_until(flow, packet, span, span.end - fresh + copied);
		if (copied < fresh)
			return overloaded(flow, packet, span, fresh - copied);
	}
	if (state == STATE_HELD && span.end > (__s64)flow->cleared &&
	    span.end > (__s64)flow->passed)
		return packet->stream ? GATE_REFUSE : GATE_REFUSE_QUIETLY;
	if (span.end > (__s64)flow->passed)
		flow->passed = span.end;
	return GATE_PASS;
}

static __always_inline int daemon_failed(struct flow *flow, const struct packet *packet,
					 struct span span, __u32 state)
{
	if (state == STATE_HELD && active_bank()->on_daemon_failure == FAIL_CLOSED &&
	    control.heartbeat_ns) {
		if (span.end <= (__s64)flow->cleared || span.end <= (__s64)flow->passed)
			return GATE_PASS; /* read and cleared before */
		count_drop(DROP_DAEMON_REFUSED);
		return GATE_REFUSE;
	}
	count_drop(DROP_DAEMON_PASSED);
	return pass_unread(flow, span.end, fresh_bytes(flow, packet, span), BYTES_UNINSPECTED);
}

static __always_inline int filter_payload(struct __sk_buff *skb, struct flow *flow,
					  const struct packet *packet, __u64 cookie)
{
	__u32 state = flow->state ? flow->state : active_bank()->default_state;
	struct span span = place(flow, packet);

	if (!packet->stream) /* streams are told to be closed, datagram sockets fall idle */
		flow->last_ns = bpf_ktime_get_boot_ns();
	if (state == STATE_BLOCKED) {
		if (span.end <= (__s64)flow->passed)
			return GATE_PASS; /* left before the verdict */
		count_drop(DROP_BLOCKED);
		count_bytes(BYTES_BLOCKED, packet->len);
		return GATE_REFUSE;
	}
	if (state == STATE_TRUSTED) {
		__u32 fresh = fresh_bytes(flow, packet, span);

		account_until(flow, packet, span, span.end);
		return pass_unread(flow, span.end, fresh, BYTES_TRUSTED);
	}
	if (!daemon_is_alive())
		return daemon_failed(flow, packet, span, state);
	return inspect(skb, flow, packet, span, cookie, state);
}

static __always_inline int table_full(const struct packet *packet)
{
	if (!packet->len)
		return GATE_PASS;
	if (active_bank()->on_overload == FAIL_CLOSED && daemon_is_alive()) {
		count_drop(DROP_TABLE_FULL_REFUSED);
		return GATE_REFUSE;
	}
	count_drop(DROP_TABLE_FULL_PASSED);
	return pass_unread(NULL, 0, packet->len, BYTES_UNINSPECTED);
}

static __always_inline int filter_flow(struct __sk_buff *skb, struct flow *flow,
				       struct packet *packet, __u64 cookie)
{
	int verdict = filter_payload(skb, flow, packet, cookie);

	if (verdict == GATE_REFUSE_QUIETLY && !is_resendable(skb, packet)) {
		count_drop(DROP_UNHOLDABLE);
		return GATE_REFUSE;
	}
	return verdict;
}

static __always_inline int filter_socket(struct __sk_buff *skb, struct packet *packet,
					 struct bpf_sock *sk)
{
	struct tcp_sock *tp = packet->stream ? bpf_skc_to_tcp_sock(sk) : NULL;
	struct flow_key key = {};
	struct flow *flow;
	int opened = 0;

	key.cookie = bpf_get_socket_cookie(skb);
	if (!packet->stream) {
		if (is_kernels_own(skb, packet)) {
			count_drop(DROP_KERNEL_SOCKET);
			return pass_unread(NULL, 0, packet->len, BYTES_UNINSPECTED);
		}
		__builtin_memcpy(key.peer_addr, packet->remote_addr, 16);
		key.peer_port = packet->remote_port;
		if (is_resend(packet, key.cookie)) {
			if (packet->len == control.resend_len)
				return GATE_PASS; /* read, cleared and counted before */
			/* The application has begun a datagram on this socket (MSG_MORE): its bytes
			 * would leave with ours. */
			count_drop(DROP_UNHOLDABLE);
			return GATE_REFUSE;
		}
	}
	flow = find_flow(skb, &key, packet, &opened);
	if (!flow)
		return table_full(packet);
	learn_owner(flow, packet, tp);
	if (opened) {
		if (flow->owner.tgid == control.daemon_tgid)
			flow->state =
				STATE_TRUSTED; /* the daemon's own sockets, told by their owner */
		else if (daemon_is_alive())
			tell_opened(flow, packet, key.cookie,
				    flow->state ? flow->state : active_bank()->default_state);
	}
	if (!packet->len)
		return GATE_PASS;
	if (!flow->socket_inode)
		learn_socket(flow, skb);
	return filter_flow(skb, flow, packet, key.cookie);
}

SEC("cgroup_skb/egress")
int gate(struct __sk_buff *skb)
{
	struct packet packet = {};
	struct bpf_sock *sk = skb->sk;
	__u32 ifindex =
		skb->ifindex; /* once: two loads get merged into one that the verifier refuses */

	if (ifindex == LOOPBACK_IFINDEX && !control.watch_loopback) {
		count_bytes(BYTES_LOOPBACK, skb->len);
		return GATE_PASS;
	}
	if (sk)
		sk = bpf_sk_fullsock(sk);
	packet.ifindex = ifindex;
	packet.gso_size = skb->gso_size;
	packet.raw = sk && sk->type == SOCKET_RAW;
	if (parse_packet(skb, &packet) == PARSE_FAILED) {
		count_drop(DROP_UNPARSED);
		return pass_unread(NULL, 0, skb->len, BYTES_UNINSPECTED);
	}
	if (!sk) {
		/* Handshake and time-wait sockets: no payload. Anything else is counted. */
		if (!packet.len)
			return GATE_PASS;
		count_drop(DROP_NO_SOCKET);
		return pass_unread(NULL, 0, packet.len, BYTES_UNINSPECTED);
	}
	return filter_socket(skb, &packet, sk);
}
