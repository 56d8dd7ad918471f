// SPDX-License-Identifier: GPL-2.0-only
/*
 * Expressions, compiled by libpcap.
 *
 * Not for link type RAW, whose packets are IPv4 or IPv6: its programs ask each packet which it is, and what they do with the
 * other family is in the way. A rule of iptables meets no IPv6, and one of ip6tables no IPv4. The link types IPV4 and
 * IPV6 are RAW without the question. libpcap itself decides what is constant then, so "not" and "or" keep their sense,
 * which they would not if "ip and (...)" were compiled.
 */
#include <stdlib.h>
#include <string.h>
#include <pcap/pcap.h>
#include <linux/filter.h>
#include <xtables.h>

#include "expression.h"
#include "last_code.h"
#include "library.h"
#include "xt_ebpf.h"

/* As tcpdump has it: what a program returns is how much of a packet is wanted, and 0 means no. */
#define SNAPLEN 262144

static struct {
	typeof(pcap_open_dead) *pcap_open_dead;
	typeof(pcap_compile) *pcap_compile;
	typeof(pcap_geterr) *pcap_geterr;
	typeof(pcap_freecode) *pcap_freecode;
	typeof(pcap_close) *pcap_close;
} use;

static void load_libpcap(void)
{
	static const struct library_symbol symbols[] = {
		LIBRARY_SYMBOL(use, pcap_open_dead),
		LIBRARY_SYMBOL(use, pcap_compile),
		LIBRARY_SYMBOL(use, pcap_geterr),
		LIBRARY_SYMBOL(use, pcap_freecode),
		LIBRARY_SYMBOL(use, pcap_close),
	};

	if (!use.pcap_close)
		library_load("libpcap.so.0.8", "libpcap0.8", "--expression", symbols,
			     sizeof(symbols) / sizeof(*symbols));
}

/* Loads from there are not of the packet, but of what Linux knows of it. */
static bool reads_ancillary_data(const struct bpf_insn *insn)
{
	return BPF_CLASS(insn->code) == BPF_LD && BPF_MODE(insn->code) == BPF_ABS &&
	       insn->k >= (__u32)SKF_AD_OFF && insn->k < (__u32)SKF_AD_OFF + SKF_AD_MAX;
}

static struct sock_filter *take(const struct bpf_program *program, const char *text)
{
	struct sock_filter *insns;
	unsigned int i;

	if (program->bf_len > XT_EBPF_MAX_INSNS)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: \"%s\" takes %u instructions, possible are %u; use a program with a map (--object-pinned)",
			      text, program->bf_len, XT_EBPF_MAX_INSNS);
	insns = xtables_calloc(program->bf_len, sizeof(*insns));
	for (i = 0; i < program->bf_len; i++) {
		const struct bpf_insn *insn = &program->bf_insns[i];

		if (reads_ancillary_data(insn))
			xtables_error(PARAMETER_PROBLEM,
				      "bpf: \"%s\": a rule knows no inbound, outbound or link layer; choose the chain, or -i and -o",
				      text);
		insns[i] = (struct sock_filter){
			.code = insn->code,
			.jt = insn->jt,
			.jf = insn->jf,
			.k = insn->k,
		};
	}
	return insns;
}

struct sock_filter *expression_compile(const char *text, unsigned int *num_insns)
{
	static struct last_code last;
	struct bpf_program program;
	struct sock_filter *insns;
	pcap_t *pcap;

	insns = last_code_of(&last, text, num_insns);
	if (insns)
		return insns;
	load_libpcap();
	pcap = use.pcap_open_dead(EXT_FAMILY == NFPROTO_IPV4 ? DLT_IPV4 : DLT_IPV6, SNAPLEN);
	if (!pcap)
		xtables_error(RESOURCE_PROBLEM, "bpf: no memory for libpcap");
	if (use.pcap_compile(pcap, &program, text, 1, PCAP_NETMASK_UNKNOWN) < 0)
		xtables_error(PARAMETER_PROBLEM, "bpf: \"%s\": %s; see pcap-filter(7)", text,
			      use.pcap_geterr(pcap));
	insns = take(&program, text);
	*num_insns = program.bf_len;
	use.pcap_freecode(&program);
	use.pcap_close(pcap);
	last_code_set(&last, text, insns, *num_insns);
	return insns;
}
