// SPDX-License-Identifier: GPL-2.0-only
/*
 * udp_send [-n COUNT] [-s FROM | -a] [-i MICROSECONDS] [-c CPU | -H] ADDRESS PORT: sends UDP datagrams, without end if no
 * COUNT is given: from one socket, or with -s each from a port of its own, FROM and up; with -a all alike to the last bit, as
 * the kernel numbers those of a socket only that is connected; one each MICROSECONDS (default: as fast as it goes); on one CPU,
 * or with -H while a second thread makes the first change between CPUs without pause. Whether anybody listens does not matter.
 */
#define _GNU_SOURCE
#include <err.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static volatile bool done;

static void go_to(pid_t thread, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(thread, sizeof(set), &set))
		err(1, "CPU %d", cpu);
}

static void *push_around(void *thread)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), i;

	for (i = 0; !done; i++) {
		go_to(*(pid_t *)thread, i % cpus);
		/* Lets what runs there go on, also where this thread is the busier one. */
		usleep(500);
	}
	return NULL;
}

static struct addrinfo *find(const char *address, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST }, *found;
	int error = getaddrinfo(address, port, &hints, &found);

	if (error)
		errx(1, "%s port %s: %s", address, port, gai_strerror(error));
	return found;
}

/* The port of either version of IP stands in the same place. From 0 is from any. */
static int open_socket(const struct addrinfo *to, int from, bool alike)
{
	struct sockaddr_in6 own = { .sin6_family = to->ai_family, .sin6_port = htons(from) };
	int fd = socket(to->ai_family, SOCK_DGRAM, 0);

	if (fd < 0 || bind(fd, (void *)&own, to->ai_addrlen) ||
	    (!alike && connect(fd, to->ai_addr, to->ai_addrlen)))
		err(1, "socket from port %d", from);
	return fd;
}

static ssize_t send_one(int fd, const struct addrinfo *to, bool alike)
{
	return sendto(fd, "", 1, 0, alike ? to->ai_addr : NULL, alike ? to->ai_addrlen : 0);
}

int main(int argc, char **argv)
{
	int opt, fd = -1, interval = 0, from = 0, count = -1;
	struct addrinfo *to;
	pid_t self = gettid();
	bool push = false, alike = false;
	pthread_t pusher;

	while ((opt = getopt(argc, argv, "n:s:ai:c:H")) != -1) {
		switch (opt) {
		case 'n':
			count = atoi(optarg);
			break;
		case 's':
			from = atoi(optarg);
			break;
		case 'a':
			alike = true;
			break;
		case 'i':
			interval = atoi(optarg);
			break;
		case 'c':
			go_to(0, atoi(optarg));
			break;
		case 'H':
			push = true;
			break;
		default:
			return 2;
		}
	}
	if (argc - optind != 2)
		errx(2, "usage: udp_send [-n COUNT] [-s FROM | -a] [-i MICROSECONDS] [-c CPU | -H] ADDRESS PORT");

	to = find(argv[optind], argv[optind + 1]);
	if (push && pthread_create(&pusher, NULL, push_around, &self))
		errx(1, "no second thread");
	for (; count; count -= count > 0) {
		if (fd < 0 || from) {
			close(fd);
			fd = open_socket(to, from ? from++ : 0, alike);
		}
		/* Fails after an ICMP error and in namespaces that are going; the next one is on its way anyway. */
		if (send_one(fd, to, alike) < 0)
			send_one(fd, to, alike);
		if (interval)
			usleep(interval);
	}
	done = true;
	if (push)
		pthread_join(pusher, NULL);
	return 0;
}
