/* SPDX-License-Identifier: GPL-2.0-only */
/* A probe in the kernel. */
#ifndef _IPTABLES_TRACE_HOOK_H
#define _IPTABLES_TRACE_HOOK_H

#include <linux/kprobes.h>
#include <linux/types.h>

/*
 * Of a function's entry alone (at_entry), or of its entry and return (on_enter, on_leave). With all three, at_entry comes first
 * and says by itrace_hook_follow() which calls the rest is for. One with needed is set while it is needed; one that diverts
 * may have the function do nothing.
 */
struct itrace_hook {
	u32 which;			/* 0: ours, of no interest to anybody else */
	const char *function;
	const char *module;		/* that has it; NULL: the kernel itself */

	kprobe_pre_handler_t at_entry;
	kretprobe_handler_t on_enter;
	kretprobe_handler_t on_leave;
	size_t data_size;
	bool (*needed)(void);
	bool diverts;

	bool in_place;
	bool stuck;			/* the kernel could not remove it */
	struct kretprobe probe;		/* or its kp alone */
	u64 missed_entries;		/* while it was at the function on earlier occasions */
	u64 missed_returns;
};

int itrace_hook_set(struct itrace_hook *hook);
void itrace_hook_remove(struct itrace_hook *hook);
u64 itrace_hook_settle(struct itrace_hook *hook);

#endif /* _IPTABLES_TRACE_HOOK_H */
