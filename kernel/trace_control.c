// SPDX-License-Identifier: GPL-2.0-only
/*
 * What user space asks of a session. The only place where its input is read; what it may say stands in
 * uapi/iptables_trace_ctl.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/err.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <net/net_namespace.h>

#include "trace.h"
#include "version.h"

/* in: a struct of user space's, which may be of another version than ours; first: its size in the first version. */
static int struct_from_user(void *ours, size_t size, size_t first, const void __user *theirs,
			    unsigned int cmd)
{
	if (_IOC_SIZE(cmd) < first)
		return -EINVAL;
	return copy_struct_from_user(ours, size, theirs, _IOC_SIZE(cmd));
}

static int struct_to_user(void __user *theirs, const void *ours, size_t size, size_t first,
			  unsigned int cmd)
{
	size_t wanted = _IOC_SIZE(cmd);

	if (wanted < first)
		return -EINVAL;
	if (copy_to_user(theirs, ours, min(size, wanted)))
		return -EFAULT;
	if (wanted > size && clear_user(theirs + size, wanted - size))
		return -EFAULT;
	return 0;
}

static int get_info(void __user *arg, unsigned int cmd)
{
	struct iptables_trace_info info = {
		.ctl_version	= IPTABLES_TRACE_CTL_VERSION,
		.features	= IPTABLES_TRACE_FEATURE_SELECT | IPTABLES_TRACE_FEATURE_COSTS |
				  IPTABLES_TRACE_FEATURE_TRAVERSALS,
		.ctx_version	= IPTABLES_TRACE_CTX_VERSION,
		.ctx_size	= sizeof(struct iptables_trace_ctx),
		.hooks		= itrace_hooks_in_place(),
		.sessions	= itrace_sessions_running(),
		.max_sessions	= ITRACE_MAX_SESSIONS,
		.max_packets	= ITRACE_MAX_PACKETS,
		.max_filter_len	= BPF_MAXINSNS,
		.module_version	= IPTABLES_EBPF_VERSION,
	};

	if (IS_ENABLED(CONFIG_NETFILTER_XT_TARGET_TRACE))
		info.features |= IPTABLES_TRACE_FEATURE_RULES;
	if (itrace_observe_possible())
		info.features |= IPTABLES_TRACE_FEATURE_OBSERVE;
	if (IS_ENABLED(CONFIG_SOCK_CGROUP_DATA))
		info.features |= IPTABLES_TRACE_FEATURE_CGROUP;
	if (IS_ENABLED(CONFIG_NF_TABLES))
		info.features |= IPTABLES_TRACE_FEATURE_NFT;
	if (IS_ENABLED(CONFIG_NF_TABLES_ARP))
		info.features |= IPTABLES_TRACE_FEATURE_ARP;
	return struct_to_user(arg, &info, sizeof(info), sizeof(info), cmd);
}

/* Whether these go together, and this kernel has them. */
static int judge_back_ends(u32 back_ends)
{
	bool arp = back_ends & IPTABLES_TRACE_BACK_END_ARP;
	bool nft = back_ends & IPTABLES_TRACE_BACK_END_NFT;

	if (back_ends & ~(IPTABLES_TRACE_BACK_END_LEGACY | IPTABLES_TRACE_BACK_END_NFT |
			  IPTABLES_TRACE_BACK_END_ARP) || (arp && !nft))
		return -EINVAL;
	if (nft && !IS_ENABLED(CONFIG_NF_TABLES)) {
		pr_info_ratelimited("this kernel has no nf_tables\n");
		return -EOPNOTSUPP;
	}
	if (arp && !IS_ENABLED(CONFIG_NF_TABLES_ARP)) {
		pr_info_ratelimited("the nf_tables of this kernel have no family arp\n");
		return -EOPNOTSUPP;
	}
	return 0;
}

static void set_back_ends(struct itrace_session *session, u32 back_ends)
{
	session->legacy = !back_ends || back_ends & IPTABLES_TRACE_BACK_END_LEGACY;
	session->nft = back_ends & IPTABLES_TRACE_BACK_END_NFT;
	session->arp = back_ends & IPTABLES_TRACE_BACK_END_ARP;
}

