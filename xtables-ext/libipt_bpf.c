// SPDX-License-Identifier: GPL-2.0-only
/*
 * The bpf match of iptables: options to rule data and back, for revisions 0 and 1 of the kernel's match.
 *
 * Built twice: as libipt_bpf.so for IPv4 and as libip6t_bpf.so for IPv6. libxtables tries these names before
 * libxt_bpf.so, so the extension that iptables came with needs no diversion.
 *
 * Options are a struct option table parsed by hand. libxtables could parse a table of struct xt_option_entry, but that
 * grew between iptables 1.8.9 and 1.8.11 without a new soname: an extension built for one crashes in the other.
 */
#include <getopt.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/netfilter/xt_bpf.h>
#include <xtables.h>

#include "bytecode.h"
#include "pinned.h"

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* iptables-restore, legacy and nft, gives up at a longer word. */
#define RESTORE_WORD_MAX 1023

/* Values of options are the bits that say which of them were given. */
enum {
	BYTECODE = 1 << 0,
	OBJECT_PINNED = 1 << 1,
};

static const struct option bpf_options[] = {
	{ .name = "bytecode", .has_arg = required_argument, .val = BYTECODE },
	{ .name = "object-pinned", .has_arg = required_argument, .val = OBJECT_PINNED },
	{ .name = NULL },
};

static void bpf_help(void)
{
	printf("bpf match options (iptables-ebpf " VERSION "):\n"
	       " --bytecode CODE       classic BPF in decimal, as tcpdump -y RAW -ddd prints it: the number of\n"
	       "                       instructions (1 to %u) and the instructions, after commas or line breaks\n"
	       " --object-pinned PATH  an eBPF program of type socket_filter, pinned in a BPF file system\n"
	       "A packet matches if the program returns anything but 0. See xt_ebpf(8).\n",
	       XT_BPF_MAX_NUM_INSTR);
}

static unsigned int parse_bytecode(const char *text, struct sock_filter *insns)
{
	unsigned int len = bytecode_parse(text, insns, XT_BPF_MAX_NUM_INSTR);
	unsigned int chars = bytecode_text_length(insns, len);

	if (chars > RESTORE_WORD_MAX)
		fprintf(stderr,
			"Warning: bpf: iptables-save writes this bytecode in %u characters, iptables-restore reads %u; see --object-pinned\n",
			chars, RESTORE_WORD_MAX);
	return len;
}

/*
 * Revision 1 carries the number of a file descriptor, though the kernel goes by the path alone. libxt_bpf leaves the
 * program open and stores the number that it got. -C and -D compare it, so they find such a rule only in a process that
 * has the same files open. Here it is a constant: the number that libxt_bpf gets in iptables -A or -I, which is 3 in
 * iptables-legacy, and 4 in iptables-nft, whose netlink socket is 3. Rules that libxt_bpf added are found as well.
 */
static int usual_descriptor(void)
{
	return xt_params->compat_rev == xtables_compatible_revision ? 3 : 4;
}

static void parse_pinned(const char *path, struct xt_bpf_info_v1 *info)
{
	pinned_set_path(info->path, sizeof(info->path), path);
	pinned_require(info->path);
	info->mode = XT_BPF_MODE_PATH_PINNED;
	info->fd = usual_descriptor();
}

static void accept_option(int option, int invert, unsigned int *seen)
{
	const char *name = option == BYTECODE ? "--bytecode" : "--object-pinned";

	if (invert)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: option \"%s\" cannot be inverted; change what the program returns",
			      name);
	if (*seen & option)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: option \"%s\" can be used only once; write -m bpf again for the second program",
			      name);
	if (*seen)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: --bytecode and --object-pinned exclude each other; write -m bpf again for the second");
	*seen |= option;
}

static int bpf_parse_v0(int option, char **argv, int invert, unsigned int *seen,
			const void *entry, struct xt_entry_match **match)
{
	struct xt_bpf_info *info = (void *)(*match)->data;

	accept_option(option, invert, seen);
	if (option == OBJECT_PINNED)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: --object-pinned needs revision 1 of the kernel's match; load its module (modprobe xt_ebpf)");
	info->bpf_program_num_elem = parse_bytecode(optarg, info->bpf_program);
	return 1;
}

