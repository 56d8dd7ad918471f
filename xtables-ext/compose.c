// SPDX-License-Identifier: GPL-2.0-only
/* From options to a rule: what they mean, whether the kernel's revision can say it, and then the data. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/netfilter/xt_bpf.h>

#include "bytecode.h"
#include "compose.h"
#include "draft.h"
#include "ethernet.h"
#include "expression.h"
#include "genl.h"
#include "invocation.h"
#include "libipt_bpf.h"
#include "live_expression.h"
#include "object.h"
#include "path.h"
#include "pinned.h"
#include "revision1.h"
#include "rule.h"
#include "show.h"

/* iptables-restore gives up at a longer line; half a kilobyte is for the rest of the rule. */
#define RESTORE_LINE_MAX 10239
#define RESTORE_LINE_REST 512

#define NEED_REVISION_2 \
	"needs revision 2 of the kernel's match; install iptables-ebpf and load its module (modprobe xt_ebpf)"

/* One match at work. What it points to is freed in the end. */
struct composition {
	struct composition *next;
	const struct draft *draft;
	struct invocation invocation;
	struct bpf_rule rule;
	struct sock_filter *insns;
	char *text;
	int fd;
};

static void refuse_what_revision_cannot_say(const struct draft *draft)
{
	const char *name = draft_option_name(draft->option);
	unsigned int revision = bpf_revision();

	if (revision >= XT_EBPF_REVISION)
		return;
	if (draft->option == EXPRESSION || draft->option == OBJECT_FILE)
		xtables_error(PARAMETER_PROBLEM, "bpf: %s " NEED_REVISION_2, name);
	if (draft->invert)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: option \"%s\" cannot be inverted: that " NEED_REVISION_2, name);
	if (draft->option == OBJECT_PINNED && revision == 0)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: --object-pinned needs revision 1 of the kernel's match; load its module (modprobe xt_ebpf)");
}

static void compose_bytecode(struct composition *c)
{
	struct bpf_rule *rule = &c->rule;

	if (bpf_revision() >= XT_EBPF_REVISION)
		c->insns = bytecode_parse(c->draft->value, XT_EBPF_MAX_INSNS,
					  "--object-pinned has no such limit", &rule->num_insns);
	else
		c->insns = bytecode_parse(c->draft->value, XT_BPF_MAX_NUM_INSTR,
					  "more " NEED_REVISION_2, &rule->num_insns);
	if (!invocation_searches(&c->invocation) &&
	    ethernet_suspected(c->insns, rule->num_insns))
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: this bytecode is for Ethernet frames and would match nothing, as a rule sees packets without a link-layer header; make it by tcpdump -y RAW -ddd EXPRESSION");
	rule->source = XT_EBPF_BYTECODE;
	rule->insns = c->insns;
}

static void compose_pinned(struct composition *c)
{
	c->rule.source = XT_EBPF_PINNED;
	c->text = path_make_absolute(c->draft->value, "--object-pinned");
	c->rule.text_len = strlen(c->text);
	c->rule.text = c->text;
	if (bpf_revision() < XT_EBPF_REVISION &&
	    c->rule.text_len >= sizeof(((struct xt_bpf_info_v1 *)0)->path))
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: \"%s\": a path of %u characters is too long, possible are %zu; a longer one "
			      NEED_REVISION_2,
			      c->text, c->rule.text_len,
			      sizeof(((struct xt_bpf_info_v1 *)0)->path) - 1);
	/* A rule is found, and deleted, by what was written, whether or not that is still there. */
	if (!invocation_searches(&c->invocation) && !invocation_translates())
		pinned_require(c->text);
}

/* As text it has to fit into one line of a saved ruleset. To libpcap it is all the same. */
static char *in_one_line(const char *text)
{
	char *line = strdup(text), *p;

	if (!line)
		xtables_error(RESOURCE_PROBLEM, "bpf: no memory for an expression");
	for (p = line; *p; p++)
		if (strchr("\t\n\r", *p))
			*p = ' ';
	return line;
}

static void compose_expression(struct composition *c)
{
	struct bpf_rule *rule = &c->rule;

	c->text = in_one_line(c->draft->value);
	if (!c->text[strspn(c->text, " ")])
		xtables_error(PARAMETER_PROBLEM, "bpf: --expression needs one; see pcap-filter(7)");
	rule->source = XT_EBPF_EXPRESSION;
	rule->text = c->text;
	rule->text_len = strlen(c->text);
	if (rule->text_len > XT_EBPF_MAX_TEXT)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: an expression of %u characters is too long, possible are %u; use a program with a map (--object-pinned)",
			      rule->text_len, XT_EBPF_MAX_TEXT);
	c->insns = expression_compile(c->text, &rule->num_insns);
	rule->insns = c->insns;
}

static void compose_object(struct composition *c)
{
	const char *program = c->draft->program ? c->draft->program : "";
	size_t size = strlen(program) + 1, len;

	/* The kernel's own names of programs are shorter than this; BTF's are not. */
	if (size > NAME_MAX)
		xtables_error(PARAMETER_PROBLEM, "bpf: --program: no program has so long a name");
	c->text = path_make_absolute(c->draft->value, "--object-file");
	len = strlen(c->text);
	c->text = xtables_realloc(c->text, len + 1 + size);
	memcpy(c->text + len + 1, program, size);
	c->rule.source = XT_EBPF_OBJECT;
	c->rule.text = c->text;
	c->rule.text_len = len + size;
	if (!invocation_searches(&c->invocation) && !invocation_translates())
		c->fd = object_load(c->text, program);
}

