// SPDX-License-Identifier: GPL-2.0-only
/*
 * ext_options 4|6 [kernel=REVISION] [rule=0] [mode=MODE] [bytes] WORD...: gives the words after "-m bpf" to the
 * extension that libxtables finds (XTABLES_LIBDIR chooses), as iptables does, but without a kernel. Prints what the
 * extension lists for the rule and what it saves, a line each; with "bytes" only the bytes that -C and -D compare.
 *
 * kernel= is the highest revision that the kernel is said to have. rule=0 makes a rule of revision 0 of the bytecode
 * and shows it to the revision that parsed it, as iptables-nft does. mode= puts another mode into a rule of revision 1.
 *
 * Ends as iptables does: 2 for wrong options, 1 for other trouble; 3 if it is itself misused.
 */
#include <err.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter/xt_bpf.h>
#include <xtables.h>

#define MISUSED 3

static __attribute__((noreturn, format(printf, 2, 3)))
void fail(enum xtables_exittype status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fflush(stdout);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	exit(status);
}

static int kernel_revision = 255;

static int kernel_has_revision(const char *name, uint8_t revision, int option)
{
	(void)name;
	(void)option;
	return revision <= kernel_revision;
}

static struct option own_options[] = { { .name = NULL } };

static struct xtables_globals globals = {
	.program_name = "ext_options",
	.program_version = "1",
	.orig_opts = own_options,
	.exit_err = fail,
	.compat_rev = kernel_has_revision,
};

static struct xt_entry_match *new_entry(const struct xtables_match *match)
{
	struct xt_entry_match *entry = calloc(1, XT_ALIGN(sizeof(*entry)) + match->size);

	if (!entry)
		err(MISUSED, "calloc");
	entry->u.match_size = XT_ALIGN(sizeof(*entry)) + match->size;
	entry->u.user.revision = match->revision;
	strcpy(entry->u.user.name, match->name);
	return entry;
}

/* Both ways in which an extension can describe its options. */
static void add_options(struct xtables_match *match)
{
	unsigned int *offset = &match->option_offset;

	if (match->x6_options)
		globals.opts = xtables_options_xfrm(own_options, NULL, match->x6_options, offset);
	else
		globals.opts = xtables_merge_options(own_options, NULL, match->extra_opts, offset);
	if (!globals.opts)
		errx(MISUSED, "cannot merge options");
}

static void parse(struct xtables_match *match, int argc, char **argv)
{
	char no_rule[256] = "";
	int c, invert = 0;

	opterr = 0;
	optind = 1;
	/* The dash: words that are no options come in their place, as option 1. */
	while ((c = getopt_long(argc, argv, "-", globals.opts, NULL)) != -1) {
		if (c == 1 && !strcmp(optarg, "!")) {
			invert = 1;
			continue;
		}
		if (c == 1 || c == '?')
			fail(PARAMETER_PROBLEM, "unknown option \"%s\"", argv[optind - 1]);
		xtables_option_mpcall(c, argv, invert, match, no_rule);
		invert = 0;
	}
	xtables_option_mfcall(match);
}

static struct xt_entry_match *as_revision_0(const struct xt_entry_match *entry)
{
	const struct xt_bpf_info_v1 *v1 = (const void *)entry->data;
	struct xt_entry_match *copy = calloc(1, entry->u.match_size);
	struct xt_bpf_info *v0;

	if (!copy)
		err(MISUSED, "calloc");
	memcpy(copy, entry, sizeof(*entry));
	copy->u.user.revision = 0;
	v0 = (void *)copy->data;
	v0->bpf_program_num_elem = v1->bpf_program_num_elem;
	memcpy(v0->bpf_program, v1->bpf_program, sizeof(v0->bpf_program));
	return copy;
}

static void print_bytes(const unsigned char *data, size_t size)
{
	while (size--)
		printf("%02x", *data++);
	putchar('\n');
}

int main(int argc, char **argv)
{
	int rule_revision = -1, mode = -1, bytes = 0, used;
	const char *family = argv[1];
	struct xtables_match *match;

	if (argc < 2 || (strcmp(family, "4") && strcmp(family, "6")))
		errx(MISUSED, "4 or 6?");
	for (used = 1; used + 1 < argc; used++) {
		const char *word = argv[used + 1];

		if (!strcmp(word, "bytes"))
			bytes = 1;
		else if (sscanf(word, "kernel=%d", &kernel_revision) != 1 &&
			 sscanf(word, "rule=%d", &rule_revision) != 1 &&
			 sscanf(word, "mode=%d", &mode) != 1)
			break;
	}

	if (xtables_init_all(&globals, *family == '4' ? NFPROTO_IPV4 : NFPROTO_IPV6) < 0)
		errx(MISUSED, "xtables_init_all");
	match = xtables_find_match("bpf", XTF_LOAD_MUST_SUCCEED, NULL);
	match->m = new_entry(match);
	add_options(match);
	parse(match, argc - used, argv + used);
	if (mode >= 0)
		((struct xt_bpf_info_v1 *)match->m->data)->mode = mode;
	if (!rule_revision)
		match->m = as_revision_0(match->m);

	if (bytes) {
		print_bytes(match->m->data, match->userspacesize);
		return 0;
	}
	match->print(NULL, match->m, 0);
	putchar('\n');
	match->save(NULL, match->m);
	putchar('\n');
	return 0;
}
