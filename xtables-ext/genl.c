// SPDX-License-Identifier: GPL-2.0-only
/* Requests to the module, and its answers. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "genl.h"
#include "invocation.h"

/* More than the longest request and the longest answer: 32 KiB of instructions, 8 KiB of text. */
#define MESSAGE_MAX 65536

static struct mnl_socket *channel;
static __u16 family_id;
static char error_text[512];
static int error_number;
static char request[MESSAGE_MAX], answer[MESSAGE_MAX];

const char *genl_error(void)
{
	return error_text;
}

static bool fail(const char *what)
{
	error_number = 0;
	snprintf(error_text, sizeof(error_text), "%s", what);
	return false;
}

static int see_error_attribute(const struct nlattr *attr, void *data)
{
	if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG &&
	    mnl_attr_validate(attr, MNL_TYPE_NUL_STRING) >= 0)
		fail(mnl_attr_get_str(attr));
	return MNL_CB_OK;
}

/* What libmnl does with the end of an answer, and the kernel's own words where it has some. */
static int see_error(const struct nlmsghdr *header, void *data)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(header);
	size_t offset = sizeof(*error);

	if (!error->error)
		return MNL_CB_STOP;
	fail(strerror(-error->error));
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		offset += mnl_nlmsg_get_payload_len(&error->msg);
	if (header->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_parse(header, offset, see_error_attribute, NULL);
	error_number = -error->error;
	return MNL_CB_ERROR;
}

/*
 * Sends the request and has messages of the answer seen until one stops it. No confirmation is asked for: an error comes
 * without it, and it would take the place of the answer, in which results point.
 */
static bool talk(mnl_cb_t see, void *data)
{
	static mnl_cb_t control[] = { [NLMSG_ERROR] = see_error };
	struct nlmsghdr *header = (void *)request;
	unsigned int port = mnl_socket_get_portid(channel);
	static unsigned int sequence;
	int more;

	header->nlmsg_seq = ++sequence;
	if (mnl_socket_sendto(channel, header, header->nlmsg_len) < 0)
		return fail(strerror(errno));
	do {
		ssize_t len = mnl_socket_recvfrom(channel, answer, sizeof(answer));

		if (len < 0)
			return fail(strerror(errno));
		fail("the kernel's answer makes no sense");
		more = mnl_cb_run2(answer, len, sequence, port, see, data, control,
				   MNL_ARRAY_SIZE(control));
		if (more == MNL_CB_ERROR && errno == EINTR)
			error_number = EINTR;
	} while (more > MNL_CB_STOP);
	return more == MNL_CB_STOP;
}

static struct nlmsghdr *begin(__u16 type, __u16 flags, __u8 command, __u8 version)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(request);
	struct genlmsghdr *generic;

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	generic = mnl_nlmsg_put_extra_header(header, sizeof(*generic));
	generic->cmd = command;
	generic->version = version;
	return header;
}

static int see_family(const struct nlmsghdr *header, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, header, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			family_id = mnl_attr_get_u16(attr);
	return MNL_CB_STOP;
}

static bool find_family(void)
{
	struct nlmsghdr *header = begin(GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY, 1);

	mnl_attr_put_strz(header, CTRL_ATTR_FAMILY_NAME, XT_EBPF_GENL_NAME);
	return talk(see_family, NULL);
}

static struct mnl_socket *open_channel(void)
{
	struct mnl_socket *opened = mnl_socket_open2(NETLINK_GENERIC, SOCK_CLOEXEC);
	int on = 1;

	if (!opened) {
		fail(strerror(errno));
		return NULL;
	}
	if (mnl_socket_bind(opened, 0, MNL_SOCKET_AUTOPID) < 0) {
		fail(strerror(errno));
		mnl_socket_close(opened);
		return NULL;
	}
	/* Without these there are numbers for errors. */
	mnl_socket_setsockopt(opened, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(opened, NETLINK_CAP_ACK, &on, sizeof(on));
	return opened;
}

static bool connected(void)
{
	if (family_id)
		return true;
	if (!channel)
		channel = open_channel();
	if (!channel)
		return false;
	return find_family() || fail("module xt_ebpf is not loaded (modprobe xt_ebpf)");
}

static struct nlmsghdr *begin_own(__u16 flags, __u8 command)
{
	return begin(family_id, flags, command, XT_EBPF_GENL_VERSION);
}

static int see_number(const struct nlmsghdr *header, void *data)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, header, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == XT_EBPF_A_CONTENT)
			*(__u64 *)data = mnl_attr_get_u64(attr);
	return MNL_CB_STOP;
}

bool genl_store(const struct bpf_rule *rule, __u64 *number)
{
	struct nlmsghdr *header;

	if (!connected())
		return false;
	header = begin_own(0, XT_EBPF_CMD_STORE);
	mnl_attr_put_u16(header, XT_EBPF_A_SOURCE, rule->source);
	if (rule->num_insns)
		mnl_attr_put(header, XT_EBPF_A_INSNS, rule->num_insns * sizeof(*rule->insns),
			     rule->insns);
	if (rule->text_len)
		mnl_attr_put(header, XT_EBPF_A_TEXT, rule->text_len, rule->text);
	*number = 0;
	return talk(see_number, number) && *number;
}

