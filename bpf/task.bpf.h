/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Who acts: identity of the current task. Only for use where the current task is known to be the
 * one that acts. */
#pragma once

static __always_inline void fill_owner(struct owner *owner)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	__u64 uid_gid = bpf_get_current_uid_gid();

	owner->tgid = bpf_get_current_pid_tgid() >> 32;
	owner->uid = (__u32)uid_gid;
	owner->gid = uid_gid >> 32;
	owner->cgroup_id = bpf_get_current_cgroup_id();
	owner->start_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	owner->reserved = 0;
}

/* Same process with the same credentials as recorded? Cheap, for every packet. */
static __always_inline int owner_is_current(const struct owner *owner)
{
	return owner->tgid == bpf_get_current_pid_tgid() >> 32 &&
	       owner->uid == (__u32)bpf_get_current_uid_gid() &&
	       owner->cgroup_id == bpf_get_current_cgroup_id();
}
