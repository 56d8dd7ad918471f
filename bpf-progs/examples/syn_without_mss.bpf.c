// SPDX-License-Identifier: GPL-2.0-only
/*
 * syn_without_mss: matches the first packet of a TCP connection (SYN, but not ACK, RST or FIN) that does not tell its
 * maximum segment size. Every common system tells it; many tools that flood or scan do not. It stands for
 * `-p tcp --syn -m tcp ! --tcp-option 2`, but is not fooled by options that are no options: what comes after the end of
 * the list, within another option, or behind a length that cannot be, and an MSS of another length than four bytes, do
 * not count as telling it.
 *
 * IPv4 and IPv6, with options and extension headers. Packets whose TCP header is not all there do not match: nobody knows
 * what they would have told. The map `packets` counts what matched, CPU by CPU.
 *
 * Try it:
 *
 *	iptables-bpf load syn_without_mss.bpf.o /sys/fs/bpf/syn_without_mss
 *	iptables -t raw -A PREROUTING -p tcp -m bpf --object-pinned /sys/fs/bpf/syn_without_mss -j DROP
 *	iptables-bpf map /sys/fs/bpf/syn_without_mss get 0
 */
#include "tcp_options.bpf.h"

#define MSS_LENGTH 4

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

static __always_inline int tells_mss(struct __sk_buff *skb, struct tcp_options *options)
{
	struct tcp_option_found found;

	for (int i = 0; i < TCP_OPTIONS_MOST; i++) {
		if (next_tcp_option(skb, options, &found) != TCP_OPTIONS_OPTION ||
		    found.kind == TCP_OPTION_END)
			return 0;
		if (found.kind == TCP_OPTION_MSS && found.length == MSS_LENGTH)
			return 1;
	}
	return 0;
}

SEC("socket")
int syn_without_mss(struct __sk_buff *skb)
{
	struct tcp_options options;
	struct headers headers;
	struct tcphdr tcp;
	__u32 zero = 0;
	__u64 *count;

	if (find_transport(skb, &headers) || headers.protocol != IPPROTO_TCP ||
	    load_before(skb, headers.end, headers.transport, &tcp, sizeof(tcp)))
		return 0;
	if (!tcp.syn || tcp.ack || tcp.rst || tcp.fin || tcp.doff < 5)
		return 0;
	options.at = headers.transport + sizeof(tcp);
	options.end = headers.transport + tcp.doff * 4;
	if (options.end > headers.end || tells_mss(skb, &options))
		return 0;
	count = bpf_map_lookup_elem(&packets, &zero);
	if (count)
		*count += 1;
	return 1;
}

char _license[] SEC("license") = "GPL";
