// SPDX-License-Identifier: GPL-2.0-only
/*
 * Revisions 0 and 1 of the match "bpf", a drop-in for the kernel's own.
 *
 * They take the same blobs, return the same errors and decide the same as net/netfilter/xt_bpf.c (its file has not
 * changed from Linux 5.10 to 7.3 but for the name of a macro). The differences: a refusal says in the kernel log what was
 * wrong, and a program costs less to run and never runs where it could be migrated, which revision 0 of the in-tree
 * match allows on the nft output path.
 */
#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/module.h>
#include <linux/moduleparam.h>
#include <linux/skbuff.h>

#include "match.h"

/* How many rules of these revisions live: where there are none, nobody needs to look for one. */
static atomic_t rules;

static int get_rules(char *buffer, const struct kernel_param *param)
{
	return scnprintf(buffer, PAGE_SIZE, "%d\n", atomic_read(&rules));
}

static int set_rules(const char *value, const struct kernel_param *param)
{
	return -EPERM;
}

static const struct kernel_param_ops rules_ops = {
	.set	= set_rules,
	.get	= get_rules,
};

module_param_cb(revision1, &rules_ops, NULL, 0400);
MODULE_PARM_DESC(revision1, "how many rules of revisions 0 and 1 there are (read-only)");

/* The outcome of a check. */
static int counted(int err)
{
	if (!err)
		atomic_inc(&rules);
	return err;
}

static int prog_from_bytecode(const struct xt_mtchk_param *par, struct sock_filter *insns, u16 len,
			      struct bpf_prog **prog)
{
	struct sock_fprog_kern program = { .len = len, .filter = insns };
	int err;

	if (len > XT_BPF_MAX_NUM_INSTR) {
		match_explain(par, "bytecode of %u instructions, at most %u are taken", len,
			      XT_BPF_MAX_NUM_INSTR);
		return -EINVAL;
	}

	err = bpf_prog_create(prog, &program);
	if (err) {
		match_explain(par, "bytecode of %u instructions is not a valid classic BPF program (%pe)",
			      len, ERR_PTR(err));
		/* Whatever the reason: the in-tree match says EINVAL. */
		return -EINVAL;
	}
	return 0;
}

static int prog_from_pin(const struct xt_mtchk_param *par, const char *path, struct bpf_prog **prog)
{
	if (strnlen(path, XT_BPF_PATH_MAX) == XT_BPF_PATH_MAX) {
		match_explain(par, "path of the pinned program is longer than %zu bytes",
			      sizeof_field(struct xt_bpf_info_v1, path) - 1);
		return -EINVAL;
	}
	return match_prog_from_pin(par, path, false, prog);
}

static int ebpf_mt_check_v0(const struct xt_mtchk_param *par)
{
	struct xt_bpf_info *info = par->matchinfo;

	return counted(prog_from_bytecode(par, info->bpf_program, info->bpf_program_num_elem,
					  &info->filter));
}

static int prog_of(const struct xt_mtchk_param *par, struct xt_bpf_info_v1 *info)
{
	switch (info->mode) {
	case XT_BPF_MODE_BYTECODE:
		return prog_from_bytecode(par, info->bpf_program, info->bpf_program_num_elem,
					  &info->filter);
	case XT_BPF_MODE_FD_ELF:
		return match_prog_from_fd(par, info->fd, false, &info->filter);
	case XT_BPF_MODE_PATH_PINNED:
		return prog_from_pin(par, info->path, &info->filter);
	default:
		match_explain(par, "mode %u is unknown", info->mode);
		return -EINVAL;
	}
}

static int ebpf_mt_check_v1(const struct xt_mtchk_param *par)
{
	return counted(prog_of(par, par->matchinfo));
}

/* Anything out of the ordinary: a caller that can migrate, a program that uses skb->cb, run-time statistics switched on. */
static noinline bool ebpf_mt_careful(const struct bpf_prog *prog, const struct sk_buff *skb)
{
	return bpf_prog_run_save_cb(prog, (struct sk_buff *)skb);
}

/*
 * The packet path of both revisions; see the assertion in match_v1_register(). A call of the program and nothing else, as a
 * ruleset pays for this once per rule and packet.
 */
static bool ebpf_mt(const struct sk_buff *skb, struct xt_action_param *par)
{
	const struct xt_bpf_info_v1 *info = par->matchinfo;
	const struct bpf_prog *prog = info->filter;

	if (static_branch_unlikely(&bpf_stats_enabled_key) ||
	    unlikely(!match_stays_on_cpu() || prog->cb_access))
		return ebpf_mt_careful(prog, skb);

	return bpf_dispatcher_nop_func(skb, prog->insnsi, prog->bpf_func);
}

static void ebpf_mt_destroy(const struct xt_mtdtor_param *par)
{
	const struct xt_bpf_info_v1 *info = par->matchinfo;

	/* Frees a classic program, puts the reference on an eBPF one. */
	bpf_prog_destroy(info->filter);
	atomic_dec(&rules);
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

int match_v1_register(void)
{
	/* The packet path and the destructor read one field of either blob. */
	BUILD_BUG_ON(offsetof(struct xt_bpf_info, filter) !=
		     offsetof(struct xt_bpf_info_v1, filter));

	return xt_register_matches(ebpf_mt_reg, ARRAY_SIZE(ebpf_mt_reg));
}

void match_v1_unregister(void)
{
	xt_unregister_matches(ebpf_mt_reg, ARRAY_SIZE(ebpf_mt_reg));
}
