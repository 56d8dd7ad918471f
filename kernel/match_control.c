// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generic netlink: what does not fit into a rule's blob. The commands are described in uapi/xt_ebpf.h.
 *
 * A socket that stores contents holds them until it is closed, however its process ends; rules hold theirs themselves.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/notifier.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <net/genetlink.h>
#include <net/netlink.h>
#include <net/sock.h>

#include "match.h"

/* A socket that holds stored contents. By its port: all netlink sockets of the machine pass by when they are closed. */
struct holder {
	struct hlist_node node;
	const struct net *net;		/* compared, never followed */
	u32 portid;
	struct list_head holds;
};

/* Its share in some of them. */
struct hold {
	struct list_head of_source;
	struct list_head of_holder;
	struct match_source *source;
	struct holder *holder;
};

/* Under match_lock. */
static DEFINE_HASHTABLE(holders, 8);

static struct genl_family family;

static const struct nla_policy policy[XT_EBPF_A_MAX + 1] = {
	[XT_EBPF_A_SOURCE]	= { .type = NLA_U16 },
	[XT_EBPF_A_INSNS]	= { .type = NLA_BINARY,
				    .len = XT_EBPF_MAX_INSNS * sizeof(struct sock_filter) },
	[XT_EBPF_A_TEXT]	= { .type = NLA_BINARY, .len = XT_EBPF_MAX_TEXT },
	[XT_EBPF_A_HANDLE]	= { .type = NLA_U64 },
	[XT_EBPF_A_BLOB]	= NLA_POLICY_EXACT_LEN(XT_EBPF_COMPARED),
	[XT_EBPF_A_TABLE]	= { .type = NLA_NUL_STRING },
	[XT_EBPF_A_FAMILY]	= { .type = NLA_U8 },
	[XT_EBPF_A_PROG_ID]	= { .type = NLA_U32 },
	[XT_EBPF_A_FD]		= { .type = NLA_S32 },
	[XT_EBPF_A_BACK_END]	= NLA_POLICY_RANGE(NLA_U8, XT_EBPF_LEGACY, XT_EBPF_NFT),
};

static struct holder *find_holder(const struct net *net, u32 portid)
{
	struct holder *holder;

	lockdep_assert_held(&match_lock);
	hash_for_each_possible(holders, holder, node, portid)
		if (holder->portid == portid && holder->net == net)
			return holder;
	return NULL;
}

static struct holder *get_holder(const struct net *net, u32 portid)
{
	struct holder *holder = find_holder(net, portid);

	if (holder)
		return holder;
	holder = kzalloc(sizeof(*holder), GFP_KERNEL_ACCOUNT);
	if (!holder)
		return NULL;
	holder->net = net;
	holder->portid = portid;
	INIT_LIST_HEAD(&holder->holds);
	hash_add(holders, &holder->node, portid);
	return holder;
}

static void let_go(struct hold *hold)
{
	list_del(&hold->of_source);
	list_del(&hold->of_holder);
	match_source_put(hold->source);
	kfree(hold);
}

static void drop_holder(struct holder *holder)
{
	struct hold *hold, *next;

	list_for_each_entry_safe(hold, next, &holder->holds, of_holder) {
		let_go(hold);
		cond_resched();
	}
	hash_del(&holder->node);
	kfree(holder);
}

/* The socket holds the contents from now on; their reference is taken over. */
static int hold(struct match_source *source, u32 portid)
{
	struct holder *holder = get_holder(source->net, portid);
	struct hold *hold;

	if (!holder)
		return -ENOMEM;
	list_for_each_entry(hold, &source->holds, of_source) {
		if (hold->holder == holder) {
			match_source_put(source);
			return 0;
		}
	}

	hold = kzalloc(sizeof(*hold), GFP_KERNEL_ACCOUNT);
	if (!hold) {
		if (list_empty(&holder->holds))
			drop_holder(holder);
		return -ENOMEM;
	}
	hold->source = source;
	hold->holder = holder;
	list_add(&hold->of_source, &source->holds);
	list_add(&hold->of_holder, &holder->holds);
	return 0;
}

/* Any netlink socket is closed. Its port is free already, and may be another's by now, who then has to store anew. */
static int socket_closed(struct notifier_block *block, unsigned long event, void *data)
{
	const struct netlink_notify *closed = data;
	struct holder *holder;

	/* What this socket has stored is to be seen already. */
	if (event != NETLINK_URELEASE || closed->protocol != NETLINK_GENERIC ||
	    hlist_empty(&holders[hash_min(closed->portid, HASH_BITS(holders))]))
		return NOTIFY_DONE;

	mutex_lock(&match_lock);
	holder = find_holder(closed->net, closed->portid);
	if (holder)
		drop_holder(holder);
	mutex_unlock(&match_lock);
	return NOTIFY_OK;
}

