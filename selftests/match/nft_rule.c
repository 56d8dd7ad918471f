// SPDX-License-Identifier: GPL-2.0-only
/*
 * nft_rule [-t TABLE] FAMILY HOOK WORD... [-- WORD...]...: adds rules for UDP to nftables, in chain "hookHOOK" of TABLE
 * (default "selftest") of FAMILY (ip, ip6, inet, bridge, arp), both made if need be; each has the bpf match that its words
 * say (bpf_blob.h) and a counter. Straight through the kernel's interface: iptables-nft looks at what is put in, and has
 * no inet tables.
 *
 * Prints the name of the error and ends with 1 if the kernel refuses; ends with 2 if anything else goes wrong.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/common.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/table.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "bpf_blob.h"
#include "fail_nth.h"

static struct mnl_socket *nl;
static unsigned int sequence = 1;
static int family;
static const char *table_name = "selftest";

static int family_by_name(const char *name)
{
	static const struct { const char *name; int number; } families[] = {
		{ "ip", NFPROTO_IPV4 }, { "ip6", NFPROTO_IPV6 }, { "inet", NFPROTO_INET },
		{ "bridge", NFPROTO_BRIDGE }, { "arp", NFPROTO_ARP },
	};
	size_t i;

	for (i = 0; i < sizeof(families) / sizeof(*families); i++)
		if (!strcmp(families[i].name, name))
			return families[i].number;
	errx(2, "no family %s", name);
}

/* Starts a message of the batch. */
static struct nlmsghdr *message(struct mnl_nlmsg_batch *batch, int type, int flags)
{
	return nftnl_nlmsg_build_hdr(mnl_nlmsg_batch_current(batch), type, family, flags, sequence++);
}

static void add_table(struct mnl_nlmsg_batch *batch, int type, int flags)
{
	struct nftnl_table *table = nftnl_table_alloc();

	nftnl_table_set_u32(table, NFTNL_TABLE_FAMILY, family);
	nftnl_table_set_str(table, NFTNL_TABLE_NAME, table_name);
	nftnl_table_nlmsg_build_payload(message(batch, type, flags), table);
	nftnl_table_free(table);
	mnl_nlmsg_batch_next(batch);
}

static void add_chain(struct mnl_nlmsg_batch *batch, const char *name, unsigned int hook)
{
	struct nftnl_chain *chain = nftnl_chain_alloc();

	nftnl_chain_set_str(chain, NFTNL_CHAIN_TABLE, table_name);
	nftnl_chain_set_str(chain, NFTNL_CHAIN_NAME, name);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_HOOKNUM, hook);
	nftnl_chain_set_u32(chain, NFTNL_CHAIN_PRIO, 0);
	nftnl_chain_set_str(chain, NFTNL_CHAIN_TYPE, "filter");
	nftnl_chain_nlmsg_build_payload(message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE), chain);
	nftnl_chain_free(chain);
	mnl_nlmsg_batch_next(batch);
}

/* "meta l4proto udp" */
static void add_protocol(struct nftnl_rule *rule)
{
	struct nftnl_expr *load = nftnl_expr_alloc("meta"), *compare = nftnl_expr_alloc("cmp");
	uint8_t protocol = IPPROTO_UDP;

	nftnl_expr_set_u32(load, NFTNL_EXPR_META_KEY, NFT_META_L4PROTO);
	nftnl_expr_set_u32(load, NFTNL_EXPR_META_DREG, NFT_REG_1);
	nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(compare, NFTNL_EXPR_CMP_OP, NFT_CMP_EQ);
	nftnl_expr_set(compare, NFTNL_EXPR_CMP_DATA, &protocol, sizeof(protocol));
	nftnl_rule_add_expr(rule, load);
	nftnl_rule_add_expr(rule, compare);
}

