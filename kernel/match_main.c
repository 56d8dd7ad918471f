// SPDX-License-Identifier: GPL-2.0-only
/*
 * xt_ebpf: the "bpf" match of iptables. See match.h for what is where.
 *
 * x_tables looks through the list of the rule's own family before it looks through NFPROTO_UNSPEC, where the in-tree
 * match lives. Registering for the families themselves therefore wins whatever was loaded first.
 */
#include <linux/module.h>

#include "match.h"
#include "version.h"

static int __init match_init(void)
{
	int err;

	err = match_source_init();
	if (err)
		return err;
	err = match_control_init();
	if (err)
		return err;
	err = match_v1_register();
	if (err)
		goto exit_control;
	err = match_v2_register();
	if (err)
		goto unregister_v1;
	return 0;

unregister_v1:
	match_v1_unregister();
exit_control:
	match_control_exit();
	return err;
}

static void __exit match_exit(void)
{
	match_v2_unregister();
	match_v1_unregister();
	match_control_exit();
}

module_init(match_init);
module_exit(match_exit);

MODULE_DESCRIPTION("Xtables: match packets by eBPF programs and classic BPF bytecode");
MODULE_AUTHOR("The iptables-ebpf developers");
MODULE_VERSION(IPTABLES_EBPF_VERSION);
MODULE_LICENSE("GPL");
/* The names that x_tables asks for by request_module(). */
MODULE_ALIAS("ipt_bpf");
MODULE_ALIAS("ip6t_bpf");
MODULE_ALIAS("ebt_bpf");