static struct notifier_block netlink_notifier = {
	.notifier_call = socket_closed,
};

/* Begins the answer to a command, in a message with room for size bytes of attributes. */
static struct sk_buff *answer(struct genl_info *info, u8 command, size_t size, void **header)
{
	struct sk_buff *message = genlmsg_new(size, GFP_KERNEL);

	if (!message)
		return NULL;
	*header = genlmsg_put_reply(message, info, &family, 0, command);
	if (*header)
		return message;
	nlmsg_free(message);
	return NULL;
}

static struct match_source *store(struct genl_info *info, const char **fault)
{
	struct nlattr *insns = info->attrs[XT_EBPF_A_INSNS];
	struct nlattr *text = info->attrs[XT_EBPF_A_TEXT];
	unsigned int num_insns = insns ? nla_len(insns) / sizeof(struct sock_filter) : 0;
	unsigned int text_len = text ? nla_len(text) : 0;
	u16 kind = nla_get_u16(info->attrs[XT_EBPF_A_SOURCE]);
	struct net *net = genl_info_net(info);
	struct match_source *source;
	u8 *copy;
	int err;

	if (insns && nla_len(insns) % sizeof(struct sock_filter)) {
		*fault = "a part of an instruction is missing";
		return ERR_PTR(-EINVAL);
	}
	/* With the zero behind it that it does not have in the message. */
	copy = kmalloc(text_len + 1, GFP_KERNEL);
	if (!copy)
		return ERR_PTR(-ENOMEM);
	if (text)
		memcpy(copy, nla_data(text), text_len);
	copy[text_len] = '\0';

	*fault = match_source_fault(kind, num_insns, copy, text_len, net);
	if (*fault) {
		source = ERR_PTR(-EINVAL);
		goto out;
	}
	source = match_source_get(net, kind, num_insns, insns ? nla_data(insns) : copy, text_len,
				  copy);
	if (IS_ERR(source)) {
		if (PTR_ERR(source) == -EINVAL)
			*fault = "this is not a valid classic BPF program";
		goto out;
	}
	err = hold(source, info->snd_portid);
	if (err) {
		match_source_put(source);
		source = ERR_PTR(err);
	}
out:
	kfree(copy);
	return source;
}

static int store_doit(struct sk_buff *request, struct genl_info *info)
{
	struct match_source *source;
	const char *fault = NULL;
	struct sk_buff *message;
	void *header;
	u64 id = 0;

	if (!info->attrs[XT_EBPF_A_SOURCE]) {
		NL_SET_ERR_MSG(info->extack, "what is to be stored (SOURCE) is missing");
		return -EINVAL;
	}

	message = answer(info, XT_EBPF_CMD_STORE, nla_total_size_64bit(sizeof(u64)), &header);
	if (!message)
		return -ENOMEM;
	mutex_lock(&match_lock);
	source = store(info, &fault);
	if (!IS_ERR(source))
		id = source->id;
	/* From here on it may be gone: see socket_closed(). */
	mutex_unlock(&match_lock);
	if (IS_ERR(source)) {
		if (fault && info->extack)
			info->extack->_msg = fault;
		nlmsg_free(message);
		return PTR_ERR(source);
	}
	nla_put_u64_64bit(message, XT_EBPF_A_CONTENT, id, XT_EBPF_A_PAD);
	genlmsg_end(message, header);
	return genlmsg_reply(message, info);
}

static int put_prog(struct sk_buff *message, const struct bpf_prog *prog, bool classic)
{
	if (nla_put_u32(message, XT_EBPF_A_PROG_TYPE, classic ? 0 : prog->type))
		return -EMSGSIZE;
	if (classic)
		return 0;
	if (nla_put_u32(message, XT_EBPF_A_PROG_ID, prog->aux->id) ||
	    nla_put(message, XT_EBPF_A_PROG_TAG, sizeof(prog->tag), prog->tag))
		return -EMSGSIZE;
	return prog->aux->name[0] ?
	       nla_put_string(message, XT_EBPF_A_PROG_NAME, prog->aux->name) : 0;
}

static int put_u64(struct sk_buff *message, int attribute, u64 value)
{
	return nla_put_u64_64bit(message, attribute, value, XT_EBPF_A_PAD);
}