static void add_rule(struct mnl_nlmsg_batch *batch, const char *chain, const struct bpf_blob *blob)
{
	struct nftnl_expr *match = nftnl_expr_alloc("match"), *counter = nftnl_expr_alloc("counter");
	struct nftnl_rule *rule = nftnl_rule_alloc();
	char *info = malloc(blob->size);

	if (!match || !counter || !rule || !info)
		errx(2, "out of memory");
	/* The expression keeps the pointer. */
	memcpy(info, &blob->v1, blob->size);
	nftnl_expr_set_str(match, NFTNL_EXPR_MT_NAME, MATCH_NAME);
	nftnl_expr_set_u32(match, NFTNL_EXPR_MT_REV, blob->revision);
	nftnl_expr_set(match, NFTNL_EXPR_MT_INFO, info, blob->size);

	nftnl_rule_set_str(rule, NFTNL_RULE_TABLE, table_name);
	nftnl_rule_set_str(rule, NFTNL_RULE_CHAIN, chain);
	nftnl_rule_set_u32(rule, NFTNL_RULE_FAMILY, family);
	add_protocol(rule);
	nftnl_rule_add_expr(rule, match);
	nftnl_rule_add_expr(rule, counter);
	nftnl_rule_nlmsg_build_payload(message(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND), rule);
	nftnl_rule_free(rule);
	mnl_nlmsg_batch_next(batch);
}

static void begin(struct mnl_nlmsg_batch *batch)
{
	nftnl_batch_begin(mnl_nlmsg_batch_current(batch), sequence++);
	mnl_nlmsg_batch_next(batch);
}

/* The kernel answers the end of a batch only after all errors in it. */
static void end(struct mnl_nlmsg_batch *batch)
{
	struct nlmsghdr *header = nftnl_batch_end(mnl_nlmsg_batch_current(batch), sequence++);

	header->nlmsg_flags |= NLM_F_ACK;
	mnl_nlmsg_batch_next(batch);
}

static int send_batch(void *batch)
{
	if (mnl_socket_sendto(nl, mnl_nlmsg_batch_head(batch), mnl_nlmsg_batch_size(batch)) < 0)
		return errno;
	return 0;
}

/* The first error that the kernel reports, 0 if it has none, or what keeps it from answering. */
static int answer(void)
{
	char text[16384];
	ssize_t size;
	int first = 0;

	while ((size = recv(mnl_socket_get_fd(nl), text, sizeof(text), MSG_DONTWAIT)) > 0) {
		struct nlmsghdr *header = (struct nlmsghdr *)text;
		int left = size;

		for (; mnl_nlmsg_ok(header, left); header = mnl_nlmsg_next(header, &left)) {
			if (header->nlmsg_type == NLMSG_ERROR && !first)
				first = -((struct nlmsgerr *)mnl_nlmsg_get_payload(header))->error;
		}
	}
	return first ? first : size < 0 && errno != EAGAIN ? errno : 0;
}

static void delete_table(void *unused)
{
	char text[4096];
	struct mnl_nlmsg_batch *batch = mnl_nlmsg_batch_start(text, sizeof(text));

	(void)unused;
	answer();
	begin(batch);
	add_table(batch, NFT_MSG_DELTABLE, 0);
	end(batch);
	send_batch(batch);
	/* What is not there need not be deleted. */
	answer();
	mnl_nlmsg_batch_stop(batch);
}

int main(int argc, char **argv)
{
	static char text[131072];
	struct mnl_nlmsg_batch *batch = mnl_nlmsg_batch_start(text, sizeof(text) / 2);
	char **words, chain[16];
	struct bpf_blob blob;
	int opt, refused;

	while ((opt = getopt(argc, argv, "+t:")) != -1) {
		if (opt != 't')
			return 2;
		table_name = optarg;
	}
	argv += optind;
	if (argc - optind < 3)
		errx(2, "usage: nft_rule [-t TABLE] FAMILY HOOK WORD... [-- WORD...]");
	family = family_by_name(argv[0]);
	snprintf(chain, sizeof(chain), "hook%s", argv[1]);
	words = argv + 2;

	nl = mnl_socket_open(NETLINK_NETFILTER);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		err(2, "netlink");

	begin(batch);
	add_table(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	add_chain(batch, chain, atoi(argv[1]));
	while (*words) {
		words = blob_make(&blob, words);
		add_rule(batch, chain, &blob);
	}
	end(batch);
	refused = with_failures(send_batch, delete_table, batch);
	if (!refused)
		refused = answer();
	if (refused)
		puts(strerrorname_np(refused));
	return !!refused;
}