static int bpf_parse_v1(int option, char **argv, int invert, unsigned int *seen,
			const void *entry, struct xt_entry_match **match)
{
	struct xt_bpf_info_v1 *info = (void *)(*match)->data;

	accept_option(option, invert, seen);
	if (option == OBJECT_PINNED) {
		parse_pinned(optarg, info);
	} else {
		info->mode = XT_BPF_MODE_BYTECODE;
		info->bpf_program_num_elem = parse_bytecode(optarg, info->bpf_program);
	}
	return 1;
}

static void bpf_final_check(unsigned int seen)
{
	if (!seen)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: one of --bytecode or --object-pinned is required");
}

static void save_bytecode(const struct sock_filter *insns, unsigned int len)
{
	printf(" --bytecode \"%u,", len);
	bytecode_print(insns, len);
	putchar('"');
}

/*
 * save and print serve both revisions: iptables-nft hands a rule of any revision to the highest one that it knows. The
 * kernel has checked the number of instructions and the end of the path.
 */
static void bpf_save(const void *ip, const struct xt_entry_match *match)
{
	const struct xt_bpf_info_v1 *v1 = (const void *)match->data;
	const struct xt_bpf_info *v0 = (const void *)match->data;

	if (match->u.user.revision == 0) {
		save_bytecode(v0->bpf_program, v0->bpf_program_num_elem);
	} else if (v1->mode == XT_BPF_MODE_BYTECODE) {
		save_bytecode(v1->bpf_program, v1->bpf_program_num_elem);
	} else if (v1->mode == XT_BPF_MODE_PATH_PINNED) {
		printf(" --object-pinned");
		pinned_print(v1->path);
	} else {
		/* Without its match the rule would be restored to match every packet. */
		xtables_error(OTHER_PROBLEM,
			      "unknown bpf mode: no option can express mode %u; delete that rule by its number (iptables -L --line-numbers)",
			      v1->mode);
	}
}

static void bpf_print(const void *ip, const struct xt_entry_match *match,
		      int numeric)
{
	const struct xt_bpf_info_v1 *v1 = (const void *)match->data;
	const struct xt_bpf_info *v0 = (const void *)match->data;

	/* The space keeps it apart from what another match of the rule printed. */
	printf(" match bpf ");
	if (match->u.user.revision == 0) {
		bytecode_print(v0->bpf_program, v0->bpf_program_num_elem);
	} else if (v1->mode == XT_BPF_MODE_BYTECODE) {
		bytecode_print(v1->bpf_program, v1->bpf_program_num_elem);
	} else if (v1->mode == XT_BPF_MODE_PATH_PINNED) {
		printf("pinned");
		pinned_print(v1->path);
	} else {
		printf("unknown mode %u", v1->mode);
	}
}

#define BPF_MATCH(rev, blob, parser)						\
	{									\
		.version	= XTABLES_VERSION,				\
		.name		= "bpf",					\
		.revision	= rev,						\
		.family		= EXT_FAMILY,					\
		.size		= XT_ALIGN(sizeof(blob)),			\
		.userspacesize	= XT_ALIGN(offsetof(blob, filter)),		\
		.help		= bpf_help,					\
		.parse		= parser,					\
		.final_check	= bpf_final_check,				\
		.print		= bpf_print,					\
		.save		= bpf_save,					\
		.extra_opts	= bpf_options,					\
	}

static struct xtables_match bpf_matches[] = {
	BPF_MATCH(0, struct xt_bpf_info, bpf_parse_v0),
	BPF_MATCH(1, struct xt_bpf_info_v1, bpf_parse_v1),
};

/* _init would take the place of the C library's own. */
__attribute__((constructor)) static void bpf_register(void)
{
	xtables_register_matches(bpf_matches, ARRAY_SIZE(bpf_matches));
}