static int put_numbers(struct sk_buff *message, const struct xt_ebpf_rule *rule)
{
	struct match_numbers sum;

	if (!rule->numbers)
		return 0;
	match_numbers_sum(rule, &sum);
	return put_u64(message, XT_EBPF_A_RUNS, sum.runs) ?:
	       put_u64(message, XT_EBPF_A_MATCHES, sum.matches) ?:
	       put_u64(message, XT_EBPF_A_NANOSECONDS, sum.nanoseconds);
}

static int put_rule(struct sk_buff *message, const struct xt_ebpf_rule *rule, bool with_insns)
{
	const struct match_source *source = rule->source;

	if (put_u64(message, XT_EBPF_A_HANDLE, rule->handle) ||
	    nla_put_string(message, XT_EBPF_A_TABLE, rule->table) ||
	    nla_put_u8(message, XT_EBPF_A_FAMILY, rule->family) ||
	    nla_put_u8(message, XT_EBPF_A_BACK_END, rule->nft ? XT_EBPF_NFT : XT_EBPF_LEGACY) ||
	    nla_put_u16(message, XT_EBPF_A_SOURCE, source->kind) ||
	    nla_put_u16(message, XT_EBPF_A_FLAGS, rule->flags) ||
	    nla_put_u32(message, XT_EBPF_A_REFERENCES, rule->references) ||
	    put_u64(message, XT_EBPF_A_SINCE, rule->since))
		return -EMSGSIZE;
	if (source->text_len &&
	    nla_put(message, XT_EBPF_A_TEXT, source->text_len, match_source_text(source)))
		return -EMSGSIZE;
	if (with_insns && source->num_insns &&
	    nla_put(message, XT_EBPF_A_INSNS, source->num_insns * sizeof(struct sock_filter),
		    source->data))
		return -EMSGSIZE;
	return put_prog(message, match_rule_prog(rule), source->prog) ?: put_numbers(message, rule);
}

/* More than a rule takes without its text and its instructions. */
#define RULE_ROOM	1024

static const struct xt_ebpf_rule *rule_asked_for(struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	const struct net *net = genl_info_net(info);
	struct xt_ebpf_info blob = {};
	struct match_place place;

	if (attrs[XT_EBPF_A_HANDLE])
		return match_rule_by_handle(net, nla_get_u64(attrs[XT_EBPF_A_HANDLE]));

	if (!attrs[XT_EBPF_A_BLOB] || !attrs[XT_EBPF_A_TABLE] || !attrs[XT_EBPF_A_FAMILY] ||
	    !attrs[XT_EBPF_A_BACK_END]) {
		NL_SET_ERR_MSG(info->extack, "a rule is asked for by HANDLE, or by BLOB, TABLE, FAMILY and BACK_END");
		return ERR_PTR(-EINVAL);
	}
	memcpy(&blob, nla_data(attrs[XT_EBPF_A_BLOB]), XT_EBPF_COMPARED);
	if (match_source_misfits(&blob)) {
		NL_SET_ERR_MSG(info->extack, "no rule can be like this BLOB");
		return ERR_PTR(-EINVAL);
	}
	place = (struct match_place){
		.net = net,
		.table = nla_data(attrs[XT_EBPF_A_TABLE]),
		.family = nla_get_u8(attrs[XT_EBPF_A_FAMILY]),
		.nft = nla_get_u8(attrs[XT_EBPF_A_BACK_END]) == XT_EBPF_NFT,
	};
	return match_rule_by_blob(&place, &blob);
}

static int rule_get_doit(struct sk_buff *request, struct genl_info *info)
{
	size_t room = RULE_ROOM + XT_EBPF_MAX_TEXT + XT_EBPF_MAX_INSNS * sizeof(struct sock_filter);
	const struct xt_ebpf_rule *rule;
	struct sk_buff *message;
	void *header;
	int err;

	message = answer(info, XT_EBPF_CMD_RULE_GET, room, &header);
	if (!message)
		return -ENOMEM;

	mutex_lock(&match_lock);
	rule = rule_asked_for(info);
	if (IS_ERR_OR_NULL(rule))
		err = rule ? PTR_ERR(rule) : -ENOENT;
	else
		err = put_rule(message, rule, true);
	mutex_unlock(&match_lock);

	if (err) {
		nlmsg_free(message);
		return err;
	}
	genlmsg_end(message, header);
	return genlmsg_reply(message, info);
}

/* A message that no rule fits into would end the dump as if it were whole. */
static int rule_get_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = RULE_ROOM + XT_EBPF_MAX_TEXT;
	return 0;
}

