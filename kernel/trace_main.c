// SPDX-License-Identifier: GPL-2.0-only
/*
 * iptables_trace: which rules of iptables a packet meets, for BPF programs to hear.
 *
 * Loading it changes nothing and probes nothing: that begins with the first session that starts and ends with the last
 * one that stops. See trace.h for what is where.
 */
#include <linux/module.h>

#include "trace.h"
#include "version.h"

static int __init itrace_init(void)
{
	int err;

	err = itrace_sessions_init();
	if (err)
		return err;
	err = itrace_hooks_init();
	if (err)
		goto exit_sessions;
	err = itrace_device_init();
	if (err)
		goto exit_hooks;
	return 0;

exit_hooks:
	itrace_hooks_exit();
exit_sessions:
	itrace_sessions_exit();
	return err;
}

static void __exit itrace_exit(void)
{
	itrace_device_exit();
	itrace_hooks_exit();
	itrace_sessions_exit();
}

module_init(itrace_init);
module_exit(itrace_exit);

MODULE_DESCRIPTION("Traces packets through iptables tables and rules by BPF programs");
MODULE_AUTHOR("The iptables-ebpf developers");
MODULE_VERSION(IPTABLES_EBPF_VERSION);
MODULE_LICENSE("GPL");