/* prog: NULL, or with a reference that is the session's from here on. */
static void replace_program(struct itrace_session *session, unsigned int kind,
			    struct bpf_prog *prog)
{
	swap(session->prog[kind], prog);
	if (prog)
		bpf_prog_put(prog);
}

static int set_programs(struct itrace_session *session, const void __user *arg, unsigned int cmd)
{
	static const char *const names[] = {
		[IPTABLES_TRACE_ENTER]	= "enter",
		[IPTABLES_TRACE_RULE]	= "rule",
		[IPTABLES_TRACE_LEAVE]	= "leave",
	};
	struct bpf_prog *prog[ARRAY_SIZE(names)] = {};
	struct iptables_trace_programs in;
	int fds[ARRAY_SIZE(names)];
	unsigned int kind;
	int err;

	err = struct_from_user(&in, sizeof(in), sizeof(in), arg, cmd);
	if (err)
		return err;
	if (in.enter < 0 && in.rule < 0 && in.leave < 0)
		return -EINVAL;
	err = judge_back_ends(in.back_ends);
	if (err)
		return err;
	fds[IPTABLES_TRACE_ENTER] = in.enter;
	fds[IPTABLES_TRACE_RULE] = in.rule;
	fds[IPTABLES_TRACE_LEAVE] = in.leave;

	for (kind = IPTABLES_TRACE_ENTER; kind < ARRAY_SIZE(names); kind++) {
		if (fds[kind] == -1)
			continue;
		prog[kind] = itrace_prog_get(fds[kind], names[kind],
					     sizeof(struct iptables_trace_ctx));
		if (IS_ERR(prog[kind])) {
			err = PTR_ERR(prog[kind]);
			goto put;
		}
	}

	for (kind = IPTABLES_TRACE_ENTER; kind < ARRAY_SIZE(names); kind++)
		replace_program(session, kind, prog[kind]);
	replace_program(session, IPTABLES_TRACE_TRAVERSAL, NULL);
	set_back_ends(session, in.back_ends);
	return 0;
put:
	while (--kind >= IPTABLES_TRACE_ENTER)
		if (prog[kind])
			bpf_prog_put(prog[kind]);
	return err;
}

static struct bpf_prog *filter_from_user(const struct iptables_trace_filter *in)
{
	struct sock_fprog_kern code = { .len = in->len };
	struct bpf_prog *filter;

	if (in->len > BPF_MAXINSNS) {
		pr_info_ratelimited("filter of %u instructions refused: at most %u are taken\n",
				    in->len, BPF_MAXINSNS);
		return ERR_PTR(-EINVAL);
	}
	code.filter = memdup_user(u64_to_user_ptr(in->insns), in->len * sizeof(*code.filter));
	if (IS_ERR(code.filter))
		return ERR_CAST(code.filter);
	filter = itrace_filter_create(&code);
	kfree(code.filter);
	return filter;
}

static int set_filter(struct itrace_session *session, const void __user *arg, unsigned int cmd)
{
	struct iptables_trace_filter in;
	struct bpf_prog *filter = NULL;
	int err;

	err = struct_from_user(&in, sizeof(in), sizeof(in), arg, cmd);
	if (err)
		return err;
	if (in.flags & ~IPTABLES_TRACE_FILTER_CHILDREN)
		return -EINVAL;
	if (in.len) {
		filter = filter_from_user(&in);
		if (IS_ERR(filter))
			return PTR_ERR(filter);
	}

	if (session->filter)
		bpf_prog_destroy(session->filter);
	session->filter = filter;
	session->children = in.flags & IPTABLES_TRACE_FILTER_CHILDREN;
	return 0;
}

/* A reference to the namespace behind fd, or an error. */
static struct net *net_from_user(int fd)
{
	struct net *net = get_net_ns_by_fd(fd);

	if (IS_ERR(net))
		pr_info_ratelimited("file descriptor %d is not a network namespace (%pe)\n", fd,
				    net);
	return net;
}

