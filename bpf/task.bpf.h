/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Who acts: identity of the current task. Only for use where the current task is known to be the
 * one that acts. */
#pragma once

/* Read from the task itself: cgroup_skb programs get bpf_get_current_pid_tgid() and its like only
 * since 6.10. */
static __always_inline __u32 current_tgid(void)
{
	return bpf_get_current_task_btf()->tgid;
}

/* Effective ids: those that count for what a setuid program does. */
static __always_inline __u32 task_uid(const struct task_struct *task)
{
	return task->cred->euid.val;
}

static __always_inline __u64 task_cgroup(const struct task_struct *task)
{
	return task->cgroups->dfl_cgrp->kn->id;
}

static __always_inline void fill_owner(struct owner *owner)
{
	struct task_struct *task = bpf_get_current_task_btf();

	owner->tgid = task->tgid;
	owner->uid = task_uid(task);
	owner->gid = task->cred->egid.val;
	owner->cgroup_id = task_cgroup(task);
	owner->start_ns = task->group_leader->start_boottime;
	owner->reserved = 0;
}

/* Same process with the same credentials as recorded? Cheap, for every packet. */
static __always_inline int owner_is_current(const struct owner *owner)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return owner->tgid == (__u32)task->tgid && owner->uid == task_uid(task) &&
	       owner->cgroup_id == task_cgroup(task);
}
