/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The only contract between the kernel side and the daemon. Valid C and C++.
 *
 * Large fields first, no hidden padding, every struct pinned by a static_assert and, against the
 * BTF of the built object, by tests/kernel/abi_test.cpp. Addresses are IPv6 in network byte order,
 * IPv4 as IPv4-mapped; ports, sequence numbers and everything else are in host byte order. Times
 * are CLOCK_BOOTTIME.
 */
#ifndef SLUICE_BPF_ABI_H
#define SLUICE_BPF_ABI_H

#ifndef __VMLINUX_H__
#include <linux/types.h>
#endif

#ifdef __cplusplus
#include <cstddef>
namespace sluice::abi
{
#elif !defined(static_assert)
#define static_assert _Static_assert
#endif

enum limits {
	MAX_RECORD_PAYLOAD =
		65536, /* bytes of payload in one record; longer packets take several */
	MAX_RECORDS =
		9,     /* records a packet: BIG TCP sends up to 512 KiB, and one byte more splits */
	MAX_EXE = 256, /* bytes of an executable's path in an exec record, with the NUL */
	MAX_ARGS = 1024,      /* bytes of arguments in an exec record */
	MAX_DENIED_PORTS = 8, /* port ranges of a denied network */
	MAX_RULINGS = 64,     /* rulings in one call of rule_flows */
};

enum event_type {
	EVENT_FLOW_OPENED = 1,
	EVENT_PAYLOAD = 2,
	EVENT_FLOW_CLOSED = 3,
	EVENT_CONNECT_DENIED = 4,
	EVENT_EXEC = 5,
	EVENT_EXIT = 6,
};

/* Treatment of a flow by the gate. Zero: the daemon has not ruled yet, the bank's default holds. */
enum flow_state {
	STATE_UNRULED = 0,
	STATE_TRUSTED = 1, /* passes unread */
	STATE_WATCHED = 2, /* copied, passes */
	STATE_HELD = 3,	   /* copied, waits for the daemon's clearance */
	STATE_BLOCKED = 4, /* never passes */
};

enum direction {
	FAIL_OPEN = 0,
	FAIL_CLOSED = 1,
};

/* Why something was lost, refused or passed unread. Counted per CPU in `drops`. */
enum drop_reason {
	DROP_RING_FULL_PASSED = 0,  /* payload passed unread: ring buffer full, overload open */
	DROP_RING_FULL_REFUSED = 1, /* packet refused until there is room: overload closed */
	DROP_RING_FULL_EVENT =
		2, /* a record without payload (open, close, exec, exit) did not fit */
	DROP_TABLE_FULL_PASSED = 3,
	DROP_TABLE_FULL_REFUSED = 4,
	DROP_DAEMON_PASSED = 5,	 /* heartbeat stale, failure.daemon open */
	DROP_DAEMON_REFUSED = 6, /* heartbeat stale, failure.daemon closed */
	DROP_COPY_FAILED = 7,	 /* bpf_skb_load_bytes failed: treated as ring full */
	DROP_TOO_LONG =
		8, /* packet longer than MAX_RECORDS records: the rest is treated as ring full */
	DROP_UNPARSED = 9,	 /* IP packet whose headers could not be followed */
	DROP_KERNEL_SOCKET = 10, /* sent by the kernel itself (ICMP errors, neighbours, tunnels):
				    passes unread */
	DROP_NO_SOCKET = 11,	 /* no full socket behind the packet */
	DROP_BLOCKED = 12,	 /* packet of a blocked flow refused */
	DROP_STALE_RULING = 13,	 /* the daemon ruled on a connection that is gone */
	DROP_UNHOLDABLE =
		14, /* held flow, but sending it again would change it: refused with EPERM */
	DROP_REASONS = 15,
};

/* What became of payload bytes, each byte counted once. Counted per CPU in `bytes`. */
enum byte_fate {
	BYTES_CAPTURED = 0,    /* handed to the daemon */
	BYTES_TRUSTED = 1,     /* passed unread by policy */
	BYTES_UNINSPECTED = 2, /* passed unread because of a drop reason */
	BYTES_LOOPBACK = 3,    /* never leaves the host, not watched */
	BYTES_BLOCKED = 4,     /* refused, bytes of a blocked flow, counted at each attempt */
	BYTE_FATES = 5,
};

struct event_header {
	__u64 ktime_ns;
	__u32 type;	/* enum event_type */
	__u32 reserved; /* zero */
};
static_assert(sizeof(struct event_header) == 16, "event_header has no padding");

/* A process at the moment it acted on a socket. tgid 0: not known yet. */
struct owner {
	__u64 start_ns;	 /* start of the thread-group leader: with tgid one process for ever */
	__u64 cgroup_id; /* cgroup v2 */
	__u32 tgid;	 /* initial pid namespace */
	__u32 uid;	 /* initial user namespace */
	__u32 gid;
	__u32 reserved; /* zero */
};
static_assert(sizeof(struct owner) == 32, "owner has no padding");

struct flow_key {
	__u64 cookie;	    /* bpf_get_socket_cookie() */
	__u8 peer_addr[16]; /* datagram sockets: where to; TCP: zero */
	__u16 peer_port;
	__u16 reserved[3]; /* zero */
};
static_assert(sizeof(struct flow_key) == 32, "flow_key has no padding");

/* Value of `flows`. The gate writes all but `cleared` and `state`, which only rule_flows writes. */
struct flow {
	__u64 cleared;	 /* a held byte below this stream position may leave */
	__u64 passed;	 /* end of the highest byte that was let through */
	__u64 accounted; /* end of the highest byte captured or counted */
	__u64 last_ns;	 /* datagram sockets: last packet with payload */
	__u64 socket_inode;
	struct owner owner;
	__u32 next_seq; /* TCP sequence number of position `accounted` */
	__u32 syn_seq;	/* sequence number of our SYN; 0 if the flow was picked up later */
	__u32 state;	/* enum flow_state */
	__u32 epoch;	/* connections made on this socket before this one */
	__u32 netns;	/* inode of the network namespace */
	__u32 closed;	/* set when the socket closes; the daemon then deletes the entry */
};
static_assert(sizeof(struct flow) == 96, "flow has no padding");

/* Identity of a flow in every record about it, so that a lost record loses no identity. */
struct flow_record {
	__u64 cookie;
	__u64 socket_inode; /* 0: no file refers to the socket */
	struct owner owner;
	__u8 local_addr[16];
	__u8 remote_addr[16];
	__u16 local_port;
	__u16 remote_port;
	__u32 netns;
	__u32 epoch;
	__u32 ifindex;	  /* device by which the packet leaves */
	__u8 protocol;	  /* IPPROTO_* of the packet */
	__u8 state;	  /* enum flow_state that the gate applied */
	__u8 raw;	  /* 1: a raw IP socket; its payload is all that follows the IP header */
	__u8 tos;	  /* IPv4 TOS or IPv6 traffic class of the packet */
	__u16 gso_size;	  /* datagrams: bytes in each, if one send makes several (UDP_SEGMENT) */
	__u8 reserved[2]; /* zero */
};
static_assert(sizeof(struct flow_record) == 104, "flow_record has no padding");

struct flow_opened_event {
	struct event_header header;
	struct flow_record flow;
};
static_assert(sizeof(struct flow_opened_event) == 120, "flow_opened_event has no padding");

struct payload_event {
	struct event_header header;
	struct flow_record flow;
	__u64 pos;	/* stream position of data[0] */
	__u32 written;	/* bytes that this record stands for */
	__u32 captured; /* bytes in data; fewer than written: truncated, counted by reason */
	__u32 refused;	/* 1: the packet waits for clearance */
	__u32 reserved; /* zero */
	/* captured bytes follow; the record's size in the ring is a size class and may be larger */
};
static_assert(sizeof(struct payload_event) == 144, "payload_event has no padding");

struct flow_closed_event {
	struct event_header header;
	__u64 cookie;
	__u32 epoch;	/* TCP */
	__u32 datagram; /* 1: the socket had a flow a peer, all of them end */
};
static_assert(sizeof(struct flow_closed_event) == 32, "flow_closed_event has no padding");

struct connect_denied_event {
	struct event_header header;
	struct flow_record flow; /* local side and inode are zero */
	__u32 rule;		 /* index of the connection rule */
	__u32 refused;		 /* 1: EPERM was returned; 0: observe */
};
static_assert(sizeof(struct connect_denied_event) == 128, "connect_denied_event has no padding");

struct exec_event {
	struct event_header header;
	struct owner process;
	__u32 parent;
	__u32 exe_len;	/* bytes in exe, without the NUL */
	__u32 args_len; /* bytes in args; arguments are separated by NUL */
	__u32 reserved; /* zero */
	char exe[MAX_EXE];
	char args[MAX_ARGS];
};
static_assert(sizeof(struct exec_event) == 64 + MAX_EXE + MAX_ARGS, "exec_event has no padding");

struct exit_event {
	struct event_header header;
	__u64 start_ns;
	__u32 tgid;
	__u32 reserved; /* zero */
};
static_assert(sizeof(struct exit_event) == 32, "exit_event has no padding");

/* Everything of the policy that the kernel reads. There are two banks; a reload fills the idle one
 * and flips `control.bank`, so that no packet meets half a policy. */
struct bank {
	__u32 default_state;	 /* enum flow_state of a flow without a ruling */
	__u32 on_daemon_failure; /* enum direction */
	__u32 on_overload;	 /* enum direction */
	__u32 deny_connects;	 /* 1: a denied destination is refused; 0: only told */
};
static_assert(sizeof(struct bank) == 16, "bank has no padding");

/* Shared memory between the gate and the daemon (a global variable of the object). */
struct control {
	__u64 heartbeat_ns;	  /* daemon: last sign of life; 0: not started, everything passes */
	__u64 heartbeat_limit_ns; /* daemon: older than this is a failed daemon */
	__u64 resend_cookie; /* daemon: datagram socket on which it is re-sending right now; 0: none
			      */
	__u64 resend_len; /* daemon: bytes that it is re-sending; a packet of another length is not
			     it */
	__u32 bank;	  /* daemon: index of the active bank */
	__u32 daemon_tgid;
	__u32 awake; /* daemon: it is reading the ring and needs no wake-up */
	__u32 watch_loopback;
	struct bank banks[2];
};
static_assert(sizeof(struct control) == 80, "control has no padding");

struct denied_key {
	__u32 prefix; /* bits of addr */
	__u8 addr[16];
};
static_assert(sizeof(struct denied_key) == 20, "denied_key has no padding");

struct port_range {
	__u16 first;
	__u16 last;
};

struct denied_value {
	__u32 rule;
	__u32 ranges; /* entries in ports; 0: every port */
	struct port_range ports[MAX_DENIED_PORTS];
};
static_assert(sizeof(struct denied_value) == 8 + 4 * MAX_DENIED_PORTS,
	      "denied_value has no padding");

/* One decision of the daemon about a flow. */
struct ruling {
	struct flow_key key;
	__u64 cleared; /* a held flow's bytes below this position may leave; never moves back */
	__u32 epoch;
	__u32 state; /* enum flow_state; 0: leave as it is */
};
static_assert(sizeof(struct ruling) == 48, "ruling has no padding");

/* Argument of the rule_flows program, in shared memory (a context may not be indexed). */
struct rulings {
	__u32 count;
	__u32 applied; /* out */
	struct ruling items[MAX_RULINGS];
};
static_assert(sizeof(struct rulings) == 8 + 48 * MAX_RULINGS, "rulings has no padding");

#ifdef __cplusplus
} /* namespace sluice::abi */
#endif
#endif
