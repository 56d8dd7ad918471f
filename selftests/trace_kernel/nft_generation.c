// SPDX-License-Identifier: GPL-2.0-only
/* nft_generation: prints the number of the generation that the rules of nf_tables have in this network namespace. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

static int print_attribute(const struct nlattr *attribute, void *data)
{
	(void)data;
	if (mnl_attr_get_type(attribute) == NFTA_GEN_ID)
		printf("%u\n", ntohl(mnl_attr_get_u32(attribute)));
	return MNL_CB_OK;
}

static int print_answer(const struct nlmsghdr *header, void *data)
{
	return mnl_attr_parse(header, sizeof(struct nfgenmsg), print_attribute, data);
}

static int fail(const char *what)
{
	perror(what);
	return 1;
}

int main(void)
{
	char buffer[MNL_NLMSG_HDRLEN + 4096];
	struct mnl_socket *socket = mnl_socket_open(NETLINK_NETFILTER);
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct nfgenmsg *message;
	ssize_t length;

	if (!socket)
		return fail("netlink");
	header->nlmsg_type = NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN;
	header->nlmsg_flags = NLM_F_REQUEST;
	header->nlmsg_seq = 1;
	message = mnl_nlmsg_put_extra_header(header, sizeof(*message));
	message->nfgen_family = 0;
	message->version = NFNETLINK_V0;
	message->res_id = 0;
	if (mnl_socket_sendto(socket, header, header->nlmsg_len) < 0)
		return fail("send");
	length = mnl_socket_recvfrom(socket, buffer, sizeof(buffer));
	if (length < 0 || mnl_cb_run(buffer, length, 1, mnl_socket_get_portid(socket), print_answer, NULL) < 0)
		return fail("answer");
	return 0;
}