static int netns_from_user(struct iptables_trace_netns *in, const void __user *arg,
			   unsigned int cmd)
{
	int err = struct_from_user(in, sizeof(*in), sizeof(*in), arg, cmd);

	if (err)
		return err;
	return in->reserved ? -EINVAL : 0;
}

static int set_netns(struct itrace_session *session, const void __user *arg, unsigned int cmd)
{
	struct iptables_trace_netns in;
	struct net *net;
	int err = netns_from_user(&in, arg, cmd);

	if (err)
		return err;
	if (in.fd == -1) {
		itrace_session_set_net(session, NULL);
		return 0;
	}
	net = net_from_user(in.fd);
	if (IS_ERR(net))
		return PTR_ERR(net);
	itrace_session_set_net(session, net);
	put_net(net);
	return 0;
}

static int add_netns(struct itrace_session *session, const void __user *arg, unsigned int cmd)
{
	struct iptables_trace_netns in;
	struct net *net;
	int err = netns_from_user(&in, arg, cmd);

	if (err)
		return err;
	if (in.fd == -1)
		return -EINVAL;
	net = net_from_user(in.fd);
	if (IS_ERR(net))
		return PTR_ERR(net);
	err = itrace_session_add_net(session, net);
	put_net(net);
	return err;
}

static int set_select(struct itrace_session *session, const void __user *arg, unsigned int cmd)
{
	struct iptables_trace_select in;
	struct itrace_select select = {};
	int err;

	err = struct_from_user(&in, sizeof(in), sizeof(in), arg, cmd);
	if (err)
		return err;
	err = itrace_select_create(&select, &in);
	if (err)
		return err;
	itrace_select_destroy(&session->select);
	session->select = select;
	return 0;
}

static int set_matches(struct itrace_session *session, const void __user *arg, unsigned int cmd)
{
	struct iptables_trace_matches in;
	struct bpf_prog *prog = NULL;
	int err;

	err = struct_from_user(&in, sizeof(in), sizeof(in), arg, cmd);
	if (err)
		return err;
	if (in.program != -1) {
		if (!itrace_observe_possible()) {
			pr_info_ratelimited("matches cannot be observed on this kernel: see iptables_trace_ctl.h\n");
			return -EOPNOTSUPP;
		}
		prog = itrace_prog_get(in.program, "matches", sizeof(struct iptables_trace_ctx));
		if (IS_ERR(prog))
			return PTR_ERR(prog);
		replace_program(session, IPTABLES_TRACE_TRAVERSAL, NULL);
	}

	replace_program(session, IPTABLES_TRACE_MATCHES, prog);
	session->budget = in.budget;
	return 0;
}

static int set_traversals(struct itrace_session *session, const void __user *arg, unsigned int cmd)
{
	struct iptables_trace_traversals in;
	struct bpf_prog *prog = NULL;
	unsigned int kind;
	int err;

	err = struct_from_user(&in, sizeof(in), sizeof(in), arg, cmd);
	if (!err)
		err = judge_back_ends(in.back_ends);
	if (err)
		return err;
	if (in.program != -1) {
		prog = itrace_prog_get(in.program, "traversal",
				       sizeof(struct iptables_trace_traversal));
		if (IS_ERR(prog))
			return PTR_ERR(prog);
		for (kind = IPTABLES_TRACE_ENTER; kind < ITRACE_KINDS; kind++)
			replace_program(session, kind, NULL);
		set_back_ends(session, in.back_ends);
	}
	replace_program(session, IPTABLES_TRACE_TRAVERSAL, prog);
	return 0;
}

static int set_costs(struct itrace_session *session, const void __user *arg, unsigned int cmd)
{
	struct iptables_trace_costs in;
	int err;

	err = struct_from_user(&in, sizeof(in), sizeof(in), arg, cmd);
	if (err)
		return err;
	if (in.wanted > 1 || in.reserved)
		return -EINVAL;
	session->costs = in.wanted;
	return 0;
}

