// SPDX-License-Identifier: GPL-2.0-only
/*
 * filter_compare 4|6 BLOB EXPRESSION: runs the instructions of a rule of revision 2, whose bytes are given in hexadecimal,
 * and those that libpcap makes of EXPRESSION for link type RAW, on random packets of the family. Ends with 1 at the first
 * packet on which they differ.
 */
#include <err.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xt_ebpf.h"

#define PACKETS 200000
#define SNAPLEN 262144

static void read_blob(const char *hex, struct xt_ebpf_info *info)
{
	unsigned char *bytes = (unsigned char *)info;
	unsigned int i, byte;

	for (i = 0; i < XT_EBPF_COMPARED; i++) {
		if (sscanf(hex + 2 * i, "%2x", &byte) != 1)
			errx(2, "not the bytes of a rule: %s", hex);
		bytes[i] = byte;
	}
	if (info->source != XT_EBPF_EXPRESSION || info->flags & XT_EBPF_F_STORED)
		errx(2, "not a rule with the code of an expression");
}

static unsigned char one_of(const unsigned char *choices, unsigned int n)
{
	return choices[random() % n];
}

/* Headers in which what filters ask for occurs often enough; the rest is noise. */
static unsigned int make_packet(int family, unsigned char *packet)
{
	static const unsigned char protocols[] = { 1, 6, 17, 44, 58, 132, 0, 255 };
	static const unsigned char ports[][2] = { { 0, 53 }, { 1, 187 }, { 4, 87 }, { 0, 80 } };
	unsigned int header = family == 4 ? 20 + 4 * (random() % 4) : 40;
	unsigned int len = header + random() % 120, i;

	for (i = 0; i < len; i++)
		packet[i] = random();
	if (family == 4) {
		packet[0] = 0x40 | header / 4;
		packet[9] = one_of(protocols, sizeof(protocols));
		if (random() % 2)
			memset(packet + 6, 0, 2);
		if (random() % 2)
			memcpy(packet + 12 + 4 * (random() % 2), "\12\0\0\1", 4);
	} else {
		packet[0] = 0x60;
		packet[6] = one_of(protocols, sizeof(protocols));
		if (random() % 2)
			memcpy(packet + 8 + 16 * (random() % 2),
			       "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	}
	for (i = 0; i < 2 && header + 4 <= len; i++)
		if (random() % 2)
			memcpy(packet + header + 2 * i, ports[random() % 4], 2);
	return len;
}

int main(int argc, char **argv)
{
	unsigned int i, len, yes = 0;
	struct bpf_program reference;
	struct xt_ebpf_info info;
	unsigned char packet[256];
	pcap_t *pcap;
	int family;

	if (argc != 4)
		errx(2, "usage: filter_compare 4|6 BLOB EXPRESSION");
	family = atoi(argv[1]);
	read_blob(argv[2], &info);
	pcap = pcap_open_dead(DLT_RAW, SNAPLEN);
	if (!pcap || pcap_compile(pcap, &reference, argv[3], 1, PCAP_NETMASK_UNKNOWN) < 0)
		errx(2, "libpcap: %s", pcap ? pcap_geterr(pcap) : "no memory");

	srandom(1);
	for (i = 0; i < PACKETS; i++) {
		int own, expected;

		len = make_packet(family, packet);
		/* The two types of instructions have the same layout. */
		own = !!bpf_filter((const struct bpf_insn *)info.data, packet, len, len);
		expected = !!bpf_filter(reference.bf_insns, packet, len, len);
		yes += own;
		if (own != expected)
			errx(1, "packet %u: the rule's code says %d, libpcap's for RAW %d", i, own,
			     expected);
	}
	printf("%u of %u packets match\n", yes, i);
	return 0;
}
