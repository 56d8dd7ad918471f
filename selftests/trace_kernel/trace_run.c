// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_run [OPTION...] OBJECT: a session on /dev/iptables_trace with the programs enter, rule and leave of a BPF object, or
 * trace_enter and so on; or, without -k and -b, with its program walk or trace_walk if it has one; until SIGTERM. Prints "ready",
 * then a line for each event in the object's ring buffer "events", and last the session's statistics. SIGUSR1 prints statistics
 * in between. Dies with its parent.
 *
 *	-f CODE		filter, in the form of iptables -m bpf --bytecode (default: all packets)
 *	-n PATH		the network namespace (default: this one); "all" for all
 *	-c		select also what is made while a selected packet is in a table
 *	-B BACK_ENDS	which tables the programs hear of, of "lna" for legacy, nft and its arp (default: the kernel's)
 *	-k KINDS	which programs, of "erl" (default: those that the object has)
 *	-r N		every N-th event of a packet is refused by its program
 *	-s BYTES	how large the ring buffer is (default: as the object says)
 *	-l		late: reads no record before the session is stopped
 *	-b N		the program matches too, for N matches a CPU and second; 0: without a limit
 *	-C		asks what rules take
 *	-o TABLE	its matches are observed: 4:filter or 6:raw, of this namespace, or 4:filter:PATH of another one; may be
 *			given more than once. SIGUSR2: once more, all of them. Prints "observing TABLE RULESET", or the error in
 *			the place of the number
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "iptables_trace_ctl.h"
#include "trace_print.h"
#include "trace_record.h"

#define TABLES_MAX	8

static volatile sig_atomic_t stopped, stats_wanted, observe_wanted;
static int drains;	/* the session has ended, and what is left is read to its end */
static const char *tables[TABLES_MAX];
static unsigned int tables_count;

static void on_signal(int number)
{
	if (number == SIGUSR1)
		stats_wanted = 1;
	else if (number == SIGUSR2)
		observe_wanted = 1;
	else
		stopped = 1;
}

static void fail(const char *what)
{
	fprintf(stderr, "trace_run: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int print_record(void *context, void *data, size_t size)
{
	const struct iptables_trace_ctx *c = data;
	size_t context_size = size == sizeof(struct trace_whole_record) ? sizeof(struct iptables_trace_traversal) : sizeof(*c);

	(void)context;
	if ((size != sizeof(struct trace_record) && size != sizeof(struct trace_matches_record) &&
	     size != sizeof(struct trace_whole_record)) ||
	    c->version != IPTABLES_TRACE_CTX_VERSION || c->size != context_size) {
		printf("malformed record of %zu bytes\n", size);
		return 0;
	}
	if (size == sizeof(struct trace_whole_record)) {
		print_whole(data);
	} else {
		print_event(data);
		if (size == sizeof(struct trace_matches_record))
			print_matches(data);
		printf("\n");
	}
	/* libbpf reads on as long as records come, which on a slow machine is for ever: whoever asked for something is waiting. */
	return !drains && (stopped || stats_wanted || observe_wanted) ? -EINTR : 0;
}

static void print_stats(int session)
{
	struct iptables_trace_stats s;

	if (ioctl(session, IPTABLES_TRACE_GET_STATS, &s))
		fail("GET_STATS");
	printf("stats flags=%u hooks=%u packets=%llu guessed=%llu refused=%llu forgotten=%llu", s.flags, s.hooks,
	       s.packets, s.packets_guessed, s.packets_refused, s.packets_forgotten);
	printf(" events=%llu unwritten=%llu not_run=%llu", s.events, s.events_unwritten, s.events_not_run);
	printf(" missed=%llu/%llu/%llu/%llu replacements=%llu", s.missed_enter, s.missed_leave,
	       s.missed_rule, s.missed_other, s.replacements);
	printf(" matches=%llu busy=%llu unknown=%llu untold=%llu", s.matches, s.unobserved_busy,
	       s.unobserved_unknown, s.untold);
	printf(" own=%u/%u/%u/%u\n", s.own_probe, s.own_table, s.own_match, s.own_clock);
}

static unsigned int back_ends_of(const char *letters)
{
	return (strchr(letters, 'l') ? IPTABLES_TRACE_BACK_END_LEGACY : 0) |
	       (strchr(letters, 'n') ? IPTABLES_TRACE_BACK_END_NFT : 0) |
	       (strchr(letters, 'a') ? IPTABLES_TRACE_BACK_END_ARP : 0);
}

/* "N,code jt jf k,code jt jf k,..." */
static void set_filter(int session, const char *text, unsigned int flags)
{
	struct iptables_trace_filter filter = { .flags = flags };
	struct sock_filter *code;
	unsigned int i;
	char *end;

	if (text) {
		filter.len = strtoul(text, &end, 10);
		code = calloc(filter.len, sizeof(*code));
		for (i = 0; i < filter.len; i++) {
			code[i].code = strtoul(end + 1, &end, 10);
			code[i].jt = strtoul(end, &end, 10);
			code[i].jf = strtoul(end, &end, 10);
			code[i].k = strtoul(end, &end, 10);
		}
		filter.insns = (unsigned long)code;
	}
	if (ioctl(session, IPTABLES_TRACE_SET_FILTER, &filter))
		fail("SET_FILTER");
}

static void set_matches(int session, int program, unsigned int budget)
{
	struct iptables_trace_matches matches = { .program = program, .budget = budget };

	if (ioctl(session, IPTABLES_TRACE_SET_MATCHES, &matches))
		fail("SET_MATCHES");
}

static void observe_table(int session, const char *table)
{
	struct iptables_trace_observe observe = { .family = table[0] == '6' ? 10 : 2 };
	const char *path = strchr(table + 2, ':');

	observe.netns = open(path ? path + 1 : "/proc/self/ns/net", O_RDONLY);
	strncpy(observe.table, table + 2, path ? path - table - 2 : (long)sizeof(observe.table) - 1);
	if (ioctl(session, IPTABLES_TRACE_OBSERVE, &observe))
		printf("observing %s %s\n", table, strerrorname_np(errno));
	else
		printf("observing %s %llu\n", table, observe.ruleset);
	if (observe.netns >= 0)
		close(observe.netns);
}

static void observe_tables(int session)
{
	unsigned int i;

	for (i = 0; i < tables_count; i++)
		observe_table(session, tables[i]);
}

static void set_netns(int session, const char *path)
{
	struct iptables_trace_netns netns = { .fd = -1 };

	if (strcmp(path, "all")) {
		netns.fd = open(path, O_RDONLY);
		if (netns.fd < 0)
			fail(path);
	}
	if (ioctl(session, IPTABLES_TRACE_SET_NETNS, &netns))
		fail("SET_NETNS");
	if (netns.fd >= 0)
		close(netns.fd);
}

static int program_fd(const struct bpf_object *object, const char *name, const char *kinds)
{
	const struct bpf_program *program = bpf_object__find_program_by_name(object, name);
	char longer[32];

	snprintf(longer, sizeof(longer), "trace_%s", name);
	if (!program)
		program = bpf_object__find_program_by_name(object, longer);
	return program && (!kinds || strchr(kinds, name[0])) ? bpf_program__fd(program) : -1;
}

static void set_programs(int session, const struct bpf_object *object, const char *kinds, unsigned int back_ends, int singly)
{
	struct iptables_trace_programs programs = {
		.enter		= program_fd(object, "enter", kinds),
		.rule		= program_fd(object, "rule", kinds),
		.leave		= program_fd(object, "leave", kinds),
		.back_ends	= back_ends,
	};
	struct iptables_trace_traversals traversals = {
		.program	= singly ? -1 : program_fd(object, "walk", NULL),
		.back_ends	= back_ends,
	};

	if (traversals.program >= 0) {
		if (ioctl(session, IPTABLES_TRACE_SET_TRAVERSALS, &traversals))
			fail("SET_TRAVERSALS");
	} else if (ioctl(session, IPTABLES_TRACE_SET_PROGRAMS, &programs)) {
		fail("SET_PROGRAMS");
	}
}

static void set_refuse(struct bpf_object *object, unsigned int n)
{
	struct bpf_map *map = bpf_object__find_map_by_name(object, ".rodata");

	if (!map || bpf_map__set_initial_value(map, &n, sizeof(n)))
		fail("the object has no \"refuse\"");
}

static int quiet_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

static unsigned long long perf_samples, perf_lost;

static void count_perf_sample(void *context, int cpu, void *data, __u32 size)
{
	(void)context;
	(void)cpu;
	(void)data;
	(void)size;
	perf_samples++;
}

static void count_perf_lost(void *context, int cpu, __u64 count)
{
	(void)context;
	(void)cpu;
	perf_lost += count;
}

static void read_until_stopped(int session, struct ring_buffer *ring, struct perf_buffer *perf)
{
	while (!stopped) {
		if (ring)
			ring_buffer__poll(ring, 20);
		else
			usleep(20000);
		if (perf)
			perf_buffer__poll(perf, 0);
		if (observe_wanted) {
			observe_wanted = 0;
			observe_tables(session);
		}
		if (stats_wanted) {
			stats_wanted = 0;
			print_stats(session);
		}
		fflush(stdout);
	}
}

int main(int argc, char **argv)
{
	const char *filter = NULL, *netns = NULL, *kinds = NULL;
	struct iptables_trace_costs costs = {};
	unsigned int back_ends = 0, flags = 0, refuse = 0, size = 0;
	struct ring_buffer *ring = NULL;
	struct bpf_object *object;
	struct perf_buffer *perf = NULL;
	const char *budget = NULL;
	int option, late = 0;
	int session, map;

	while ((option = getopt(argc, argv, "f:n:cB:k:r:ls:b:Co:")) != -1) {
		switch (option) {
		case 'f':
			filter = optarg;
			break;
		case 'n':
			netns = optarg;
			break;
		case 'c':
			flags |= IPTABLES_TRACE_FILTER_CHILDREN;
			break;
		case 'B':
			back_ends = back_ends_of(optarg);
			break;
		case 'k':
			kinds = optarg;
			break;
		case 'r':
			refuse = strtoul(optarg, NULL, 10);
			break;
		case 's':
			size = strtoul(optarg, NULL, 10);
			break;
		case 'l':
			late = 1;
			break;
		case 'b':
			budget = optarg;
			break;
		case 'C':
			costs.wanted = 1;
			break;
		case 'o':
			if (tables_count == TABLES_MAX)
				return 2;
			tables[tables_count++] = optarg;
			break;
		default:
			return 2;
		}
	}
	if (optind + 1 != argc)
		return 2;

	signal(SIGTERM, on_signal);
	signal(SIGUSR1, on_signal);
	signal(SIGUSR2, on_signal);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	libbpf_set_print(quiet_libbpf);
	object = bpf_object__open(argv[optind]);
	if (!object)
		fail(argv[optind]);
	if (refuse)
		set_refuse(object, refuse);
	if (size && bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "events"), size))
		fail("the ring buffer's size");
	if (bpf_object__load(object))
		fail(argv[optind]);

	session = open(IPTABLES_TRACE_DEVICE, O_RDWR | O_CLOEXEC);
	if (session < 0)
		fail(IPTABLES_TRACE_DEVICE);
	set_programs(session, object, kinds, back_ends, kinds || budget);
	if (costs.wanted && ioctl(session, IPTABLES_TRACE_SET_COSTS, &costs))
		fail("SET_COSTS");
	if (budget)
		set_matches(session, program_fd(object, "matches", NULL), strtoul(budget, NULL, 10));
	set_filter(session, filter, flags);
	if (netns)
		set_netns(session, netns);
	map = bpf_object__find_map_fd_by_name(object, "events");
	if (map >= 0)
		ring = ring_buffer__new(map, print_record, NULL, NULL);
	map = bpf_object__find_map_fd_by_name(object, "perf");
	if (map >= 0)
		perf = perf_buffer__new(map, 64, count_perf_sample, count_perf_lost, NULL, NULL);
	if (ioctl(session, IPTABLES_TRACE_START))
		fail("START");
	observe_tables(session);
	printf("ready\n");
	fflush(stdout);

	read_until_stopped(session, late ? NULL : ring, perf);
	if (ioctl(session, IPTABLES_TRACE_STOP))
		fail("STOP");
	drains = 1;
	if (ring)
		ring_buffer__consume(ring);
	if (perf) {
		perf_buffer__consume(perf);
		printf("perf samples=%llu lost=%llu\n", perf_samples, perf_lost);
	}
	print_stats(session);
	return 0;
}