static void compose(struct composition *c)
{
	refuse_what_revision_cannot_say(c->draft);
	c->rule.text = "";
	c->rule.invert = c->draft->invert;
	switch (c->draft->option) {
	case BYTECODE:
		compose_bytecode(c);
		break;
	case OBJECT_PINNED:
		compose_pinned(c);
		break;
	case EXPRESSION:
		compose_expression(c);
		break;
	case OBJECT_FILE:
		compose_object(c);
		break;
	}
}

static void write_revision_0(const struct bpf_rule *rule, struct xt_entry_match *entry)
{
	struct xt_bpf_info *info = (void *)entry->data;

	entry->u.user.revision = 0;
	info->bpf_program_num_elem = rule->num_insns;
	memcpy(info->bpf_program, rule->insns, rule->num_insns * sizeof(*rule->insns));
}

/*
 * ip6tables-legacy 1.8.8 and 1.8.9 have the bytes that -C compares in the wrong place where another match follows: it sees
 * the handle, too. No other command does, and nobody else minds.
 */
static void help_check(const struct composition *c, struct xt_entry_match *entry)
{
	struct xt_ebpf_info *info = (void *)entry->data;
	__u64 handle;

	if (c->invocation.command != 'C' || EXT_FAMILY != NFPROTO_IPV6 || !invocation_is_legacy())
		return;
	genl_rule_exists(info, c->invocation.table, EXT_FAMILY, &handle);
	info->handle = handle;
}

static void look_for_text(struct composition *c, struct xt_entry_match *entry)
{
	unsigned int num_insns;
	struct sock_filter *insns;

	if (c->rule.source != XT_EBPF_EXPRESSION)
		return;
	insns = live_expression_find(&c->rule, entry, c->invocation.table, &num_insns);
	if (!insns)
		return;
	free(c->insns);
	c->insns = insns;
	c->rule.insns = insns;
	c->rule.num_insns = num_insns;
	rule_write(&c->rule, entry);
}

static void write_revision_2(struct composition *c)
{
	struct xt_entry_match *entry = *c->draft->match;
	struct xt_ebpf_info *info = (void *)entry->data;

	rule_write(&c->rule, entry);
	info->fd = c->fd;
	if (!invocation_searches(&c->invocation))
		return;
	look_for_text(c, entry);
	help_check(c, entry);
}

/* All matches of a rule are of the same revision. */
static bool should_be_revision_1(const struct composition *all)
{
	enum revision1_search search = REVISION_2;
	const struct composition *c;

	for (c = all; c; c = c->next)
		if (!revision1_can_say(&c->rule))
			return false;
	if (!invocation_searches(&all->invocation))
		return revision1_is_wanted();
	for (c = all; c && search != REVISION_1; c = c->next) {
		rule_write(&c->rule, *c->draft->match);
		search = revision1_search(&c->rule, *c->draft->match, c->invocation.table);
	}
	if (search == REVISION_EITHER)
		return invocation_misses(all->draft->argv, &all->invocation, 2);
	return search == REVISION_1;
}

static unsigned int choose_revision(const struct composition *all)
{
	unsigned int highest = bpf_revision();

	return highest == XT_EBPF_REVISION && should_be_revision_1(all) ? 1 : highest;
}

static void write(struct composition *c, unsigned int revision)
{
	if (revision && !invocation_searches(&c->invocation))
		revision1_remember(&c->rule, c->invocation.table, revision);
	if (revision == 0)
		write_revision_0(&c->rule, *c->draft->match);
	else if (revision == 1)
		revision1_write(&c->rule, *c->draft->match);
	else
		write_revision_2(c);
}

static void warn_if_not_restorable(const struct composition *c)
{
	size_t chars;

	if (invocation_searches(&c->invocation) ||
	    (c->rule.num_insns <= XT_BPF_MAX_NUM_INSTR && c->rule.text_len <= PATH_MAX))
		return;
	chars = show_saved_length(&c->rule);
	if (chars > RESTORE_LINE_MAX - RESTORE_LINE_REST)
		fprintf(stderr,
			"Warning: bpf: iptables-save writes this match in %zu characters, iptables-restore reads lines of %u; see --object-file\n",
			chars, RESTORE_LINE_MAX);
}

static struct composition *begin(const struct draft *draft, struct composition *next)
{
	struct composition *c = xtables_calloc(1, sizeof(*c));

	c->next = next;
	c->draft = draft;
	c->invocation = invocation_read(draft->argv);
	c->fd = -1;
	return c;
}

static struct composition *end(struct composition *c)
{
	struct composition *next = c->next;

	free(c->insns);
	free(c->text);
	free(c);
	return next;
}

void compose_rule(unsigned int flags)
{
	struct draft *drafts = draft_take_all(flags), *draft;
	struct composition *all = NULL, *c;
	unsigned int revision;

	if (!drafts)
		return;
	/* Drafts come the last first. */
	for (draft = drafts; draft; draft = draft->next)
		all = begin(draft, all);
	for (c = all; c; c = c->next) {
		compose(c);
		warn_if_not_restorable(c);
	}
	revision = choose_revision(all);
	for (c = all; c; c = c->next)
		write(c, revision);
	bpf_works_on(revision);
	while (all)
		all = end(all);
	while (drafts)
		drafts = draft_free(drafts);
}
