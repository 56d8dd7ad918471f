// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_observe OBJECT: attaches the programs of trace_observe.bpf.o, prints "ready", and at SIGTERM what they have counted:
 * PLACE PROTOCOL marked N unmarked N, and called_as itself N other N: whether the match mark was called as that.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "trace_observe.h"

static const char *const places[OBSERVE_PLACES] = {
	[OBSERVE_IN_TABLE] = "in_table",
	[OBSERVE_DELIVERED] = "delivered",
	[OBSERVE_SENT] = "sent",
};

static void print(int map)
{
	unsigned int place, protocol, key;
	__u64 count[2];

	for (place = 0; place < OBSERVE_PLACES; place++) {
		for (protocol = 0; protocol < 256; protocol++) {
			key = (place * 256 + protocol) * 2;
			bpf_map_lookup_elem(map, &key, &count[0]);
			key++;
			bpf_map_lookup_elem(map, &key, &count[1]);
			if (count[0] || count[1])
				printf("%s %u marked %llu unmarked %llu\n", places[place], protocol, count[1],
				       count[0]);
		}
	}
}

static void print_called_as(int map)
{
	__u32 itself = OBSERVE_AS_ITSELF, other = OBSERVE_AS_OTHER;
	__u64 count[2] = {};

	bpf_map_lookup_elem(map, &itself, &count[0]);
	bpf_map_lookup_elem(map, &other, &count[1]);
	printf("called_as itself %llu other %llu\n", count[0], count[1]);
}

/* The address of a function, or 0. */
static __u64 address_of(const char *function)
{
	FILE *symbols = fopen("/proc/kallsyms", "r");
	unsigned long long address;
	char name[128];

	while (symbols && fscanf(symbols, "%llx %*c %127s%*[^\n]", &address, name) == 2)
		if (!strcmp(name, function))
			break;
	if (!symbols || feof(symbols))
		address = 0;
	if (symbols)
		fclose(symbols);
	return address;
}

int main(int argc, char **argv)
{
	struct bpf_program *program;
	struct bpf_object *object;
	sigset_t term;
	__u64 mark_mt;
	int signal;

	if (argc != 2)
		return 2;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&term);
	sigaddset(&term, SIGTERM);
	sigprocmask(SIG_BLOCK, &term, NULL);

	object = bpf_object__open(argv[1]);
	if (!object)
		return 1;
	mark_mt = address_of("mark_mt");
	if (bpf_map__set_initial_value(bpf_object__find_map_by_name(object, ".rodata"), &mark_mt, sizeof(mark_mt)) ||
	    bpf_object__load(object))
		return 1;
	bpf_object__for_each_program(program, object)
		if (!bpf_program__attach(program))
			return 1;
	puts("ready");
	fflush(stdout);
	sigwait(&term, &signal);
	print(bpf_object__find_map_fd_by_name(object, "seen"));
	print_called_as(bpf_object__find_map_fd_by_name(object, "called_as"));
	return 0;
}
