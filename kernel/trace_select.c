// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a session asks of packets besides its filter (uapi/iptables_trace_ctl.h): judged when it is set, and held against
 * a packet before the filter is. In the packet path a field that says nothing costs nothing.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cgroup.h>
#include <linux/netdevice.h>
#include <linux/netfilter/x_tables.h>
#include <linux/pid.h>
#include <linux/ratelimit.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/user_namespace.h>
#include <net/sock.h>

#include "trace.h"
#include "trace_arp.h"
#include "trace_notes.h"

#define ALL_HOOKS	(BIT(NF_INET_NUMHOOKS) - 1)

/* Whether there is an end to a name, and nothing behind it. */
static bool ends(const char *name, size_t size)
{
	size_t length = strnlen(name, size);

	return length < size && !memchr_inv(name + length, 0, size - length);
}

/* Whether a field is zero if it says nothing, and says something if it is asked. */
static bool sound(const struct iptables_trace_select *in, u32 field, bool says)
{
	return !!(in->fields & field) == says;
}

static bool tables_sound(const struct iptables_trace_select *in)
{
	unsigned int i;

	for (i = 0; i < IPTABLES_TRACE_SELECT_TABLES_MAX; i++)
		if (!ends(in->tables[i], sizeof(in->tables[i])) ||
		    (i && in->tables[i][0] && !in->tables[i - 1][0]))
			return false;
	return sound(in, IPTABLES_TRACE_SELECT_TABLES, in->tables[0][0]);
}

/* 0 and -1 are values of some fields. */
static bool judge(const struct iptables_trace_select *in)
{
	if (in->fields & ~(ITRACE_PREDICATES | ITRACE_LIMITS) || in->reserved[0] ||
	    in->reserved[1])
		return false;
	if (!ends(in->in, sizeof(in->in)) || !ends(in->out, sizeof(in->out)) || !tables_sound(in))
		return false;
	if (in->hooks & ~ALL_HOOKS || in->mark & ~in->mark_mask)
		return false;
	if ((in->uid && !(in->fields & IPTABLES_TRACE_SELECT_UID)) ||
	    (in->cgroup && !(in->fields & IPTABLES_TRACE_SELECT_CGROUP)) ||
	    (in->mark_mask && !(in->fields & IPTABLES_TRACE_SELECT_MARK)))
		return false;
	return sound(in, IPTABLES_TRACE_SELECT_IN, in->in[0]) &&
	       sound(in, IPTABLES_TRACE_SELECT_OUT, in->out[0]) &&
	       sound(in, IPTABLES_TRACE_SELECT_HOOKS, in->hooks) &&
	       sound(in, IPTABLES_TRACE_SELECT_PID, in->pid) &&
	       sound(in, IPTABLES_TRACE_SELECT_SAMPLE, in->sample) &&
	       sound(in, IPTABLES_TRACE_SELECT_FIRST, in->first) &&
	       sound(in, IPTABLES_TRACE_SELECT_RATE, in->rate);
}

/* Returns how many bytes of a device's name matter: with its end, unless anything may follow. */
static u8 take_name(char *to, const char *name)
{
	size_t length = strlen(name);

	memcpy(to, name, length + 1);
	return length && name[length - 1] == '+' ? length - 1 : length + 1;
}

/* The process that a thread belongs to, by a number of the caller's PID namespace. */
static struct pid *process_of(u32 number)
{
	struct task_struct *task;
	struct pid *pid = NULL;

	rcu_read_lock();
	task = pid_task(find_vpid(number), PIDTYPE_PID);
	if (task)
		pid = get_pid(task_tgid(task));
	rcu_read_unlock();
	if (!pid)
		pr_info_ratelimited("no process %u to select packets of\n", number);
	return pid;
}

#ifdef CONFIG_SOCK_CGROUP_DATA
static struct cgroup *cgroup_of(int fd)
{
	struct cgroup *cgroup = cgroup_get_from_fd(fd);

	if (IS_ERR(cgroup))
		pr_info_ratelimited("file descriptor %d is not a folder of cgroup2 (%pe)\n", fd,
				    cgroup);
	return cgroup;
}

static bool in_cgroup(struct sock *sk, struct cgroup *cgroup)
{
	return cgroup_is_descendant(sock_cgroup_ptr(&sk->sk_cgrp_data), cgroup);
}

static void put_cgroup(struct cgroup *cgroup)
{
	cgroup_put(cgroup);
}
#else
static struct cgroup *cgroup_of(int fd)
{
	pr_info_ratelimited("this kernel knows no cgroups of sockets\n");
	return ERR_PTR(-EOPNOTSUPP);
}

static bool in_cgroup(struct sock *sk, struct cgroup *cgroup)
{
	return false;
}

static void put_cgroup(struct cgroup *cgroup)
{
}
#endif

