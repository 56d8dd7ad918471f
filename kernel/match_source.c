// SPDX-License-Identifier: GPL-2.0-only
/*
 * What users wrote for rules of revision 2: instructions, paths, expressions. Kept once for all rules of a network
 * namespace that say the same, together with the program that the kernel makes of instructions; so a thousand rules with
 * the same bytecode are one program, and a rule that iptables-legacy hands in again is not compiled again.
 *
 * Found by a keyed hash of the contents. It is also the number by which a rule names contents that are too long for it;
 * the key keeps a user of one namespace from guessing or making up numbers.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "match.h"

#define SOURCE_BITS	12

/* Under match_lock. */
static DEFINE_HASHTABLE(sources, SOURCE_BITS);
static siphash_key_t key __read_mostly;

int match_source_init(void)
{
	get_random_bytes(&key, sizeof(key));
	return 0;
}

/* What is wrong with the form of a blob, or NULL. From here on its lengths can be believed. */
const char *match_source_misfits(const struct xt_ebpf_info *info)
{
	unsigned int used = info->num_insns * sizeof(struct sock_filter) + info->text_len;

	if (info->flags & ~(XT_EBPF_F_INVERT | XT_EBPF_F_STORED) || info->reserved)
		return "it has a flag that is unknown";
	if (info->flags & XT_EBPF_F_STORED)
		used = sizeof(info->content);
	else if (used > sizeof(info->data) || (info->text_len && used == sizeof(info->data)))
		return "it says to be longer than it is";
	/* The zero that ends the text is one of these. */
	if (memchr_inv(info->data + used, 0, sizeof(info->data) - used))
		return "something follows its contents";
	return NULL;
}

/* What is wrong with contents that a user brings, or NULL. The text has a zero behind it. */
const char *match_source_fault(u16 kind, unsigned int num_insns, const u8 *text,
			       unsigned int text_len, const struct net *net)
{
	bool has_insns = kind == XT_EBPF_BYTECODE || kind == XT_EBPF_EXPRESSION;
	unsigned int max_insns = match_net_is_limited(net) ?
				 XT_EBPF_MAX_INSNS_UNPRIVILEGED : XT_EBPF_MAX_INSNS;
	/* An object has two texts. */
	unsigned int strings = kind == XT_EBPF_OBJECT ? 2 : kind == XT_EBPF_BYTECODE ? 0 : 1;
	unsigned int first = text_len ? strlen(text) : 0;

	if (kind < XT_EBPF_BYTECODE || kind > XT_EBPF_OBJECT)
		return "the source is none of bytecode, pinned, expression, object";
	if (has_insns ? !num_insns : num_insns)
		return "instructions are missing, or are there where none belong";
	if (num_insns > max_insns)
		return "more than 4096 instructions, or 64 outside of the initial user namespace";
	if (strings ? !text_len : text_len)
		return "the text is missing, or is there where none belongs";
	if (text_len > XT_EBPF_MAX_TEXT)
		return "the text is too long";
	if (strings == 1 && first != text_len)
		return "the text has a zero byte in it";
	if (strings == 2 && (first == text_len || first + 1 + strlen(text + first + 1) != text_len))
		return "an object is two texts with a zero byte in between";
	if (!has_insns && (text[0] != '/' || first >= PATH_MAX))
		return "the path is not absolute, or too long";
	return NULL;
}

static u64 id_of(const struct net *net, u16 kind, unsigned int num_insns, const void *insns,
		 unsigned int text_len, const u8 *text)
{
	u64 id = siphash_4u64((unsigned long)net, (u64)kind << 32 | num_insns,
			      siphash(insns, num_insns * sizeof(struct sock_filter), &key),
			      siphash(text, text_len, &key), &key);

	/* 0 is no number. */
	return id ? id : 1;
}

static bool has(const struct match_source *source, const struct net *net, u16 kind,
		unsigned int num_insns, const void *insns, unsigned int text_len, const u8 *text)
{
	return source->net == net && source->kind == kind && source->num_insns == num_insns &&
	       source->text_len == text_len &&
	       !memcmp(source->data, insns, num_insns * sizeof(struct sock_filter)) &&
	       !memcmp(match_source_text(source), text, text_len);
}

static struct match_source *create(const struct net *net, u16 kind, unsigned int num_insns,
				   const void *insns, unsigned int text_len, const u8 *text)
{
	size_t insns_size = num_insns * sizeof(struct sock_filter);
	struct match_source *source;
	int err;

	source = kvzalloc(sizeof(*source) + insns_size + text_len + 1, GFP_KERNEL_ACCOUNT);
	if (!source)
		return ERR_PTR(-ENOMEM);
	source->net = net;
	source->kind = kind;
	source->num_insns = num_insns;
	source->text_len = text_len;
	memcpy(source->data, insns, insns_size);
	memcpy(source->data + insns_size, text, text_len);
	INIT_LIST_HEAD(&source->holds);
	INIT_LIST_HEAD(&source->rules);

	if (num_insns) {
		struct sock_fprog_kern program = {
			.len = num_insns,
			.filter = (struct sock_filter *)source->data,
		};

		err = bpf_prog_create(&source->prog, &program);
		if (err) {
			kvfree(source);
			return ERR_PTR(err);
		}
	}
	return source;
}

static struct match_source *find(u64 id)
{
	struct match_source *source;

	lockdep_assert_held(&match_lock);
	hash_for_each_possible(sources, source, node, id)
		if (source->id == id)
			return source;
	return NULL;
}

/* These contents, found or made, with a reference. They have no fault. */
struct match_source *match_source_get(const struct net *net, u16 kind, unsigned int num_insns,
				      const void *insns, unsigned int text_len, const u8 *text)
{
	u64 id = id_of(net, kind, num_insns, insns, text_len, text);
	struct match_source *source = find(id);

	if (source) {
		/* Else two contents with one number: as likely as to guess it. */
		if (!has(source, net, kind, num_insns, insns, text_len, text))
			return ERR_PTR(-EEXIST);
		source->users++;
		return source;
	}

	source = create(net, kind, num_insns, insns, text_len, text);
	if (IS_ERR(source))
		return source;
	source->id = id;
	source->users = 1;
	hash_add(sources, &source->node, id);
	return source;
}

/* What the rule says, if anybody holds it, without a reference. Its form has been checked. */
struct match_source *match_source_find(const struct net *net, const struct xt_ebpf_info *info)
{
	u64 id = info->flags & XT_EBPF_F_STORED ? info->content :
		 id_of(net, info->source, info->num_insns, info->data, info->text_len,
		       match_source_text_in(info));
	struct match_source *source = find(id);

	return source && source->net == net && match_source_is(source, info) ? source : NULL;
}

/* Whether the rule says this. Its form has been checked. */
bool match_source_is(const struct match_source *source, const struct xt_ebpf_info *info)
{
	if (info->flags & XT_EBPF_F_STORED)
		return source->id == info->content && source->kind == info->source &&
		       source->num_insns == info->num_insns && source->text_len == info->text_len;
	return has(source, source->net, info->source, info->num_insns, info->data, info->text_len,
		   match_source_text_in(info));
}

void match_source_put(struct match_source *source)
{
	lockdep_assert_held(&match_lock);
	if (--source->users)
		return;
	hash_del(&source->node);
	/* No packet runs it: x_tables and nf_tables have waited for that before they let go of a rule. */
	if (source->prog)
		bpf_prog_destroy(source->prog);
	kvfree(source);
}
