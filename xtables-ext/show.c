// SPDX-License-Identifier: GPL-2.0-only
/*
 * Rules as text. The callbacks serve every revision: iptables-nft hands a rule of any revision to the highest one that it
 * knows.
 */
#include <linux/bpf.h>
#include <linux/netfilter/xt_bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bytecode.h"
#include "genl.h"
#include "show.h"
#include "word.h"

/* Linux 6.4: headers from before do not know it. */
#define PROG_TYPE_NETFILTER 32

static void save_bytecode(FILE *out, const struct bpf_rule *rule)
{
	char *text = bytecode_text(rule->insns, rule->num_insns);

	word_save(out, "--bytecode", text, WORD_QUOTED);
	free(text);
}

static void save_rule(FILE *out, const struct bpf_rule *rule)
{
	if (rule->invert)
		fputs(" !", out);
	switch (rule->source) {
	case XT_EBPF_BYTECODE:
		save_bytecode(out, rule);
		break;
	case XT_EBPF_PINNED:
		word_save(out, "--object-pinned", rule->text, 0);
		break;
	case XT_EBPF_EXPRESSION:
		word_save(out, "--expression", rule->text, WORD_QUOTED);
		break;
	case XT_EBPF_OBJECT:
		word_save(out, "--object-file", rule->text, 0);
		if (*rule_object_program(rule))
			word_save(out, "--program", rule_object_program(rule), 0);
		break;
	}
}

/* Of a rule that no option can express: what it has where the revisions say what they are. */
static unsigned int mode_of(const struct xt_entry_match *match)
{
	const struct xt_bpf_info_v1 *info = (const void *)match->data;

	return info->mode;
}

void show_save(const void *ip, const struct xt_entry_match *match)
{
	struct bpf_rule rule;

	if (!rule_read(match, &rule))
		/* Without its match the rule would be restored to match every packet. */
		xtables_error(OTHER_PROBLEM,
			      "unknown bpf mode: no option can express mode %u; delete that rule by its number (iptables -L --line-numbers)",
			      mode_of(match));
	save_rule(stdout, &rule);
}

size_t show_saved_length(const struct bpf_rule *rule)
{
	char *text;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	if (!out)
		xtables_error(RESOURCE_PROBLEM, "bpf: no memory for text");
	save_rule(out, rule);
	fclose(out);
	free(text);
	return len;
}

static void print_type(__u32 type)
{
	switch (type) {
	case BPF_PROG_TYPE_SOCKET_FILTER:
		printf(" type socket_filter");
		break;
	case PROG_TYPE_NETFILTER:
		printf(" type netfilter, accept = match");
		break;
	default:
		printf(" type %u", type);
		break;
	}
}

/* What runs by now: a program can be exchanged behind a rule. Classic programs have no number and no name. */
static void print_program(__u64 handle)
{
	struct genl_rule live;
	int i;

	if (!handle || !genl_rule(handle, &live) || !live.prog_id)
		return;
	printf(" (id %u", live.prog_id);
	if (live.prog_tag) {
		printf(" tag ");
		for (i = 0; i < 8; i++)
			printf("%02x", live.prog_tag[i]);
	}
	if (live.prog_name)
		printf(" name %s", live.prog_name);
	print_type(live.prog_type);
	putchar(')');
}

static void print_rule(const struct bpf_rule *rule)
{
	if (rule->invert)
		printf("! ");
	switch (rule->source) {
	case XT_EBPF_BYTECODE:
		bytecode_print(stdout, rule->insns, rule->num_insns);
		break;
	case XT_EBPF_PINNED:
		printf("pinned");
		word_print(stdout, rule->text, 0);
		break;
	case XT_EBPF_EXPRESSION:
		printf("expression");
		word_print(stdout, rule->text, WORD_QUOTED);
		break;
	case XT_EBPF_OBJECT:
		printf("object");
		word_print(stdout, rule->text, 0);
		if (*rule_object_program(rule)) {
			printf(" program");
			word_print(stdout, rule_object_program(rule), 0);
		}
		break;
	}
}

void show_print(const void *ip, const struct xt_entry_match *match, int numeric)
{
	struct bpf_rule rule;

	/* The space keeps it apart from what another match of the rule printed. */
	printf(" match bpf ");
	if (!rule_read(match, &rule)) {
		printf("unknown mode %u", mode_of(match));
		return;
	}
	print_rule(&rule);
	print_program(rule_handle(match));
}

/*
 * Whatever this returned but 0, iptables-translate would print a rule without the match, which applies to more packets.
 * With 0 it prints the command as a comment, its arguments without quotes; so here is the match as it would be saved.
 */
int show_translate(struct xt_xlate *xl, const struct xt_xlate_mt_params *params)
{
	struct bpf_rule rule;

	if (rule_read(params->match, &rule)) {
		printf("# nft cannot express: -m bpf");
		save_rule(stdout, &rule);
		putchar('\n');
	}
	return 0;
}
