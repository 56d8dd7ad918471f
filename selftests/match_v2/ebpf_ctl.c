// SPDX-License-Identifier: GPL-2.0-only
/*
 * ebpf_ctl COMMAND...: speaks to the generic netlink family xt_ebpf, in this network namespace.
 *
 *	store SOURCE CODE TEXT [COMMAND [ARGUMENT...]]	prints the number of the contents; then runs COMMAND, while they
 *							are held, and ends as it does. CODE as in bpf_blob.h, "" if none;
 *							a "|" in TEXT stands for a zero byte
 *	get HANDLE | get TABLE FAMILY WORD...		one rule, by handle or by blob (bpf_blob.h); "nft:TABLE" if it is
 *							one of nf_tables
 *	dump [PROGRAM]					all rules, or those that run this program
 *	swap PROGRAM PATH [TIMES]			the program pinned at PATH behind rules that run PROGRAM; TIMES
 *							times back and forth
 *
 * A rule is one line of name=value. A refusal prints the name of the error and the kernel's words, and ends with 1.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "../match/bpf_blob.h"
#include "../match/fail_nth.h"

#ifndef SOL_NETLINK
#define SOL_NETLINK 270
#endif

static struct mnl_socket *nl;
static unsigned int sequence;
static int family_id;
static char text[131072];

static struct nlmsghdr *request(int type, int command, int flags)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(text);
	struct genlmsghdr *genl;

	header->nlmsg_type = type;
	header->nlmsg_flags = NLM_F_REQUEST | flags;
	header->nlmsg_seq = ++sequence;
	genl = mnl_nlmsg_put_extra_header(header, sizeof(*genl));
	genl->cmd = command;
	genl->version = XT_EBPF_GENL_VERSION;
	return header;
}

static int say_error(const struct nlmsghdr *header)
{
	const struct nlmsgerr *error = mnl_nlmsg_get_payload(header);
	size_t offset = sizeof(*error);
	const struct nlattr *attr;

	if (!error->error)
		return 0;
	printf("%s", strerrorname_np(-error->error));
	/* Of the request only the header comes back: NETLINK_CAP_ACK. */
	if (header->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_for_each(attr, header, offset)
			if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
				printf(" %s", mnl_attr_get_str(attr));
	putchar('\n');
	return 1;
}

static int send_request(void *header)
{
	struct nlmsghdr *message = header;

	return mnl_socket_sendto(nl, message, message->nlmsg_len) < 0 ? errno : 0;
}

/* What was answered to an attempt that was to fail. */
static void drain(void *unused)
{
	char answer[4096];

	(void)unused;
	while (recv(mnl_socket_get_fd(nl), answer, sizeof(answer), MSG_DONTWAIT) > 0)
		;
}

/* Sends and calls found() for each answer. Returns whether the kernel refused, which is said. */
static int ask(struct nlmsghdr *header, void (*found)(const struct nlmsghdr *answer))
{
	bool dump = header->nlmsg_flags & NLM_F_DUMP;
	unsigned int asked = header->nlmsg_seq;
	ssize_t size;
	int left;

	/* What is tried is the family's command, not the search for the family. */
	errno = family_id ? with_failures(send_request, drain, header) : send_request(header);
	if (errno)
		err(2, "send");
	for (;;) {
		size = mnl_socket_recvfrom(nl, text, sizeof(text));
		if (size < 0)
			err(2, "receive");
		left = size;
		for (header = (void *)text; mnl_nlmsg_ok(header, left);
		     header = mnl_nlmsg_next(header, &left)) {
			if (header->nlmsg_seq != asked)
				continue;
			if (header->nlmsg_type == NLMSG_DONE)
				return 0;
			if (header->nlmsg_type == NLMSG_ERROR)
				return say_error(header);
			found(header);
			if (header->nlmsg_flags & NLM_F_DUMP_INTR)
				puts("(interrupted)");
			if (!dump)
				return 0;
		}
	}
}

static void take_family(const struct nlmsghdr *answer)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, answer, sizeof(struct genlmsghdr))
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			family_id = mnl_attr_get_u16(attr);
}

