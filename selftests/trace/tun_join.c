// SPDX-License-Identifier: GPL-2.0-only
/*
 * tun_join DEVICE NETNS NETNS: a tun device of that name in each of the two network namespaces, and what one is sent comes in at
 * the other, as by a VPN's process. Says "ready", and runs until it is killed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int make_tun(const char *name, const char *netns)
{
	struct ifreq request = { .ifr_flags = IFF_TUN | IFF_NO_PI };
	int ns = open(netns, O_RDONLY | O_CLOEXEC), fd;

	if (ns < 0 || setns(ns, CLONE_NEWNET))
		err(1, "%s", netns);
	close(ns);
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "/dev/net/tun");
	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	if (ioctl(fd, TUNSETIFF, &request))
		err(1, "%s in %s", name, netns);
	return fd;
}

/* A device that is down takes nothing: the packet is lost, as on any way. */
static void hand_on(int from, int to)
{
	char packet[65536];
	ssize_t length = read(from, packet, sizeof(packet));

	if (length < 0)
		err(1, "read");
	if (write(to, packet, length) < 0)
		warn("write");
}

int main(int argc, char **argv)
{
	struct pollfd ends[2];
	int i;

	if (argc != 4)
		errx(2, "usage: tun_join DEVICE NETNS NETNS");
	for (i = 0; i < 2; i++)
		ends[i] = (struct pollfd){ .fd = make_tun(argv[1], argv[2 + i]), .events = POLLIN };
	puts("ready");
	fflush(stdout);
	for (;;) {
		if (poll(ends, 2, -1) < 0)
			err(1, "poll");
		for (i = 0; i < 2; i++)
			if (ends[i].revents & POLLIN)
				hand_on(ends[i].fd, ends[!i].fd);
	}
}
