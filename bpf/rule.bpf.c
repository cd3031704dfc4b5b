// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * The daemon's rulings on flows. Why a syscall program (BPF_PROG_TEST_RUN) and not
 * bpf_map_update_elem: an update replaces the whole value, racing with the gate, and may move it to
 * recycled memory that the gate still reads; here only the daemon's own two fields change, in
 * place, and one call rules on many flows.
 */
#include "bpf/common.bpf.h"

static __always_inline void apply(struct flow *flow, const struct ruling *ruling)
{
	if (ruling->cleared > flow->cleared)
		*(volatile __u64 *)&flow->cleared = ruling->cleared;
	if (ruling->state && flow->state != STATE_BLOCKED)
		*(volatile __u32 *)&flow->state = ruling->state;
}

SEC("syscall")
int rule_flows(void *ctx)
{
	__u32 applied = 0;

	for (__u32 i = 0; i < MAX_RULINGS; i++) {
		struct ruling *ruling = &rulings.items[i];
		struct flow *flow;

		if (i >= rulings.count)
			break;
		flow = bpf_map_lookup_elem(&flows, &ruling->key);
		if (!flow || flow->epoch != ruling->epoch) {
			count_drop(DROP_STALE_RULING);
			continue;
		}
		apply(flow, ruling);
		applied++;
	}
	rulings.applied = applied;
	return 0;
}