static int find_family(void)
{
	struct nlmsghdr *header = request(GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 0);

	mnl_attr_put_strz(header, CTRL_ATTR_FAMILY_NAME, XT_EBPF_GENL_NAME);
	return ask(header, take_family);
}

static void print_bytes(const struct nlattr *attr, int hex)
{
	const unsigned char *bytes = mnl_attr_get_payload(attr);
	unsigned int i;

	for (i = 0; i < mnl_attr_get_payload_len(attr); i++)
		printf(hex ? "%02x" : "%c", !hex && !bytes[i] ? '|' : bytes[i]);
}

static void print_integer(const struct nlattr *attr)
{
	unsigned long long value = 0;

	/* Little-endian, as everything that the tests run on. */
	memcpy(&value, mnl_attr_get_payload(attr), mnl_attr_get_payload_len(attr));
	printf("%llu", value);
}

static void print_rule(const struct nlmsghdr *answer)
{
	static const char *const names[] = {
		[XT_EBPF_A_SOURCE] = "source", [XT_EBPF_A_FLAGS] = "flags",
		[XT_EBPF_A_INSNS] = "insns", [XT_EBPF_A_TEXT] = "text",
		[XT_EBPF_A_CONTENT] = "content", [XT_EBPF_A_HANDLE] = "handle",
		[XT_EBPF_A_TABLE] = "table", [XT_EBPF_A_FAMILY] = "family",
		[XT_EBPF_A_REFERENCES] = "references", [XT_EBPF_A_SINCE] = "since",
		[XT_EBPF_A_PROG_ID] = "prog_id", [XT_EBPF_A_PROG_TAG] = "prog_tag",
		[XT_EBPF_A_PROG_NAME] = "prog_name", [XT_EBPF_A_PROG_TYPE] = "prog_type",
		[XT_EBPF_A_SWAPPED] = "swapped", [XT_EBPF_A_RUNS] = "runs",
		[XT_EBPF_A_MATCHES] = "matches", [XT_EBPF_A_NANOSECONDS] = "nanoseconds",
		[XT_EBPF_A_BACK_END] = "back_end",
	};
	const struct nlattr *attr;

	mnl_attr_for_each(attr, answer, sizeof(struct genlmsghdr)) {
		unsigned int type = mnl_attr_get_type(attr);

		if (type >= sizeof(names) / sizeof(*names) || !names[type])
			continue;
		printf("%s=", names[type]);
		switch (type) {
		case XT_EBPF_A_INSNS:
			printf("%zu", mnl_attr_get_payload_len(attr) / sizeof(struct sock_filter));
			break;
		case XT_EBPF_A_PROG_TAG:
			print_bytes(attr, 1);
			break;
		case XT_EBPF_A_TEXT:
			print_bytes(attr, 0);
			break;
		case XT_EBPF_A_TABLE:
		case XT_EBPF_A_PROG_NAME:
			printf("%s", mnl_attr_get_str(attr));
			break;
		default:
			print_integer(attr);
		}
		putchar(' ');
	}
	putchar('\n');
}

static void print_number(const struct nlmsghdr *answer)
{
	const struct nlattr *attr;

	mnl_attr_for_each(attr, answer, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == XT_EBPF_A_CONTENT)
			printf("%llu\n", (unsigned long long)mnl_attr_get_u64(attr));
		else if (mnl_attr_get_type(attr) == XT_EBPF_A_SWAPPED)
			printf("%u\n", mnl_attr_get_u32(attr));
	}
	fflush(stdout);
}

static void ignore(const struct nlmsghdr *answer) { (void)answer; }

