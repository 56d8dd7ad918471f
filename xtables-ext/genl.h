/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module's generic netlink family: one socket for the process, opened when first needed, closed by its end. It stays
 * open because what it stored lives as long as it does, until a rule holds it.
 */
#ifndef XTABLES_EXT_GENL_H
#define XTABLES_EXT_GENL_H

#include "rule.h"

/* A rule of revision 2 that lives in the kernel. Its parts are good until the next request. */
struct genl_rule {
	struct bpf_rule rule;
	const char *table;
	__u64 handle;
	__u8 family;
	bool is_here;		/* in a table of the back end that this process uses */
	__u32 prog_id;		/* 0: none, as a classic program */
	__u32 prog_type;		/* likewise */
	const __u8 *prog_tag;	/* 8 bytes, or NULL */
	const char *prog_name;		/* or NULL */
};

/* Each returns false if the kernel refused, or could not be asked; then genl_error() says why. */
bool genl_store(const struct bpf_rule *rule, __u64 *number);
bool genl_rule(__u64 handle, struct genl_rule *rule);

/*
 * Whether a rule with this blob lives in the table, of the back end that this process uses, and the handle of one. True,
 * with handle 0, if the kernel could not be asked.
 */
bool genl_rule_exists(const struct xt_ebpf_info *info, const char *table, __u8 family,
		      __u64 *handle);

/* Calls back for each rule of the network namespace, without instructions, until that returns false. */
bool genl_rules(bool (*each)(const struct genl_rule *rule, void *data), void *data);

const char *genl_error(void);

#endif
