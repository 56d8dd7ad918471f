// SPDX-License-Identifier: GPL-2.0-only
/* The blobs of revisions 0, 1 and 2 as one thing. Only revision1.c writes the old ones. */
#include <string.h>
#include <linux/netfilter/xt_bpf.h>

#include "contents.h"
#include "rule.h"

void rule_write(const struct bpf_rule *rule, struct xt_entry_match *entry)
{
	struct xt_ebpf_info *info = (void *)entry->data;
	size_t insns_size = rule->num_insns * sizeof(*rule->insns);

	entry->u.user.revision = XT_EBPF_REVISION;
	memset(info, 0, sizeof(*info));
	info->source = rule->source;
	info->flags = rule->invert ? XT_EBPF_F_INVERT : 0;
	info->num_insns = rule->num_insns;
	info->text_len = rule->text_len;
	info->fd = -1;
	/* One byte more for the zero behind a text. */
	if (insns_size + rule->text_len + !!rule->text_len > sizeof(info->data)) {
		info->flags |= XT_EBPF_F_STORED;
		info->content = contents_store(rule);
		return;
	}
	if (insns_size)
		memcpy(info->data, rule->insns, insns_size);
	if (rule->text_len)
		memcpy(info->data + insns_size, rule->text, rule->text_len);
}

static bool read_revision_0(const struct xt_bpf_info *info, struct bpf_rule *rule)
{
	rule->source = XT_EBPF_BYTECODE;
	rule->insns = info->bpf_program;
	rule->num_insns = info->bpf_program_num_elem;
	return true;
}

/* The kernel has checked the number of instructions and the end of the path. */
static bool read_revision_1(const struct xt_bpf_info_v1 *info, struct bpf_rule *rule)
{
	switch (info->mode) {
	case XT_BPF_MODE_BYTECODE:
		rule->source = XT_EBPF_BYTECODE;
		rule->insns = info->bpf_program;
		rule->num_insns = info->bpf_program_num_elem;
		return true;
	case XT_BPF_MODE_PATH_PINNED:
		rule->source = XT_EBPF_PINNED;
		rule->text = info->path;
		rule->text_len = strlen(info->path);
		return true;
	default:
		return false;
	}
}

static bool read_revision_2(const struct xt_ebpf_info *info, struct bpf_rule *rule)
{
	if (info->source < XT_EBPF_BYTECODE || info->source > XT_EBPF_OBJECT)
		return false;
	rule->source = info->source;
	rule->invert = info->flags & XT_EBPF_F_INVERT;
	rule->num_insns = info->num_insns;
	rule->text_len = info->text_len;
	if (info->flags & XT_EBPF_F_STORED) {
		contents_get(info, rule);
		return true;
	}
	rule->insns = (const void *)info->data;
	if (rule->text_len)
		rule->text = (const char *)&rule->insns[rule->num_insns];
	return true;
}

bool rule_read(const struct xt_entry_match *entry, struct bpf_rule *rule)
{
	const void *info = entry->data;

	*rule = (struct bpf_rule){ .text = "" };
	switch (entry->u.user.revision) {
	case 0:
		return read_revision_0(info, rule);
	case 1:
		return read_revision_1(info, rule);
	case XT_EBPF_REVISION:
		return read_revision_2(info, rule);
	default:
		return false;
	}
}

__u64 rule_handle(const struct xt_entry_match *entry)
{
	const struct xt_ebpf_info *info = (const void *)entry->data;

	return entry->u.user.revision == XT_EBPF_REVISION ? info->handle : 0;
}
