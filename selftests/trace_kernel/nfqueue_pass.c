// SPDX-License-Identifier: GPL-2.0-only
/*
 * nfqueue_pass QUEUE N: lets N packets of a netfilter queue pass, one after the other, and ends. nfqueue_pass -h QUEUE N
 * holds up to N of them instead, until it is killed.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int sock;
static unsigned int queue;

/* One attribute to the queue, acknowledged or not. */
static void send_attr(unsigned int type, unsigned int attr_type, const void *payload, size_t size, int ack)
{
	struct {
		struct nlmsghdr nlh;
		struct nfgenmsg nfg;
		struct nlattr attr;
		char payload[32];
	} msg = {
		.nlh = {
			.nlmsg_len = sizeof(msg.nlh) + sizeof(msg.nfg) + sizeof(msg.attr) + NLA_ALIGN(size),
			.nlmsg_type = NFNL_SUBSYS_QUEUE << 8 | type,
			.nlmsg_flags = NLM_F_REQUEST | (ack ? NLM_F_ACK : 0),
		},
		.nfg = { .version = NFNETLINK_V0, .res_id = htons(queue) },
		.attr = { .nla_len = sizeof(msg.attr) + size, .nla_type = attr_type },
	};
	struct {
		struct nlmsghdr nlh;
		struct nlmsgerr err;
	} reply;

	memcpy(msg.payload, payload, size);
	if (send(sock, &msg, msg.nlh.nlmsg_len, 0) < 0 ||
	    (ack && (recv(sock, &reply, sizeof(reply), 0) < 0 || reply.err.error))) {
		fprintf(stderr, "nfqueue_pass: the kernel refuses\n");
		exit(1);
	}
}

static unsigned int packet_id(const char *buffer)
{
	const char *at = buffer + NLMSG_HDRLEN + NLMSG_ALIGN(sizeof(struct nfgenmsg));
	const char *end = buffer + ((const struct nlmsghdr *)buffer)->nlmsg_len;

	while (at < end) {
		const struct nlattr *attr = (const struct nlattr *)at;

		if ((attr->nla_type & NLA_TYPE_MASK) == NFQA_PACKET_HDR)
			return ((const struct nfqnl_msg_packet_hdr *)(attr + 1))->packet_id;
		at += NLA_ALIGN(attr->nla_len);
	}
	exit(1);
}

static void pass(int n)
{
	struct nfqnl_msg_verdict_hdr verdict = { .verdict = htonl(NF_ACCEPT) };
	static char buffer[65536];

	while (n--) {
		if (recv(sock, buffer, sizeof(buffer), 0) < 0)
			exit(1);
		verdict.id = packet_id(buffer);
		/* Long enough for the packet's memory to be of use to others, were it free. */
		usleep(20000);
		send_attr(NFQNL_MSG_VERDICT, NFQA_VERDICT_HDR, &verdict, sizeof(verdict), 0);
		puts("passed");
	}
}

static void hold(void)
{
	static char buffer[65536];

	while (recv(sock, buffer, sizeof(buffer), 0) >= 0)
		;
}

int main(int argc, char **argv)
{
	struct nfqnl_msg_config_cmd bind_cmd = { .command = NFQNL_CFG_CMD_BIND };
	struct nfqnl_msg_config_params params = {
		.copy_range = htonl(64), .copy_mode = NFQNL_COPY_PACKET,
	};
	int holds = argc == 4 && !strcmp(argv[1], "-h");
	int room = 1 << 26;
	__be32 length;
	int n;

	if (argc != 3 && !holds)
		return 2;
	queue = atoi(argv[holds + 1]);
	n = atoi(argv[holds + 2]);
	length = htonl(n);
	sock = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	send_attr(NFQNL_MSG_CONFIG, NFQA_CFG_CMD, &bind_cmd, sizeof(bind_cmd), 1);
	send_attr(NFQNL_MSG_CONFIG, NFQA_CFG_PARAMS, &params, sizeof(params), 1);
	send_attr(NFQNL_MSG_CONFIG, NFQA_CFG_QUEUE_MAXLEN, &length, sizeof(length), 1);
	puts("ready");
	fflush(stdout);
	if (holds)
		hold();
	else
		pass(n);
	return 0;
}