static int rule_get_dumpit(struct sk_buff *message, struct netlink_callback *cb)
{
	struct match_walk walk = { .bucket = cb->args[0], .skip = cb->args[1] };
	struct nlattr *attrs[XT_EBPF_A_MAX + 1];
	struct match_filter filter = { .net = sock_net(message->sk) };
	struct xt_ebpf_rule *rule;
	void *header;
	int err;

	err = genlmsg_parse(cb->nlh, &family, attrs, XT_EBPF_A_MAX, policy, cb->extack);
	if (err)
		return err;
	if (attrs[XT_EBPF_A_PROG_ID])
		filter.prog_id = nla_get_u32(attrs[XT_EBPF_A_PROG_ID]);

	mutex_lock(&match_lock);
	/* 0 means to netlink that nothing can change. */
	cb->seq = match_rules_changes() + 1;
	while ((rule = match_rule_next(&filter, &walk))) {
		header = genlmsg_put(message, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				     &family, NLM_F_MULTI, XT_EBPF_CMD_RULE_GET);
		if (!header)
			break;
		genl_dump_check_consistent(cb, header);
		if (put_rule(message, rule, false)) {
			genlmsg_cancel(message, header);
			break;
		}
		genlmsg_end(message, header);
		cb->args[0] = walk.bucket;
		cb->args[1] = walk.skip;
	}
	if (!rule)
		cb->args[0] = walk.bucket;
	mutex_unlock(&match_lock);
	return message->len;
}

static int swap_doit(struct sk_buff *request, struct genl_info *info)
{
	struct nlattr **attrs = info->attrs;
	struct sk_buff *message;
	void *header;
	int swapped;

	if (!attrs[XT_EBPF_A_PROG_ID] || !nla_get_u32(attrs[XT_EBPF_A_PROG_ID]) ||
	    !attrs[XT_EBPF_A_FD]) {
		NL_SET_ERR_MSG(info->extack, "the old program's id (PROG_ID) or the new program (FD) is missing");
		return -EINVAL;
	}

	message = answer(info, XT_EBPF_CMD_SWAP, nla_total_size(sizeof(u32)), &header);
	if (!message)
		return -ENOMEM;
	mutex_lock(&match_lock);
	swapped = match_rules_swap(genl_info_net(info), nla_get_u32(attrs[XT_EBPF_A_PROG_ID]),
				   nla_get_s32(attrs[XT_EBPF_A_FD]), info->extack);
	mutex_unlock(&match_lock);
	if (swapped < 0) {
		nlmsg_free(message);
		return swapped;
	}
	nla_put_u32(message, XT_EBPF_A_SWAPPED, swapped);
	genlmsg_end(message, header);
	return genlmsg_reply(message, info);
}

static const struct genl_ops ops[] = {
	{
		.cmd	= XT_EBPF_CMD_STORE,
		.flags	= GENL_UNS_ADMIN_PERM,
		.doit	= store_doit,
	}, {
		.cmd	= XT_EBPF_CMD_RULE_GET,
		.flags	= GENL_UNS_ADMIN_PERM,
		.doit	= rule_get_doit,
		.start	= rule_get_start,
		.dumpit	= rule_get_dumpit,
	}, {
		.cmd	= XT_EBPF_CMD_SWAP,
		.flags	= GENL_UNS_ADMIN_PERM,
		.doit	= swap_doit,
	},
};

static struct genl_family family __ro_after_init = {
	.name		= XT_EBPF_GENL_NAME,
	.version	= XT_EBPF_GENL_VERSION,
	.maxattr	= XT_EBPF_A_MAX,
	.policy		= policy,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= ops,
	.n_ops		= ARRAY_SIZE(ops),
};

int match_control_init(void)
{
	int err;

	err = netlink_register_notifier(&netlink_notifier);
	if (err)
		return err;
	err = genl_register_family(&family);
	if (err)
		netlink_unregister_notifier(&netlink_notifier);
	return err;
}

/* All rules are gone. Sockets may still hold contents. */
void match_control_exit(void)
{
	struct holder *holder;
	struct hlist_node *next;
	int bucket;

	genl_unregister_family(&family);
	netlink_unregister_notifier(&netlink_notifier);
	mutex_lock(&match_lock);
	hash_for_each_safe(holders, bucket, next, holder, node)
		drop_holder(holder);
	mutex_unlock(&match_lock);
}

MODULE_ALIAS_GENL_FAMILY(XT_EBPF_GENL_NAME);
