// SPDX-License-Identifier: GPL-2.0-only
/*
 * send_arp [-n COUNT] [-p PADDING] [-t TYPE] DEVICE OPERATION SENDER TARGET: sends packets of ARP to everybody on that link, for
 * IPv4 and of the device's own address of Ethernet, or of another TYPE of hardware with addresses as long; with so many bytes
 * behind it, as links have it that know no short frames.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct arp {
	__be16 hardware;
	__be16 protocol;
	unsigned char hardware_length;
	unsigned char protocol_length;
	__be16 operation;
	unsigned char sender_hardware[ETH_ALEN];
	unsigned char sender[4];
	unsigned char target_hardware[ETH_ALEN];
	unsigned char target[4];
	unsigned char padding[64];
};

static void die(const char *what)
{
	fprintf(stderr, "send_arp: %s: %s\n", what, strerror(errno));
	exit(1);
}

int main(int argc, char **argv)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ARP), .sll_halen = ETH_ALEN };
	struct arp arp = { .hardware = htons(ARPHRD_ETHER), .protocol = htons(ETH_P_IP), .hardware_length = ETH_ALEN,
			   .protocol_length = 4 };
	unsigned long count = 1, padding = 0;
	struct ifreq device = {};
	int option, link;

	while ((option = getopt(argc, argv, "n:p:t:")) != -1) {
		if (option == 'n')
			count = strtoul(optarg, NULL, 10);
		else if (option == 'p')
			padding = strtoul(optarg, NULL, 10);
		else if (option == 't')
			arp.hardware = htons(strtoul(optarg, NULL, 10));
		else
			return 2;
	}
	if (argc - optind != 4 || padding > sizeof(arp.padding))
		return 2;
	link = socket(AF_PACKET, SOCK_DGRAM, 0);
	if (link < 0)
		die("a socket of packets");
	strncpy(device.ifr_name, argv[optind], sizeof(device.ifr_name) - 1);
	if (ioctl(link, SIOCGIFHWADDR, &device))
		die(argv[optind]);
	memcpy(arp.sender_hardware, device.ifr_hwaddr.sa_data, ETH_ALEN);
	to.sll_ifindex = if_nametoindex(argv[optind]);
	memset(to.sll_addr, 0xff, ETH_ALEN);
	arp.operation = htons(strtoul(argv[optind + 1], NULL, 10));
	if (inet_pton(AF_INET, argv[optind + 2], arp.sender) != 1 || inet_pton(AF_INET, argv[optind + 3], arp.target) != 1)
		die("not an address");
	while (count--)
		if (sendto(link, &arp, sizeof(arp) - sizeof(arp.padding) + padding, 0, (struct sockaddr *)&to, sizeof(to)) < 0)
			die("send");
	return 0;
}
