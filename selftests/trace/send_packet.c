// SPDX-License-Identifier: GPL-2.0-only
/*
 * send_packet [-n COUNT] [-p PORTS] [-f FRAGMENT] [-o OPTIONS] [-t] SOURCE DESTINATION PROTOCOL PAYLOAD: sends IP packets as they
 * are given, sound or not; only a checksum of TCP, UDP or ICMP that is zero is made right. PAYLOAD and OPTIONS (IPv4)
 * are hex digits, FRAGMENT the sixteen bits of IPv4's flags and offset. With PORTS the destination port goes round
 * through that many, from the given one on. -t prints the nanoseconds that sending took.
 *
 * send_packet -l: one of each line of standard input: FRAGMENT SOURCE DESTINATION PROTOCOL PAYLOAD.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static unsigned char packet[65536];
static size_t length;

static void die(const char *what)
{
	fprintf(stderr, "send_packet: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void append_hex(const char *digits)
{
	unsigned int byte;

	for (; digits[0] && digits[1]; digits += 2) {
		if (sscanf(digits, "%2x", &byte) != 1 || length == sizeof(packet))
			die("not hex digits");
		packet[length++] = byte;
	}
}

static unsigned long add_words(unsigned long sum, const unsigned char *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		sum += (unsigned long)bytes[i] << (i % 2 ? 0 : 8);
	return sum;
}

/* Addresses: those of the pseudo header, or none for ICMP. */
static size_t checksum_at;

static void fill_checksum(int protocol, size_t header, const unsigned char *addresses, size_t addresses_size)
{
	size_t at = header + (protocol == IPPROTO_TCP ? 16 : protocol == IPPROTO_UDP ? 6 : 2);
	size_t size = length - header;
	unsigned long sum;

	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP && protocol != IPPROTO_ICMP &&
	    protocol != IPPROTO_ICMPV6)
		return;
	if (length < at + 2 || packet[at] || packet[at + 1])
		return;
	sum = add_words(0, packet + header, size);
	if (protocol != IPPROTO_ICMP)
		sum = add_words(sum, addresses, addresses_size) + protocol + size;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	packet[at] = ~sum >> 8;
	packet[at + 1] = ~sum;
	checksum_at = at;
}

static unsigned int get_word(size_t at) { return packet[at] << 8 | packet[at + 1]; }

static void put_word(size_t at, unsigned int word)
{
	packet[at] = word >> 8;
	packet[at + 1] = word;
}

/* Another destination port, and the checksum as RFC 1624 has it. */
static void set_port(size_t at, unsigned int port)
{
	unsigned long sum = (~get_word(checksum_at) & 0xffff) + (~get_word(at) & 0xffff) + port;

	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	put_word(at, port);
	if (checksum_at)
		put_word(checksum_at, ~sum & 0xffff);
}

static socklen_t make_ipv4(const char *from, const char *to, int protocol, const char *options, const char *payload,
			   int fragment, struct sockaddr_storage *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *)address;
	struct iphdr *ip = (struct iphdr *)packet;

	in->sin_family = AF_INET;
	if (inet_pton(AF_INET, from, &ip->saddr) != 1 || inet_pton(AF_INET, to, &in->sin_addr) != 1)
		return 0;
	length = sizeof(*ip);
	append_hex(options);
	ip->version = 4;
	ip->ihl = length / 4;
	ip->ttl = 64;
	ip->id = htons(0x1234);
	ip->protocol = protocol;
	ip->frag_off = htons(fragment);
	ip->daddr = in->sin_addr.s_addr;
	append_hex(payload);
	if (!fragment)
		fill_checksum(protocol, ip->ihl * 4, (unsigned char *)&ip->saddr, 8);
	return sizeof(*in);
}

static socklen_t make_ipv6(const char *from, const char *to, int protocol, const char *payload,
			   struct sockaddr_storage *address)
{
	struct sockaddr_in6 *in = (struct sockaddr_in6 *)address;
	struct ip6_hdr *ip = (struct ip6_hdr *)packet;

	in->sin6_family = AF_INET6;
	if (inet_pton(AF_INET6, from, &ip->ip6_src) != 1 || inet_pton(AF_INET6, to, &in->sin6_addr) != 1)
		return 0;
	length = sizeof(*ip);
	append_hex(payload);
	ip->ip6_flow = htonl(6 << 28);
	ip->ip6_nxt = protocol;
	ip->ip6_hlim = 64;
	ip->ip6_plen = htons(length - sizeof(*ip));
	ip->ip6_dst = in->sin6_addr;
	fill_checksum(protocol, sizeof(*ip), (unsigned char *)&ip->ip6_src, 32);
	return sizeof(*in);
}

static long long nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* The packet, and where it is to go. */
static socklen_t make(const char *from, const char *to, int protocol, const char *options, const char *payload,
		      int fragment, struct sockaddr_storage *address)
{
	socklen_t size;

	checksum_at = 0;
	size = make_ipv4(from, to, protocol, options, payload, fragment, address);
	if (!size)
		size = make_ipv6(from, to, protocol, payload, address);
	if (!size)
		die("not two addresses of one family");
	return size;
}

/* With this protocol the packet brings its own header. */
static int open_socket(int family)
{
	int fd = socket(family, SOCK_RAW, IPPROTO_RAW);

	if (fd < 0)
		die("socket");
	return fd;
}

static void send_it(int fd, const struct sockaddr_storage *address, socklen_t size)
{
	if (sendto(fd, packet, length, 0, (const struct sockaddr *)address, size) < 0)
		die("sendto");
}

static int send_listed(void)
{
	char from[64], to[64], payload[4096];
	struct sockaddr_storage address = {};
	unsigned int fragment;
	int protocol, fd = -1;
	socklen_t size;

	while (scanf("%x %63s %63s %d %4095s", &fragment, from, to, &protocol, payload) == 5) {
		size = make(from, to, protocol, "", payload, fragment, &address);
		if (fd < 0)
			fd = open_socket(address.ss_family);
		send_it(fd, &address, size);
	}
	if (!feof(stdin))
		die("not a packet");
	return 0;
}

int main(int argc, char **argv)
{
	const char *options = "";
	struct sockaddr_storage address = {};
	int count = 1, ports = 1, fragment = 0, timed = 0, option, fd, i;
	unsigned int first_port;
	size_t port_at;
	long long began;
	socklen_t size;

	while ((option = getopt(argc, argv, "n:p:f:o:tl")) != -1) {
		if (option == 'n')
			count = atoi(optarg);
		else if (option == 'p')
			ports = atoi(optarg);
		else if (option == 'f')
			fragment = strtol(optarg, NULL, 16);
		else if (option == 'o')
			options = optarg;
		else if (option == 't')
			timed = 1;
		else if (option == 'l')
			return send_listed();
		else
			return 2;
	}
	argv += optind;
	if (argc - optind != 4)
		return 2;

	size = make(argv[0], argv[1], atoi(argv[2]), options, argv[3], fragment, &address);
	fd = open_socket(address.ss_family);
	port_at = (address.ss_family == AF_INET ? sizeof(struct iphdr) + strlen(options) / 2 : sizeof(struct ip6_hdr)) + 2;
	first_port = get_word(port_at);
	began = nanoseconds();
	for (i = 0; i < count; i++) {
		if (ports > 1)
			set_port(port_at, first_port + i % ports);
		send_it(fd, &address, size);
	}
	if (timed)
		printf("%lld\n", nanoseconds() - began);
	return 0;
}