static __u8 own_back_end(void)
{
	return invocation_is_legacy() ? XT_EBPF_LEGACY : XT_EBPF_NFT;
}

static void read_attribute(const struct nlattr *attr, struct genl_rule *rule)
{
	static char text[XT_EBPF_MAX_TEXT + 1];
	__u16 len = mnl_attr_get_payload_len(attr);

	switch (mnl_attr_get_type(attr)) {
	case XT_EBPF_A_SOURCE:
		rule->rule.source = mnl_attr_get_u16(attr);
		break;
	case XT_EBPF_A_FLAGS:
		rule->rule.invert = mnl_attr_get_u16(attr) & XT_EBPF_F_INVERT;
		break;
	case XT_EBPF_A_INSNS:
		rule->rule.insns = mnl_attr_get_payload(attr);
		rule->rule.num_insns = len / sizeof(*rule->rule.insns);
		break;
	case XT_EBPF_A_TEXT:
		/* It comes without a zero at the end. */
		if (len < sizeof(text)) {
			memcpy(text, mnl_attr_get_payload(attr), len);
			text[len] = '\0';
			rule->rule.text = text;
			rule->rule.text_len = len;
		}
		break;
	case XT_EBPF_A_HANDLE:
		rule->handle = mnl_attr_get_u64(attr);
		break;
	case XT_EBPF_A_TABLE:
		rule->table = mnl_attr_get_str(attr);
		break;
	case XT_EBPF_A_BACK_END:
		rule->is_here = mnl_attr_get_u8(attr) == own_back_end();
		break;
	case XT_EBPF_A_FAMILY:
		rule->family = mnl_attr_get_u8(attr);
		break;
	case XT_EBPF_A_PROG_ID:
		rule->prog_id = mnl_attr_get_u32(attr);
		break;
	case XT_EBPF_A_PROG_TYPE:
		rule->prog_type = mnl_attr_get_u32(attr);
		break;
	case XT_EBPF_A_PROG_TAG:
		rule->prog_tag = len == 8 ? mnl_attr_get_payload(attr) : NULL;
		break;
	case XT_EBPF_A_PROG_NAME:
		rule->prog_name = mnl_attr_get_str(attr);
		break;
	}
}

static int see_rule(const struct nlmsghdr *header, void *data)
{
	struct genl_rule *rule = data;
	const struct nlattr *attr;

	*rule = (struct genl_rule){ .rule.text = "", .table = "" };
	mnl_attr_for_each(attr, header, sizeof(struct genlmsghdr))
		read_attribute(attr, rule);
	return MNL_CB_STOP;
}

bool genl_rule(__u64 handle, struct genl_rule *rule)
{
	struct nlmsghdr *header;

	if (!connected())
		return false;
	header = begin_own(0, XT_EBPF_CMD_RULE_GET);
	mnl_attr_put_u64(header, XT_EBPF_A_HANDLE, handle);
	return talk(see_rule, rule);
}

bool genl_rule_exists(const struct xt_ebpf_info *info, const char *table, __u8 family,
		      __u64 *handle)
{
	struct nlmsghdr *header;
	struct genl_rule rule = { .handle = 0 };
	bool exists;

	*handle = 0;
	if (!connected())
		return true;
	header = begin_own(0, XT_EBPF_CMD_RULE_GET);
	mnl_attr_put(header, XT_EBPF_A_BLOB, XT_EBPF_COMPARED, info);
	mnl_attr_put_strz(header, XT_EBPF_A_TABLE, table);
	mnl_attr_put_u8(header, XT_EBPF_A_FAMILY, family);
	mnl_attr_put_u8(header, XT_EBPF_A_BACK_END, own_back_end());
	exists = talk(see_rule, &rule) || error_number != ENOENT;
	*handle = rule.handle;
	return exists;
}

struct each_rule {
	bool (*each)(const struct genl_rule *rule, void *data);
	void *data;
	bool enough;
};

/* What is left of the answer is read all the same, or the next request would get it. */
static int see_each_rule(const struct nlmsghdr *header, void *data)
{
	struct each_rule *rules = data;
	struct genl_rule rule;

	see_rule(header, &rule);
	if (!rules->enough)
		rules->enough = !rules->each(&rule, rules->data);
	return MNL_CB_OK;
}

/*
 * Over a socket of its own: of a dump during which rules came or went the rest stays unread. It is asked for again then, a
 * few times.
 */
bool genl_rules(bool (*each)(const struct genl_rule *rule, void *data), void *data)
{
	struct each_rule rules = { .each = each, .data = data };
	struct mnl_socket *usual;
	int attempts = 10;
	bool whole = false;

	if (!connected())
		return false;
	usual = channel;
	do {
		channel = open_channel();
		if (!channel)
			break;
		error_number = 0;
		begin_own(NLM_F_DUMP, XT_EBPF_CMD_RULE_GET);
		whole = talk(see_each_rule, &rules);
		mnl_socket_close(channel);
	} while (!whole && error_number == EINTR && --attempts);
	channel = usual;
	return whole;
}
