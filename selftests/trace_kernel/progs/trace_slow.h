/* SPDX-License-Identifier: GPL-2.0-only */
/* A program that takes its time at the entry of each table: TURNS, which the including file defines, say how much. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("kprobe")
int enter(void *regs)
{
	__u64 x = bpf_ktime_get_ns();
	int i;

	for (i = 0; i < TURNS; i++) {
		x = x * 3 + i;
		barrier_var(x);
	}
	return x == 0;
}

char _license[] SEC("license") = "GPL";