static int observe(struct itrace_session *session, void __user *arg, unsigned int cmd)
{
	struct iptables_trace_observe __user *out = arg;
	struct iptables_trace_observe in;
	struct net *net;
	int err;

	err = struct_from_user(&in, sizeof(in), sizeof(in), arg, cmd);
	if (err)
		return err;
	if (memchr_inv(in.reserved, 0, sizeof(in.reserved)) || in.netns == -1 ||
	    (in.family != NFPROTO_IPV4 && in.family != NFPROTO_IPV6) ||
	    strnlen(in.table, sizeof(in.table)) == sizeof(in.table))
		return -EINVAL;
	if (!session->prog[IPTABLES_TRACE_MATCHES])
		return -ENODATA;

	net = net_from_user(in.netns);
	if (IS_ERR(net))
		return PTR_ERR(net);
	err = itrace_observe_table(session, net, in.family, in.table, &in.ruleset);
	put_net(net);
	if (err)
		return err;
	return put_user(in.ruleset, &out->ruleset);
}

static int start(struct itrace_session *session)
{
	unsigned int kind;

	for (kind = IPTABLES_TRACE_ENTER; kind < ITRACE_KINDS; kind++)
		if (session->prog[kind])
			return itrace_session_start(session);
	return -ENODATA;
}

static int get_stats(struct itrace_session *session, void __user *arg, unsigned int cmd)
{
	struct iptables_trace_stats stats;

	itrace_session_stats(session, &stats);
	return struct_to_user(arg, &stats, sizeof(stats),
			      offsetof(struct iptables_trace_stats, packets_left_out), cmd);
}

/* The size in cmd may be another version's, all else has to be as defined. */
#define WITHOUT_SIZE(cmd)	((cmd) & ~(_IOC_SIZEMASK << _IOC_SIZESHIFT))

/* Under the session's lock. */
long itrace_control(struct itrace_session *session, unsigned int cmd, void __user *arg)
{
	if (_IOC_DIR(cmd) == _IOC_NONE && _IOC_SIZE(cmd))
		return -ENOTTY;
	switch (WITHOUT_SIZE(cmd)) {
	case WITHOUT_SIZE(IPTABLES_TRACE_GET_INFO):
		return get_info(arg, cmd);
	case WITHOUT_SIZE(IPTABLES_TRACE_GET_STATS):
		return get_stats(session, arg, cmd);
	case IPTABLES_TRACE_STOP:
		if (!session->running)
			return -EALREADY;
		itrace_session_stop(session);
		return 0;
	case WITHOUT_SIZE(IPTABLES_TRACE_SET_PROGRAMS):
		return session->running ? -EBUSY : set_programs(session, arg, cmd);
	case WITHOUT_SIZE(IPTABLES_TRACE_SET_FILTER):
		return session->running ? -EBUSY : set_filter(session, arg, cmd);
	case WITHOUT_SIZE(IPTABLES_TRACE_SET_NETNS):
		return session->running ? -EBUSY : set_netns(session, arg, cmd);
	case WITHOUT_SIZE(IPTABLES_TRACE_ADD_NETNS):
		return session->running ? -EBUSY : add_netns(session, arg, cmd);
	case WITHOUT_SIZE(IPTABLES_TRACE_SET_SELECT):
		return session->running ? -EBUSY : set_select(session, arg, cmd);
	case WITHOUT_SIZE(IPTABLES_TRACE_SET_MATCHES):
		return session->running ? -EBUSY : set_matches(session, arg, cmd);
	case WITHOUT_SIZE(IPTABLES_TRACE_SET_COSTS):
		return session->running ? -EBUSY : set_costs(session, arg, cmd);
	case WITHOUT_SIZE(IPTABLES_TRACE_SET_TRAVERSALS):
		return session->running ? -EBUSY : set_traversals(session, arg, cmd);
	case WITHOUT_SIZE(IPTABLES_TRACE_OBSERVE):
		return observe(session, arg, cmd);
	case IPTABLES_TRACE_START:
		return session->running ? -EBUSY : start(session);
	default:
		return -ENOTTY;
	}
}
