// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * exec and exit. Why the scheduler's tracepoints: they fire once the new image is in place (so
 * current's arguments are the new ones) and when the last thread is gone, on every kernel with BTF,
 * without touching a hot path.
 */
#include "bpf/common.bpf.h"

static __always_inline void read_args(struct exec_event *event, struct task_struct *task)
{
	__u64 start = BPF_CORE_READ(task, mm, arg_start);
	__u64 len = BPF_CORE_READ(task, mm, arg_end) - start;

	if (len > MAX_ARGS)
		len = MAX_ARGS;
	event->args_len = 0;
	if (len && !bpf_probe_read_user(event->args, len, (void *)start))
		event->args_len = len;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_started, struct task_struct *task, __s32 old_pid, struct linux_binprm *bprm)
{
	struct exec_event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	long n;

	if (!event) {
		count_drop(DROP_RING_FULL_EVENT);
		return 0;
	}
	event->header.ktime_ns = bpf_ktime_get_boot_ns();
	event->header.type = EVENT_EXEC;
	event->header.reserved = 0;
	fill_owner(&event->process);
	event->parent = BPF_CORE_READ(task, real_parent, tgid);
	event->reserved = 0;
	n = bpf_probe_read_kernel_str(event->exe, sizeof(event->exe),
				      BPF_CORE_READ(bprm, filename));
	event->exe_len = n > 0 ? n - 1 : 0;
	read_args(event, task);
	bpf_ringbuf_submit(event, wakeup_flags(0));
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exited, struct task_struct *task)
{
	struct exit_event *event;

	if (BPF_CORE_READ(task, signal, live.counter)) /* other threads live on */
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		count_drop(DROP_RING_FULL_EVENT);
		return 0;
	}
	event->header.ktime_ns = bpf_ktime_get_boot_ns();
	event->header.type = EVENT_EXIT;
	event->header.reserved = 0;
	event->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	event->tgid = BPF_CORE_READ(task, tgid);
	event->reserved = 0;
	bpf_ringbuf_submit(event, wakeup_flags(0));
	return 0;
}