static int store(char **argv)
{
	static struct sock_filter insns[XT_EBPF_MAX_INSNS + 1];
	static char contents[XT_EBPF_MAX_TEXT + 1];
	struct nlmsghdr *header = request(family_id, XT_EBPF_CMD_STORE, NLM_F_ACK);
	size_t length = strlen(argv[2]), i;
	int status;

	mnl_attr_put_u16(header, XT_EBPF_A_SOURCE, blob_source(argv[0]));
	if (*argv[1]) {
		unsigned int n = blob_code(insns, XT_EBPF_MAX_INSNS + 1, argv[1]);

		mnl_attr_put(header, XT_EBPF_A_INSNS, n * sizeof(*insns), insns);
	}
	if (length >= sizeof(contents))
		errx(2, "too much text");
	for (i = 0; i < length; i++)
		contents[i] = argv[2][i] == '|' ? '\0' : argv[2][i];
	if (length)
		mnl_attr_put(header, XT_EBPF_A_TEXT, length, contents);
	if (ask(header, print_number))
		return 1;
	if (!argv[3])
		return 0;
	switch (fork()) {
	case -1:
		err(2, "fork");
	case 0:
		execvp(argv[3], argv + 3);
		err(2, "%s", argv[3]);
	default:
		return wait(&status) > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 2;
	}
}

static int get(char **argv)
{
	struct nlmsghdr *header = request(family_id, XT_EBPF_CMD_RULE_GET, 0);
	struct bpf_blob blob;

	if (!argv[1]) {
		mnl_attr_put_u64(header, XT_EBPF_A_HANDLE, strtoull(argv[0], NULL, 0));
	} else {
		bool nft = !strncmp(argv[0], "nft:", 4);

		blob_make(&blob, argv + 2);
		mnl_attr_put(header, XT_EBPF_A_BLOB, XT_EBPF_COMPARED, &blob.v2);
		mnl_attr_put_strz(header, XT_EBPF_A_TABLE, argv[0] + (nft ? 4 : 0));
		mnl_attr_put_u8(header, XT_EBPF_A_BACK_END, nft ? XT_EBPF_NFT : XT_EBPF_LEGACY);
		mnl_attr_put_u8(header, XT_EBPF_A_FAMILY, atoi(argv[1]));
	}
	return ask(header, print_rule);
}

static int dump(char **argv)
{
	struct nlmsghdr *header = request(family_id, XT_EBPF_CMD_RULE_GET, NLM_F_DUMP);

	if (argv[0])
		mnl_attr_put_u32(header, XT_EBPF_A_PROG_ID, strtoul(argv[0], NULL, 0));
	return ask(header, print_rule);
}

static unsigned int id_of(int fd)
{
	struct bpf_prog_info info = { };
	union bpf_attr attr = { .info = {
		.bpf_fd = fd, .info_len = sizeof(info), .info = (unsigned long)&info,
	} };

	return syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) ? 0 : info.id;
}

static int fd_of(unsigned int id)
{
	union bpf_attr attr = { .prog_id = id };

	return syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));
}

static int swap(char **argv)
{
	unsigned int id[2] = { strtoul(argv[0], NULL, 0) };
	int fd[2] = { fd_of(id[0]), blob_open(argv[1]) };
	int times = argv[2] ? atoi(argv[2]) : 1, i;

	id[1] = id_of(fd[1]);
	for (i = 0; i < times; i++) {
		struct nlmsghdr *header = request(family_id, XT_EBPF_CMD_SWAP, 0);

		mnl_attr_put_u32(header, XT_EBPF_A_PROG_ID, id[i & 1]);
		mnl_attr_put_u32(header, XT_EBPF_A_FD, fd[!(i & 1)]);
		if (ask(header, i ? ignore : print_number))
			return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int on = 1;

	nl = mnl_socket_open(NETLINK_GENERIC);
	if (!nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0)
		err(2, "netlink");
	mnl_socket_setsockopt(nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(nl, NETLINK_CAP_ACK, &on, sizeof(on));
	if (find_family())
		return 1;
	if (argc >= 5 && !strcmp(argv[1], "store"))
		return store(argv + 2);
	if (argc >= 3 && !strcmp(argv[1], "get"))
		return get(argv + 2);
	if (argc >= 2 && !strcmp(argv[1], "dump"))
		return dump(argv + 2);
	if (argc >= 4 && !strcmp(argv[1], "swap"))
		return swap(argv + 2);
	errx(2, "usage: see the head of the source");
}
