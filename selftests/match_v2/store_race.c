// SPDX-License-Identifier: GPL-2.0-only
/*
 * store_race N: sockets that store contents and are closed at once, N in all, by threads that want the same port: one gets it
 * while what the other held is still being let go. Another thread keeps the module busy with long contents.
 */
#include <err.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/filter.h>
#include <linux/genetlink.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xt_ebpf.h"

#define PORT	0x7777777
#define RACERS	6

static int family_id;
static unsigned long wanted;
static atomic_ulong stored;

static struct nlmsghdr *request(void *buffer, int type, int command)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
	struct genlmsghdr *genl;

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST;
	genl = mnl_nlmsg_put_extra_header(header, sizeof(*genl));
	genl->cmd = command;
	genl->version = 1;
	return header;
}

/* NULL: the port is in use. */
static struct mnl_socket *open_at(unsigned int port)
{
	struct mnl_socket *nl = mnl_socket_open(NETLINK_GENERIC);

	if (!nl)
		err(2, "socket");
	if (!mnl_socket_bind(nl, 0, port))
		return nl;
	if (errno != EADDRINUSE)
		err(2, "bind");
	mnl_socket_close(nl);
	return NULL;
}

static void find_family(void)
{
	char buffer[8192];
	struct mnl_socket *nl = open_at(MNL_SOCKET_AUTOPID);
	struct nlmsghdr *header = request(buffer, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	const struct nlattr *attr;

	mnl_attr_put_strz(header, CTRL_ATTR_FAMILY_NAME, XT_EBPF_GENL_NAME);
	if (mnl_socket_sendto(nl, header, header->nlmsg_len) < 0 ||
	    mnl_socket_recvfrom(nl, buffer, sizeof(buffer)) < 0)
		err(2, "asking for the family");
	mnl_attr_for_each(attr, (struct nlmsghdr *)buffer, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			family_id = mnl_attr_get_u16(attr);
	mnl_socket_close(nl);
	if (!family_id)
		errx(2, "no family " XT_EBPF_GENL_NAME);
}

static void store(struct mnl_socket *nl, int source, const void *insns, size_t size, const char *text)
{
	char buffer[65536];
	struct nlmsghdr *header = request(buffer, family_id, XT_EBPF_CMD_STORE);

	mnl_attr_put_u16(header, XT_EBPF_A_SOURCE, source);
	if (size)
		mnl_attr_put(header, XT_EBPF_A_INSNS, size, insns);
	if (*text)
		mnl_attr_put(header, XT_EBPF_A_TEXT, strlen(text), text);
	if (mnl_socket_sendto(nl, header, header->nlmsg_len) < 0)
		err(2, "storing");
}

static void *race(void *unused)
{
	struct mnl_socket *nl;
	char text[64];

	(void)unused;
	while (stored < wanted) {
		nl = open_at(PORT);
		if (!nl)
			continue;
		snprintf(text, sizeof(text), "/%lu", ++stored);
		store(nl, XT_EBPF_PINNED, NULL, 0, text);
		mnl_socket_close(nl);
	}
	return NULL;
}

static void *keep_busy(void *unused)
{
	struct sock_filter insns[XT_EBPF_MAX_INSNS] = { };
	struct mnl_socket *nl;

	(void)unused;
	insns[XT_EBPF_MAX_INSNS - 1].code = BPF_RET | BPF_K;
	while (stored < wanted) {
		insns[0].k++;
		nl = open_at(MNL_SOCKET_AUTOPID);
		store(nl, XT_EBPF_BYTECODE, insns, sizeof(insns), "");
		mnl_socket_close(nl);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t threads[RACERS + 1];
	int i;

	if (argc != 2)
		errx(2, "usage: store_race N");
	wanted = strtoul(argv[1], NULL, 0);
	find_family();
	for (i = 0; i <= RACERS; i++)
		if (pthread_create(&threads[i], NULL, i ? race : keep_busy, NULL))
			errx(2, "no thread");
	for (i = 0; i <= RACERS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
