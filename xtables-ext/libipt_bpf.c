// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bpf match of iptables: options to rule data and back, for revisions 0, 1 and 2 of the kernel's match.
 *
 * Built twice: as libipt_bpf.so for IPv4 and as libip6t_bpf.so for IPv6. libxtables tries these names before
 * libxt_bpf.so, so the extension that iptables came with needs no diversion.
 */
#include <stdbool.h>
#include <stdio.h>
/* The C library's networking headers before the kernel's. */
#include <xtables.h>
#include <linux/netfilter/xt_bpf.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include "compose.h"
#include "draft.h"
#include "libipt_bpf.h"
#include "module.h"
#include "show.h"
#include "xt_ebpf.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static void bpf_help(void)
{
	printf("bpf match options (iptables-ebpf " VERSION "):\n"
	       "[!] --object-pinned PATH   an eBPF program that is pinned in a BPF file system\n"
	       "[!] --bytecode CODE        classic BPF in decimal, as tcpdump -y RAW -ddd prints it: the number of\n"
	       "                           instructions (1 to %u) and the instructions, after commas or line breaks\n"
	       "[!] --expression TEXT      what tcpdump would show: pcap-filter(7), compiled for this family\n"
	       "[!] --object-file FILE     an eBPF program of an ELF object, loaded for the rule\n"
	       "    --program NAME         which one, if the object has more\n"
	       "A packet matches if the program returns anything but 0; one of type netfilter, if it accepts.\n"
	       "The kernel's own match (revision 1) takes --object-pinned and %u instructions, and no !.\n"
	       "See xt_ebpf(8).\n",
	       XT_EBPF_MAX_INSNS, XT_BPF_MAX_NUM_INSTR);
}

#define BPF_MATCH(rev, blob, compared)						\
	{									\
		.version	= XTABLES_VERSION,				\
		.name		= "bpf",					\
		.revision	= rev,						\
		.family		= EXT_FAMILY,					\
		.size		= XT_ALIGN(sizeof(blob)),			\
		.userspacesize	= compared,					\
		.help		= bpf_help,					\
		.parse		= draft_parse,					\
		.final_check	= compose_rule,					\
		.print		= show_print,					\
		.save		= show_save,					\
		.xlate		= show_translate,				\
		.extra_opts	= bpf_options,					\
	}

/* The lowest first. */
static struct xtables_match bpf_matches[] = {
	BPF_MATCH(0, struct xt_bpf_info, XT_ALIGN(offsetof(struct xt_bpf_info, filter))),
	BPF_MATCH(1, struct xt_bpf_info_v1, XT_ALIGN(offsetof(struct xt_bpf_info_v1, filter))),
	BPF_MATCH(XT_EBPF_REVISION, struct xt_ebpf_info, XT_EBPF_COMPARED),
};

static struct xtables_match *preferred;
static unsigned int highest;

unsigned int bpf_revision(void)
{
	return highest;
}

void bpf_works_on(unsigned int revision)
{
	preferred->revision = revision;
}

static bool kernel_has_revision_2(void)
{
	return xt_params->compat_rev("bpf", XT_EBPF_REVISION,
				     EXT_FAMILY == NFPROTO_IPV4 ? IPT_SO_GET_REVISION_MATCH :
								  IP6T_SO_GET_REVISION_MATCH);
}

/*
 * iptables-legacy shows a rule of another revision only by an extension that stands behind the preferred one in libxtables'
 * list. libxtables itself puts none there but forgets them: a table with rules of revision 1 would be saved as
 * "[unsupported revision]". So they are put there, once libxtables has chosen.
 */
static void keep_older_revisions(void)
{
	struct xtables_match *match = xtables_find_match("bpf", XTF_DURING_LOAD, NULL);

	if (match < bpf_matches || match >= bpf_matches + ARRAY_SIZE(bpf_matches))
		return;
	preferred = match;
	highest = match->revision;
	for (; match > bpf_matches; match--) {
		match[-1].next = match->next;
		match->next = &match[-1];
	}
}

/*
 * _init would take the place of the C library's own. libxtables 1.8.9 warns of a revision that is registered and not in
 * the kernel each time that it looks for the match.
 */
__attribute__((constructor)) static void bpf_register(void)
{
	module_load();
	xtables_register_matches(bpf_matches,
				 ARRAY_SIZE(bpf_matches) - !kernel_has_revision_2());
	keep_older_revisions();
}