/* select: zeroed, and left so on an error. */
int itrace_select_create(struct itrace_select *select, const struct iptables_trace_select *in)
{
	int err = 0;

	if (!judge(in))
		return -EINVAL;
	select->asked = in->fields;
	select->mark = in->mark;
	select->mark_mask = in->mark_mask;
	select->hooks = in->hooks;
	select->sample = in->sample;
	select->first = in->first;
	select->rate = in->rate;
	select->in_len = take_name(select->in, in->in);
	select->out_len = take_name(select->out, in->out);
	memcpy(select->tables, in->tables, sizeof(select->tables));

	if (in->fields & IPTABLES_TRACE_SELECT_UID) {
		select->uid = make_kuid(current_user_ns(), in->uid);
		if (!uid_valid(select->uid))
			err = -EINVAL;
	}
	if (!err && in->fields & IPTABLES_TRACE_SELECT_PID) {
		select->pid = process_of(in->pid);
		if (!select->pid)
			err = -ESRCH;
	}
	if (!err && in->fields & IPTABLES_TRACE_SELECT_CGROUP) {
		struct cgroup *cgroup = cgroup_of(in->cgroup);

		if (IS_ERR(cgroup))
			err = PTR_ERR(cgroup);
		else
			select->cgroup = cgroup;
	}
	if (!err && in->fields & IPTABLES_TRACE_SELECT_FIRST)
		err = itrace_flows_create(select);
	if (err)
		itrace_select_destroy(select);
	return err;
}

void itrace_select_destroy(struct itrace_select *select)
{
	itrace_notes_destroy(select->flows);
	if (select->cgroup)
		put_cgroup(select->cgroup);
	put_pid(select->pid);
	memset(select, 0, sizeof(*select));
}

static bool device_is(const struct net_device *device, const char *name, u8 len)
{
	return device && !memcmp(device->name, name, len);
}

static bool table_is(const struct itrace_visit *at, const struct itrace_select *select)
{
	const char *name = itrace_table_name(at);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(select->tables) && select->tables[i][0]; i++)
		if (!strcmp(name, select->tables[i]))
			return true;
	return false;
}

static bool socket_holds(const struct itrace_select *select, struct sock *sk)
{
	if (!sk)
		return false;
	if (select->asked & IPTABLES_TRACE_SELECT_UID &&
	    !uid_eq(READ_ONCE(sk->sk_uid), select->uid))
		return false;
	return !(select->asked & IPTABLES_TRACE_SELECT_CGROUP) || in_cgroup(sk, select->cgroup);
}

static bool owner_holds(const struct itrace_select *select, const struct sk_buff *skb,
			const struct nf_hook_state *state)
{
	struct sock *sk;

	if (!itrace_owner_is_here(skb, state))
		return false;
	sk = itrace_owner_socket(skb, state);
	if (select->asked & IPTABLES_TRACE_SELECT_PID && itrace_owner_process(sk) != select->pid)
		return false;
	return !(select->asked & (IPTABLES_TRACE_SELECT_UID | IPTABLES_TRACE_SELECT_CGROUP)) ||
	       socket_holds(select, sk);
}

static __always_inline bool holds(const struct itrace_select *select, const struct itrace_visit *at,
				  unsigned int hook)
{
	const struct nf_hook_state *state = at->state;
	const struct sk_buff *skb = at->skb;
	u32 asked = select->asked;

	if (asked & IPTABLES_TRACE_SELECT_HOOKS && !(select->hooks & BIT(hook)))
		return false;
	if (asked & IPTABLES_TRACE_SELECT_MARK && (skb->mark & select->mark_mask) != select->mark)
		return false;
	if (asked & IPTABLES_TRACE_SELECT_IN && !device_is(state->in, select->in, select->in_len))
		return false;
	if (asked & IPTABLES_TRACE_SELECT_OUT &&
	    !device_is(state->out, select->out, select->out_len))
		return false;
	if (asked & IPTABLES_TRACE_SELECT_TABLES && !table_is(at, select))
		return false;
	return !(asked & ITRACE_OWNER) || owner_holds(select, skb, state);
}

bool itrace_select_holds(const struct itrace_select *select, const struct itrace_visit *at)
{
	return holds(select, at, at->state->hook);
}

/* Of a packet of ARP; that it has no owner itrace_owner_is_here() takes from its hooks. */
bool itrace_select_holds_arp(const struct itrace_select *select, const struct itrace_visit *at)
{
	BUILD_BUG_ON(NF_ARP_IN >= NF_INET_LOCAL_OUT || NF_ARP_OUT >= NF_INET_LOCAL_OUT);
	return holds(select, at, itrace_arp_hook(at->state));
}

/*
 * Whether no packet can be selected any more, because the process that sends them has ended, waited for or not: none of its
 * threads lives.
 */
bool itrace_select_in_vain(const struct itrace_select *select)
{
	struct task_struct *task;
	bool gone;

	if (!select->pid)
		return false;
	rcu_read_lock();
	task = pid_task(select->pid, PIDTYPE_TGID);
	gone = !task || !atomic_read(&task->signal->live);
	rcu_read_unlock();
	return gone;
}
