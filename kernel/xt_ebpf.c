// SPDX-License-Identifier: GPL-2.0-only
/*
 * xt_ebpf: the "bpf" match of iptables, a drop-in for the kernel's own xt_bpf.
 *
 * Revisions 0 and 1 take the same blobs, return the same errors and decide the same as net/netfilter/xt_bpf.c (its file
 * has not changed from Linux 5.10 to 7.3 but for the name of a macro). The differences: a refusal says in the kernel log
 * what was wrong, and a program costs less to run and never runs where it could be migrated, which revision 0 of the
 * in-tree match allows on the nft output path.
 *
 * x_tables looks through the list of the rule's own family before it looks through NFPROTO_UNSPEC, where the in-tree
 * match lives. Registering for the families themselves therefore wins whatever was loaded first.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bpf.h>
#include <linux/err.h>
#include <linux/filter.h>
#include <linux/module.h>
#include <linux/preempt.h>
#include <linux/ratelimit.h>
#include <linux/skbuff.h>
#include <linux/netfilter/x_tables.h>
#include <linux/netfilter/xt_bpf.h>

#include "version.h"

/* One past any program type that a kernel knows: only an error message walks up to it. */
#define PROG_TYPE_BOUND 64

/*
 * Tells the administrator why a rule was refused: the error code that travels back through iptables cannot. Insertion
 * time only. A user namespace's root gets here too, hence the rate limit.
 */
static __printf(2, 3) void explain(const struct xt_mtchk_param *par, const char *fmt, ...)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);
	struct va_format reason;
	va_list args;

	if (!__ratelimit(&limit))
		return;

	va_start(args, fmt);
	reason.fmt = fmt;
	reason.va = &args;
	/* The name of an nftables table is any text that its owner likes. */
	pr_info("table %*pE: rule refused: %pV\n", (int)strlen(par->table), par->table, &reason);
	va_end(args);
}

/* The type of the program pinned at path, or 0 if no program is. */
static unsigned int pinned_type(const char *path)
{
	struct bpf_prog *prog;
	unsigned int type;

	for (type = 1; type < PROG_TYPE_BOUND; type++) {
		prog = bpf_prog_get_type_path(path, type);
		if (!IS_ERR(prog)) {
			bpf_prog_put(prog);
			return type;
		}
		/* Any other error will be the same for every type. */
		if (PTR_ERR(prog) != -EINVAL)
			break;
	}
	return 0;
}

static int prog_from_bytecode(const struct xt_mtchk_param *par, struct sock_filter *insns, u16 len,
			      struct bpf_prog **prog)
{
	struct sock_fprog_kern program = { .len = len, .filter = insns };
	int err;

	if (len > XT_BPF_MAX_NUM_INSTR) {
		explain(par, "bytecode of %u instructions, at most %u are taken", len,
			XT_BPF_MAX_NUM_INSTR);
		return -EINVAL;
	}

	err = bpf_prog_create(prog, &program);
	if (err) {
		explain(par, "bytecode of %u instructions is not a valid classic BPF program (%pe)",
			len, ERR_PTR(err));
		/* Whatever the reason: the in-tree match says EINVAL. */
		return -EINVAL;
	}
	return 0;
}

static int prog_from_fd(const struct xt_mtchk_param *par, int fd, struct bpf_prog **ret)
{
	struct bpf_prog *prog = bpf_prog_get_type(fd, BPF_PROG_TYPE_SOCKET_FILTER);

	if (IS_ERR(prog)) {
		explain(par, "file descriptor %d is not a BPF program of type socket_filter (%pe)",
			fd, prog);
		return PTR_ERR(prog);
	}
	*ret = prog;
	return 0;
}

static int prog_from_pin(const struct xt_mtchk_param *par, const char *path, struct bpf_prog **ret)
{
	struct bpf_prog *prog;
	unsigned int type;

	if (strnlen(path, XT_BPF_PATH_MAX) == XT_BPF_PATH_MAX) {
		explain(par, "path of the pinned program is longer than %zu bytes",
			sizeof_field(struct xt_bpf_info_v1, path) - 1);
		return -EINVAL;
	}

	prog = bpf_prog_get_type_path(path, BPF_PROG_TYPE_SOCKET_FILTER);
	if (!IS_ERR(prog)) {
		*ret = prog;
		return 0;
	}

	type = PTR_ERR(prog) == -EINVAL ? pinned_type(path) : 0;
	if (type)
		explain(par, "program at %*pE is of BPF program type %u, needed is %u (socket_filter)",
			(int)strlen(path), path, type, BPF_PROG_TYPE_SOCKET_FILTER);
	else
		explain(par, "no BPF program can be taken from %*pE (%pe)",
			(int)strlen(path), path, prog);
	return PTR_ERR(prog);
}

