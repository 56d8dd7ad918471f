// SPDX-License-Identifier: GPL-2.0-only
/*
 * filter_verdicts CAPTURE: reads lines "CODE<TAB>EXPRESSION". For each it prints what libpcap's own interpreter says of the
 * packets of the capture by EXPRESSION, a digit a packet, and what the kernel says of the same bytes by CODE, which is
 * written as the match takes it: a socket of the local domain has its filter look at a message as it was sent.
 *
 * filter_verdicts -s CAPTURE: sends the packets as they are, and prints nothing.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_PACKETS 1024
#define SNAPLEN 262144

struct packet {
	unsigned char bytes[2048];
	unsigned int size;
};

static struct packet packets[MAX_PACKETS];
static unsigned int packet_count;

static void read_capture(const char *file)
{
	char error[PCAP_ERRBUF_SIZE];
	const unsigned char *bytes;
	struct pcap_pkthdr *head;
	pcap_t *pcap;

	pcap = pcap_open_offline(file, error);
	if (!pcap)
		errx(2, "%s", error);
	while (pcap_next_ex(pcap, &head, &bytes) == 1) {
		struct packet *packet = &packets[packet_count++];

		if (packet_count == MAX_PACKETS || head->len != head->caplen ||
		    head->len > sizeof(packet->bytes))
			errx(2, "%s: packet %u is one too many, cut or too long", file,
			     packet_count);
		packet->size = head->len;
		memcpy(packet->bytes, bytes, packet->size);
	}
	pcap_close(pcap);
}

static void libpcap_says(pcap_t *dead, const char *expression, char *verdicts)
{
	struct bpf_program program;
	unsigned int i;

	if (pcap_compile(dead, &program, expression, 1, PCAP_NETMASK_UNKNOWN))
		errx(2, "%s: %s", expression, pcap_geterr(dead));
	for (i = 0; i < packet_count; i++) {
		struct pcap_pkthdr head = { .len = packets[i].size, .caplen = packets[i].size };

		verdicts[i] = pcap_offline_filter(&program, &head, packets[i].bytes) ? '1' : '0';
	}
	pcap_freecode(&program);
}

static void parse_code(const char *text, struct sock_fprog *program)
{
	unsigned int i, length, code, jt, jf, k;
	int used;

	if (sscanf(text, "%u%n", &length, &used) != 1 || !length || length > BPF_MAXINSNS)
		errx(2, "no code: %s", text);
	program->len = length;
	program->filter = calloc(length, sizeof(*program->filter));
	for (i = 0; i < length; i++) {
		text += used;
		if (sscanf(text, ",%u %u %u %u%n", &code, &jt, &jf, &k, &used) != 4)
			errx(2, "not instruction %u: %s", i, text);
		program->filter[i] = (struct sock_filter){ code, jt, jf, k };
	}
}

static void kernel_says(const char *code, char *verdicts)
{
	struct sock_fprog program;
	unsigned int i;
	char byte;
	int fd[2];

	parse_code(code, &program);
	if (socketpair(AF_UNIX, SOCK_DGRAM, 0, fd))
		err(2, "socketpair");
	if (setsockopt(fd[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		err(2, "SO_ATTACH_FILTER of %s", code);
	free(program.filter);
	for (i = 0; i < packet_count; i++) {
		if (send(fd[0], packets[i].bytes, packets[i].size, 0) < 0)
			err(2, "send");
		verdicts[i] = recv(fd[1], &byte, 1, MSG_DONTWAIT) >= 0 ? '1' : '0';
		if (verdicts[i] == '0' && errno != EAGAIN)
			err(2, "recv");
	}
	close(fd[0]);
	close(fd[1]);
}

static int judge(void)
{
	char by_libpcap[MAX_PACKETS] = "", by_kernel[MAX_PACKETS] = "";
	char *line = NULL, *expression;
	size_t size = 0;
	pcap_t *dead;

	dead = pcap_open_dead(DLT_RAW, SNAPLEN);
	while (getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		expression = strchr(line, '\t');
		if (!expression)
			errx(2, "no tab in: %s", line);
		*expression++ = '\0';
		libpcap_says(dead, expression, by_libpcap);
		kernel_says(line, by_kernel);
		printf("%s %s\n", by_libpcap, by_kernel);
	}
	free(line);
	pcap_close(dead);
	return 0;
}

static int raw_socket(int family)
{
	int one = 1, fd;

	fd = socket(family, SOCK_RAW, IPPROTO_RAW);
	if (fd < 0)
		err(2, "socket");
	if (family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_HDRINCL, &one, sizeof(one)))
		err(2, "IPV6_HDRINCL");
	return fd;
}

static int send_all(void)
{
	int fd4 = raw_socket(AF_INET), fd6 = raw_socket(AF_INET6);
	unsigned int i;

	for (i = 0; i < packet_count; i++) {
		const struct packet *packet = &packets[i];
		struct sockaddr_in to4 = { .sin_family = AF_INET };
		struct sockaddr_in6 to6 = { .sin6_family = AF_INET6 };
		ssize_t sent;

		if (packet->bytes[0] >> 4 == 4) {
			memcpy(&to4.sin_addr, packet->bytes + 16, 4);
			sent = sendto(fd4, packet->bytes, packet->size, 0, (struct sockaddr *)&to4,
				      sizeof(to4));
		} else {
			memcpy(&to6.sin6_addr, packet->bytes + 24, 16);
			sent = sendto(fd6, packet->bytes, packet->size, 0, (struct sockaddr *)&to6,
				      sizeof(to6));
		}
		if (sent != packet->size)
			err(2, "packet %u", i + 1);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2 && (argc != 3 || strcmp(argv[1], "-s")))
		errx(2, "usage: filter_verdicts [-s] CAPTURE");
	read_capture(argv[argc - 1]);
	return argc == 3 ? send_all() : judge();
}
