// SPDX-License-Identifier: GPL-2.0-only
/* A program of type netfilter (Linux 6.4), which libbpf 1.1 does not know by its section. Accepts, so a rule matches. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("netfilter")
int netfilter_accept(void *ctx)
{
	return 1;
}

char _license[] SEC("license") = "GPL";