static int ebpf_mt_check_v0(const struct xt_mtchk_param *par)
{
	struct xt_bpf_info *info = par->matchinfo;

	return prog_from_bytecode(par, info->bpf_program, info->bpf_program_num_elem,
				  &info->filter);
}

static int ebpf_mt_check_v1(const struct xt_mtchk_param *par)
{
	struct xt_bpf_info_v1 *info = par->matchinfo;

	switch (info->mode) {
	case XT_BPF_MODE_BYTECODE:
		return prog_from_bytecode(par, info->bpf_program, info->bpf_program_num_elem,
				     &info->filter);
	case XT_BPF_MODE_FD_ELF:
		return prog_from_fd(par, info->fd, &info->filter);
	case XT_BPF_MODE_PATH_PINNED:
		return prog_from_pin(par, info->path, &info->filter);
	default:
		explain(par, "mode %u is unknown", info->mode);
		return -EINVAL;
	}
}

/*
 * Whether the caller already keeps this task on its CPU, as a BPF program needs. ip_tables, ip6_tables and everything in
 * softirq do; nf_tables on the output path of a process does not. On PREEMPT_RT softirqs are off without a trace in
 * preempt_count(), and turning them off holds a lock that forbids migration.
 */
static __always_inline bool stays_on_cpu(void)
{
	return preempt_count() || (IS_ENABLED(CONFIG_PREEMPT_RT) && softirq_count());
}

/* Anything out of the ordinary: a caller that can migrate, a program that uses skb->cb, run-time statistics switched on. */
static noinline bool ebpf_mt_careful(const struct bpf_prog *prog, const struct sk_buff *skb)
{
	return bpf_prog_run_save_cb(prog, (struct sk_buff *)skb);
}

/*
 * The packet path of both revisions; see the assertion in ebpf_mt_init(). A call of the program and nothing else, as a
 * ruleset pays for this once per rule and packet.
 */
static bool ebpf_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_bpf_info_v1 *info = par->matchinfo;
	const struct bpf_prog *prog = info->filter;

	if (static_branch_unlikely(&bpf_stats_enabled_key) ||
	    unlikely(!stays_on_cpu() || prog->cb_access))
		return ebpf_mt_careful(prog, skb);

	return bpf_dispatcher_nop_func(skb, prog->insnsi, prog->bpf_func);
}

static void ebpf_mt_destroy(const struct xt_mtdtor_param *par)
{
	const struct xt_bpf_info_v1 *info = par->matchinfo;

	/* Frees a classic program, puts the reference on an eBPF one. */
	bpf_prog_destroy(info->filter);
}

#define EBPF_MT(fam, rev, check, blob)			\
	{						\
		.name		= "bpf",		\
		.revision	= rev,			\
		.family		= fam,			\
		.checkentry	= check,		\
		.match		= ebpf_mt,		\
		.destroy	= ebpf_mt_destroy,	\
		.matchsize	= sizeof(blob),		\
		.usersize	= offsetof(blob, filter), \
		.me		= THIS_MODULE,		\
	}

#define EBPF_MT_REVISIONS(fam)						\
	EBPF_MT(fam, 0, ebpf_mt_check_v0, struct xt_bpf_info),		\
	EBPF_MT(fam, 1, ebpf_mt_check_v1, struct xt_bpf_info_v1)

/* Legacy tables are IPV4 and IPV6; nft_compat asks for the family of the nft table, ebtables for BRIDGE. */
static struct xt_match ebpf_mt_reg[] __read_mostly = {
	EBPF_MT_REVISIONS(NFPROTO_IPV4),
	EBPF_MT_REVISIONS(NFPROTO_IPV6),
	EBPF_MT_REVISIONS(NFPROTO_INET),
	EBPF_MT_REVISIONS(NFPROTO_BRIDGE),
};

static int __init ebpf_mt_init(void)
{
	/* The packet path and the destructor read one field of either blob. */
	BUILD_BUG_ON(offsetof(struct xt_bpf_info, filter) !=
		     offsetof(struct xt_bpf_info_v1, filter));

	return xt_register_matches(ebpf_mt_reg, ARRAY_SIZE(ebpf_mt_reg));
}

static void __exit ebpf_mt_exit(void)
{
	xt_unregister_matches(ebpf_mt_reg, ARRAY_SIZE(ebpf_mt_reg));
}

module_init(ebpf_mt_init);
module_exit(ebpf_mt_exit);

MODULE_DESCRIPTION("Xtables: match packets by eBPF programs and classic BPF bytecode");
MODULE_AUTHOR("The iptables-ebpf developers");
MODULE_VERSION(IPTABLES_EBPF_VERSION);
MODULE_LICENSE("GPL");
/* The names that x_tables asks for by request_module(). */
MODULE_ALIAS("ipt_bpf");
MODULE_ALIAS("ip6t_bpf");
MODULE_ALIAS("ebt_bpf");
