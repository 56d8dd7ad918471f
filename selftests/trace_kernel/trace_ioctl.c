// SPDX-License-Identifier: GPL-2.0-only
/*
 * trace_ioctl: what /dev/iptables_trace answers to each call that it should refuse, and to some that it should not.
 *
 *	trace_ioctl -l		the names of the tests, one a line
 *	trace_ioctl N		runs case N (from 1): 0 as expected, 1 not, 4 this kernel cannot show it
 *	trace_ioctl open	opens the device alone and prints the error's name, or OK
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "iptables_trace_ctl.h"
#include "iptables_trace_ctx.h"

#define ATTACH_KPROBE_MULTI	42	/* not in older headers */
#define PAGE			4096

static int session;
static const struct sock_filter all[] = { { 6, 0, 0, 1 } };

/* What cannot be tried here. */
static void unable(const char *why)
{
	printf("%s: %s\n", why, strerror(errno));
	exit(4);
}

static int answer(int ret)
{
	return ret < 0 ? errno : 0;
}

static int call(unsigned long cmd, void *arg)
{
	return answer(ioctl(session, cmd, arg));
}

/* cmd with a struct of another size than ours. */
static unsigned long resized(unsigned long cmd, unsigned int size)
{
	return _IOC(_IOC_DIR(cmd), _IOC_TYPE(cmd), _IOC_NR(cmd), size);
}

/* A program of some type, or what bpf() has against it. */
static int load_code(const struct bpf_insn *code, unsigned int count, unsigned int type, unsigned int attach_type,
		     unsigned int flags)
{
	union bpf_attr attr = {
		.prog_type = type,
		.expected_attach_type = attach_type,
		.insns = (unsigned long)code,
		.insn_cnt = count,
		.license = (unsigned long)"GPL",
		.prog_flags = flags,
	};
	int fd = syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));

	if (fd < 0)
		unable("such a program cannot be loaded");
	return fd;
}

/* "return 0" as a program of some type. */
static int load(unsigned int type, unsigned int attach_type, unsigned int flags)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return load_code(code, 2, type, attach_type, flags);
}

static int set_programs(int enter, int rule, int leave)
{
	struct iptables_trace_programs programs = { .enter = enter, .rule = rule, .leave = leave };

	return call(IPTABLES_TRACE_SET_PROGRAMS, &programs);
}

static int set_filter(const struct sock_filter *code, unsigned int len, unsigned int flags)
{
	struct iptables_trace_filter filter = { .insns = (unsigned long)code, .len = len, .flags = flags };

	return call(IPTABLES_TRACE_SET_FILTER, &filter);
}

static int set_netns(int fd)
{
	struct iptables_trace_netns netns = { .fd = fd };

	return call(IPTABLES_TRACE_SET_NETNS, &netns);
}

static void start(void)
{
	if (set_programs(load(BPF_PROG_TYPE_KPROBE, 0, 0), -1, -1) || call(IPTABLES_TRACE_START, NULL)) {
		printf("the session does not start: %s\n", strerror(errno));
		exit(1);
	}
}

/* Cases. Each returns the error that it met. */

static int unknown_number(void) { return call(_IO(IPTABLES_TRACE_IOC, 99), NULL); }
static int unknown_type(void) { return call(_IO('T', 1), NULL); }

static int other_direction(void)
{
	char buffer[PAGE] = {};

	return call(_IOW(IPTABLES_TRACE_IOC, 0, struct iptables_trace_info), buffer);
}

static int stop_with_a_struct(void)
{
	return call(_IOC(_IOC_NONE, IPTABLES_TRACE_IOC, _IOC_NR(IPTABLES_TRACE_STOP), 8), NULL);
}

static int short_in(void)
{
	char buffer[PAGE] = {};

	return call(resized(IPTABLES_TRACE_SET_NETNS, 4), buffer);
}

static int short_out(void)
{
	char buffer[PAGE];

	return call(resized(IPTABLES_TRACE_GET_STATS, 8), buffer);
}

static int longer_in(int last)
{
	struct {
		struct iptables_trace_filter known;
		char later[16];
	} filter = { .later = { [15] = last } };

	return call(resized(IPTABLES_TRACE_SET_FILTER, sizeof(filter)), &filter);
}

static int longer_in_zero(void) { return longer_in(0); }
static int longer_in_used(void) { return longer_in(1); }

static int longer_out(void)
{
	struct {
		struct iptables_trace_info known;
		char later[16];
	} info;
	unsigned int i;
	int err;

	memset(&info, 0xff, sizeof(info));
	err = call(resized(IPTABLES_TRACE_GET_INFO, sizeof(info)), &info);
	for (i = 0; !err && i < sizeof(info.later); i++)
		err = info.later[i] ? ERANGE : 0;
	return err;
}

static int info(void)
{
	struct iptables_trace_info info;
	int err = call(IPTABLES_TRACE_GET_INFO, &info);

	if (err)
		return err;
	return info.ctl_version == IPTABLES_TRACE_CTL_VERSION && info.max_sessions > 1 && info.max_packets &&
	       info.max_filter_len == BPF_MAXINSNS && strlen(info.module_version) ? 0 : ERANGE;
}

static int bad_pointer_in(void) { return call(IPTABLES_TRACE_SET_NETNS, (void *)8); }
static int bad_pointer_out(void) { return call(IPTABLES_TRACE_GET_INFO, (void *)8); }

static int unknown_back_end(void)
{
	struct iptables_trace_programs programs = {
		.enter = load(BPF_PROG_TYPE_KPROBE, 0, 0), .rule = -1, .leave = -1, .back_ends = 1u << 31,
	};

	return call(IPTABLES_TRACE_SET_PROGRAMS, &programs);
}

static int arp_without_nft(void)
{
	struct iptables_trace_programs programs = {
		.enter = load(BPF_PROG_TYPE_KPROBE, 0, 0), .rule = -1, .leave = -1,
		.back_ends = IPTABLES_TRACE_BACK_END_LEGACY | IPTABLES_TRACE_BACK_END_ARP,
	};
	int err = call(IPTABLES_TRACE_SET_PROGRAMS, &programs);

	if (err != EINVAL)
		return err;
	programs.back_ends |= IPTABLES_TRACE_BACK_END_NFT;
	return call(IPTABLES_TRACE_SET_PROGRAMS, &programs) ?: EINVAL;
}

static int reserved_netns(void)
{
	struct iptables_trace_netns netns = { .fd = -1, .reserved = 1 };

	return call(IPTABLES_TRACE_SET_NETNS, &netns);
}

static int no_program(void) { return set_programs(-1, -1, -1); }
static int program_closed(void) { return set_programs(-1, 999, -1); }
static int program_negative(void) { return set_programs(load(BPF_PROG_TYPE_KPROBE, 0, 0), -2, -1); }
static int program_file(void) { return set_programs(-1, -1, open("/", O_RDONLY)); }

static int program_map(void)
{
	union bpf_attr attr = { .map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 4, .max_entries = 1 };

	return set_programs(syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr)), -1, -1);
}

static int program_socket(void) { return set_programs(load(BPF_PROG_TYPE_SOCKET_FILTER, 0, 0), -1, -1); }
static int program_tracepoint(void) { return set_programs(-1, load(BPF_PROG_TYPE_TRACEPOINT, 0, 0), -1); }
static int program_sleepable(void) { return set_programs(-1, -1, load(BPF_PROG_TYPE_KPROBE, 0, BPF_F_SLEEPABLE)); }
/* "return bpf_override_return(ctx, 0)". */
static int program_override(void)
{
	static const struct bpf_insn code[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 2, .imm = 0 },
		{ .code = BPF_JMP | BPF_CALL, .imm = BPF_FUNC_override_return },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return set_programs(-1, load_code(code, 3, BPF_PROG_TYPE_KPROBE, 0, 0), -1);
}

static int program_multi(void) { return set_programs(load(BPF_PROG_TYPE_KPROBE, ATTACH_KPROBE_MULTI, 0), -1, -1); }

/* One of the type that reads the context itself, its byte at some offset, and the argument at another. */
static int load_direct(unsigned int context_offset, unsigned int argument_offset)
{
	const struct bpf_insn code[] = {
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 2, .src_reg = 1, .off = 0 },
		{ .code = BPF_LDX | BPF_MEM | BPF_B, .dst_reg = 2, .src_reg = 2, .off = context_offset },
		{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 2, .src_reg = 1, .off = argument_offset },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = 0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return load_code(code, 5, BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE, 0, 0);
}

static int program_direct(unsigned int context_offset, unsigned int argument_offset)
{
	return set_programs(load_direct(context_offset, argument_offset), -1, -1);
}

static int program_reads_all(void) { return program_direct(sizeof(struct iptables_trace_ctx) - 1, 2 * sizeof(__u64)); }
static int program_reads_on(void) { return program_direct(sizeof(struct iptables_trace_ctx), 2 * sizeof(__u64)); }
static int program_more_arguments(void) { return program_direct(0, 3 * sizeof(__u64)); }
static int program_raw_tracepoint(void) { return set_programs(load(BPF_PROG_TYPE_RAW_TRACEPOINT, 0, 0), -1, -1); }

/* One that is refused leaves those of before in place. */
static int program_kept(void)
{
	int err = set_programs(load(BPF_PROG_TYPE_KPROBE, 0, 0), -1, -1);

	if (err)
		return err;
	if (set_programs(-1, load(BPF_PROG_TYPE_SOCKET_FILTER, 0, 0), -1) != EPROTOTYPE)
		return ERANGE;
	return call(IPTABLES_TRACE_START, NULL);
}

static int filter_flag(void) { return set_filter(all, 1, 1 << 7); }
static int filter_unreadable(void) { return set_filter((void *)8, 1, 0); }
static int filter_good(void) { return set_filter(all, 1, IPTABLES_TRACE_FILTER_CHILDREN); }

static int filter_invalid(void)
{
	static const struct sock_filter falls_off[] = { { 0x30, 0, 0, 9 } };

	return set_filter(falls_off, 1, 0);
}

static int filter_of(unsigned int len)
{
	struct sock_filter *code = calloc(len, sizeof(*code));

	code[len - 1] = all[0];
	return set_filter(code, len, 0);
}

static int filter_longest(void) { return filter_of(BPF_MAXINSNS); }
static int filter_too_long(void) { return filter_of(BPF_MAXINSNS + 1); }

static int netns_closed(void) { return set_netns(999); }
static int netns_negative(void) { return set_netns(-2); }
static int netns_file(void) { return set_netns(open("/", O_RDONLY)); }
static int netns_other_kind(void) { return set_netns(open("/proc/self/ns/pid", O_RDONLY)); }
static int netns_good(void) { return set_netns(open("/proc/self/ns/net", O_RDONLY)); }

static int add_netns(int fd)
{
	struct iptables_trace_netns netns = { .fd = fd };

	return call(IPTABLES_TRACE_ADD_NETNS, &netns);
}

static int netns_second_all(void) { return add_netns(-1); }
static int netns_all_and_another(void) { return set_netns(-1) ? ERANGE : add_netns(open("/proc/self/ns/net", O_RDONLY)); }

/* More after the first have been forgotten. */
static int netns_anew(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY), i, err = 0;

	for (i = 0; !err && i < 2 * IPTABLES_TRACE_NETNS_MAX; i++)
		err = set_netns(fd) ?: add_netns(fd);
	return err;
}

static int netns_many(unsigned int count)
{
	int fd = open("/proc/self/ns/net", O_RDONLY), err = set_netns(fd);

	while (!err && --count)
		err = add_netns(fd);
	return err;
}

static int netns_most(void) { return netns_many(IPTABLES_TRACE_NETNS_MAX); }
static int netns_one_more(void) { return netns_many(IPTABLES_TRACE_NETNS_MAX + 1); }

static int observe_by(struct iptables_trace_observe observe) { return call(IPTABLES_TRACE_OBSERVE, &observe); }

static int select_by(struct iptables_trace_select select) { return call(IPTABLES_TRACE_SET_SELECT, &select); }
#define SELECT(bits, ...) select_by((struct iptables_trace_select){ .fields = bits, __VA_ARGS__ })

static int select_nothing(void) { return SELECT(0); }
static int select_unknown(void) { return SELECT(1 << 30); }
static int select_reserved(void) { return SELECT(0, .reserved = { 0, 1 }); }
static int select_unasked(void) { return SELECT(0, .sample = 2); }
static int select_unsaid(void) { return SELECT(IPTABLES_TRACE_SELECT_FIRST); }
static int select_hook(void) { return SELECT(IPTABLES_TRACE_SELECT_HOOKS, .hooks = 1 << 5); }
static int select_mark(void) { return SELECT(IPTABLES_TRACE_SELECT_MARK, .mark = 3, .mark_mask = 1); }
static int select_pid(void) { return SELECT(IPTABLES_TRACE_SELECT_PID, .pid = 4194304); }
static int select_uid(void) { return SELECT(IPTABLES_TRACE_SELECT_UID, .uid = -1); }
static int select_cgroup(void) { return SELECT(IPTABLES_TRACE_SELECT_CGROUP, .cgroup = open("/", O_RDONLY)); }
static int select_first_most(void) { return SELECT(IPTABLES_TRACE_SELECT_FIRST, .first = (1 << 16) - 1); }
static int select_numbers(void)
{
	return SELECT(IPTABLES_TRACE_SELECT_SAMPLE | IPTABLES_TRACE_SELECT_RATE | IPTABLES_TRACE_SELECT_MARK, .sample = -1,
		      .rate = -1, .mark = -1, .mark_mask = -1);
}

static int select_mark_unasked(void) { return SELECT(0, .mark_mask = 1); }
static int select_uid_unasked(void) { return SELECT(0, .uid = 1); }
static int select_cgroup_unasked(void) { return SELECT(0, .cgroup = -1); }
static int select_pid_negative(void) { return SELECT(IPTABLES_TRACE_SELECT_PID, .pid = -1); }
static int select_cgroup_closed(void) { return SELECT(IPTABLES_TRACE_SELECT_CGROUP, .cgroup = 999); }
static int select_hooks_all(void) { return SELECT(IPTABLES_TRACE_SELECT_HOOKS, .hooks = (1 << 5) - 1); }
static int select_tables_gap(void) { return SELECT(IPTABLES_TRACE_SELECT_TABLES, .tables = { "nat", "", "raw" }); }
static int select_name_longest(void) { return SELECT(IPTABLES_TRACE_SELECT_OUT, .out = "a23456789012345"); }
static int select_name_and_more(void) { return SELECT(IPTABLES_TRACE_SELECT_IN, .in = "lo\0x"); }

static int select_short(void)
{
	struct iptables_trace_select select = {};

	return call(resized(IPTABLES_TRACE_SET_SELECT, sizeof(select) - 1), &select);
}

static int select_first(void) { return SELECT(IPTABLES_TRACE_SELECT_FIRST, .first = 1 << 16); }

static int select_name(void)
{
	struct iptables_trace_select select = { .fields = IPTABLES_TRACE_SELECT_IN };

	memset(select.in, 'a', sizeof(select.in));
	return call(IPTABLES_TRACE_SET_SELECT, &select);
}

static int select_table(void)
{
	struct iptables_trace_select select = { .fields = IPTABLES_TRACE_SELECT_TABLES, .tables = { "nat" } };

	memset(select.tables[7], 'a', sizeof(select.tables[7]));
	return call(IPTABLES_TRACE_SET_SELECT, &select);
}

/* One is refused after another has taken references. */
static int select_twice(void)
{
	struct iptables_trace_select select = {
		.fields = IPTABLES_TRACE_SELECT_PID | IPTABLES_TRACE_SELECT_FIRST, .pid = getpid(), .first = 1,
	};
	int err = call(IPTABLES_TRACE_SET_SELECT, &select);

	if (err)
		return err;
	select.fields |= IPTABLES_TRACE_SELECT_CGROUP;
	select.cgroup = 999;
	if (call(IPTABLES_TRACE_SET_SELECT, &select) != EBADF)
		return ERANGE;
	return SELECT(0);
}

static int busy_select(void)
{
	start();
	return SELECT(0);
}

static int busy_add_netns(void)
{
	start();
	return add_netns(open("/proc/self/ns/net", O_RDONLY));
}

static int set_matches(int program)
{
	struct iptables_trace_matches matches = { .program = program, .budget = 1000 };

	return call(IPTABLES_TRACE_SET_MATCHES, &matches);
}

static int set_costs(unsigned int wanted, unsigned int reserved)
{
	struct iptables_trace_costs costs = { .wanted = wanted, .reserved = reserved };

	return call(IPTABLES_TRACE_SET_COSTS, &costs);
}

static int costs_good(void) { return set_costs(1, 0) ?: set_costs(0, 0); }
static int costs_unknown(void) { return set_costs(2, 0); }
static int costs_reserved(void) { return set_costs(1, 1); }
static int costs_short(void)
{
	char buffer[PAGE] = {};

	return call(resized(IPTABLES_TRACE_SET_COSTS, 4), buffer);
}

static int busy_costs(void)
{
	start();
	return set_costs(1, 0);
}

static int set_traversals(int program, unsigned int back_ends)
{
	struct iptables_trace_traversals traversals = { .program = program, .back_ends = back_ends };

	return call(IPTABLES_TRACE_SET_TRAVERSALS, &traversals);
}

static int traversals_good(void) { return set_traversals(load(BPF_PROG_TYPE_KPROBE, 0, 0), 0); }
static int traversals_alone(void) { return traversals_good() ?: call(IPTABLES_TRACE_START, NULL); }
static int traversals_taken_back(void) { return traversals_good() ?: set_traversals(-1, 0) ?: call(IPTABLES_TRACE_START, NULL); }
static int traversals_closed(void) { return set_traversals(999, 0); }
static int traversals_negative(void) { return set_traversals(-2, 0); }
static int traversals_socket(void) { return set_traversals(load(BPF_PROG_TYPE_SOCKET_FILTER, 0, 0), 0); }
static int traversals_back_end(void) { return set_traversals(load(BPF_PROG_TYPE_KPROBE, 0, 0), 1u << 31); }
static int traversals_short(void)
{
	char buffer[PAGE] = {};

	return call(resized(IPTABLES_TRACE_SET_TRAVERSALS, 4), buffer);
}

static int traversals_read(unsigned int offset)
{
	return set_traversals(load_direct(offset, 0), 0);
}

static int traversals_read_all(void) { return traversals_read(sizeof(struct iptables_trace_traversal) - 1); }
static int traversals_read_on(void) { return traversals_read(sizeof(struct iptables_trace_traversal)); }
static int busy_traversals(void)
{
	start();
	return traversals_good();
}

/* What takes the place of something else leaves none of it. */
static int traversals_replace(void)
{
	int err = set_programs(load(BPF_PROG_TYPE_KPROBE, 0, 0), -1, -1) ?: set_matches(load(BPF_PROG_TYPE_KPROBE, 0, 0));

	return err ?: traversals_taken_back();
}

static int traversals_replaced(void)
{
	return traversals_good() ?: set_matches(load(BPF_PROG_TYPE_KPROBE, 0, 0)) ?: set_matches(-1) ?:
	       call(IPTABLES_TRACE_START, NULL);
}

static int traversals_kept(void)
{
	int err = traversals_good();

	if (err)
		return err;
	return traversals_socket() == EPROTOTYPE ? call(IPTABLES_TRACE_START, NULL) : ERANGE;
}

static int matches_good(void) { return set_matches(load(BPF_PROG_TYPE_KPROBE, 0, 0)); }
static int matches_closed(void) { return set_matches(999); }
static int matches_socket(void) { return set_matches(load(BPF_PROG_TYPE_SOCKET_FILTER, 0, 0)); }
static int matches_taken_back(void) { return matches_good() ?: set_matches(-1) ?: call(IPTABLES_TRACE_START, NULL); }
static int matches_alone(void) { return matches_good() ?: call(IPTABLES_TRACE_START, NULL); }
static int matches_kept(void)
{
	return matches_good() ?: set_programs(load(BPF_PROG_TYPE_KPROBE, 0, 0), -1, -1) ?:
	       observe_by((struct iptables_trace_observe){ .netns = 999, .family = 2, .table = "filter" });
}

static int matches_short(void)
{
	char buffer[PAGE] = {};

	return call(resized(IPTABLES_TRACE_SET_MATCHES, 4), buffer);
}

static int busy_matches(void)
{
	start();
	return set_matches(-1);
}

/* In a namespace of its own, which has no table yet. */
static int observe_here(struct iptables_trace_observe observe)
{
	if (unshare(CLONE_NEWNET))
		unable("a network namespace cannot be made");
	observe.netns = open("/proc/self/ns/net", O_RDONLY);
	return matches_good() ?: observe_by(observe);
}

#define OBSERVE(f, name, ...) observe_here((struct iptables_trace_observe){ .family = f, .table = name, __VA_ARGS__ })

static int observe_no_table(void) { return OBSERVE(2, "filter"); }
static int observe_unknown(void) { return OBSERVE(10, "no such table"); }
static int observe_nameless(void) { return OBSERVE(2, ""); }
static int observe_family(void) { return OBSERVE(7, "filter"); }
static int observe_reserved(void) { return OBSERVE(2, "filter", .reserved = { 0, 0, 1 }); }
static int observe_endless(void) { return OBSERVE(2, "abcdefghijklmnopqrstuvwxyz012345"); }

static int observe_netns(int fd)
{
	return matches_good() ?: observe_by((struct iptables_trace_observe){ .netns = fd, .family = 2, .table = "filter" });
}

static int observe_netns_all(void) { return observe_netns(-1); }
static int observe_netns_closed(void) { return observe_netns(999); }
static int observe_netns_kind(void) { return observe_netns(open("/proc/self/ns/pid", O_RDONLY)); }

static int observe_without_program(void)
{
	return observe_by((struct iptables_trace_observe){
		.netns = open("/proc/self/ns/net", O_RDONLY), .family = 2, .table = "filter",
	});
}

/* Has the kernel make the table of this namespace, as any look at its rules does. */
static void make_table(const char *name)
{
	struct ipt_getinfo info = {};
	socklen_t length = sizeof(info);
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	strcpy(info.name, name);
	if (fd < 0 || getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &length))
		unable("there is no table to observe");
	close(fd);
}

static int observe_filter(__u64 *ruleset)
{
	struct iptables_trace_observe observe = {
		.netns = open("/proc/self/ns/net", O_RDONLY), .family = 2, .table = "filter", .ruleset = ~0ULL,
	};
	int err = call(IPTABLES_TRACE_OBSERVE, &observe);

	close(observe.netns);
	*ruleset = observe.ruleset;
	return err;
}

/* Not a number that means something until the session runs; then one, and the same again. */
static int observe_numbers(void)
{
	__u64 before, first, again;
	int err;

	make_table("filter");
	err = matches_good() ?: observe_filter(&before) ?: call(IPTABLES_TRACE_START, NULL) ?: observe_filter(&first) ?:
	      observe_filter(&again);
	return err ?: before == 0 && first && first == again ? 0 : ERANGE;
}

/* As many tables as a session may observe, each of a namespace of its own, and one more. */
static int observe_one_more(void)
{
	int err = matches_good();
	unsigned int i;
	__u64 ruleset;

	for (i = 0; !err && i <= IPTABLES_TRACE_OBSERVE_MAX; i++) {
		/* The descriptor keeps it. */
		if (unshare(CLONE_NEWNET) || open("/proc/self/ns/net", O_RDONLY) < 0)
			unable("a network namespace cannot be made");
		make_table("filter");
		err = observe_filter(&ruleset);
	}
	return i == IPTABLES_TRACE_OBSERVE_MAX + 1 ? err : ERANGE;
}

static int start_bare(void) { return call(IPTABLES_TRACE_START, NULL); }
static int stop_stopped(void) { return call(IPTABLES_TRACE_STOP, NULL); }

static int start_twice(void)
{
	start();
	return call(IPTABLES_TRACE_START, NULL);
}

static int busy_programs(void)
{
	start();
	return set_programs(load(BPF_PROG_TYPE_KPROBE, 0, 0), -1, -1);
}

static int busy_filter(void)
{
	start();
	return set_filter(all, 1, 0);
}

static int busy_netns(void)
{
	start();
	return set_netns(-1);
}

static int restart(void)
{
	start();
	if (call(IPTABLES_TRACE_STOP, NULL) || set_filter(all, 1, 0))
		return errno;
	return call(IPTABLES_TRACE_START, NULL);
}

/* As many as may run, and one more; then one of them ends. */
static int sessions(int after_an_end)
{
	struct iptables_trace_info info;
	unsigned int i;

	if (call(IPTABLES_TRACE_GET_INFO, &info))
		return errno;
	for (i = 0; i < info.max_sessions; i++) {
		start();
		session = open(IPTABLES_TRACE_DEVICE, O_RDWR);
		if (session < 0)
			return errno;
	}
	if (set_programs(load(BPF_PROG_TYPE_KPROBE, 0, 0), -1, -1))
		return errno;
	if (after_an_end) {
		close(3);
		if (call(IPTABLES_TRACE_GET_INFO, &info) || info.sessions != info.max_sessions - 1)
			return ERANGE;
	}
	return call(IPTABLES_TRACE_START, NULL);
}

static int too_many(void) { return sessions(0); }
static int many_and_an_end(void) { return sessions(1); }

static int without_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = {};
	struct iptables_trace_info info;

	if (syscall(SYS_capset, &header, none))
		unable("capset");
	return call(IPTABLES_TRACE_GET_INFO, &info);
}

static const struct {
	const char *name;
	int (*run)(void);
	int expected;
} tests[] = {
	{ "an ioctl of an unknown number: ENOTTY", unknown_number, ENOTTY },
	{ "an ioctl of another device's: ENOTTY", unknown_type, ENOTTY },
	{ "an ioctl in the other direction: ENOTTY", other_direction, ENOTTY },
	{ "an ioctl with a struct that takes none: ENOTTY", stop_with_a_struct, ENOTTY },
	{ "a struct shorter than the first version's: EINVAL", short_in, EINVAL },
	{ "room for less than the first version's answer: EINVAL", short_out, EINVAL },
	{ "a longer struct is taken if the rest is zero", longer_in_zero, 0 },
	{ "a longer struct with something in the rest: E2BIG", longer_in_used, E2BIG },
	{ "room for a longer answer is filled with zero", longer_out, 0 },
	{ "the device says its versions and limits", info, 0 },
	{ "a pointer to nowhere: EFAULT", bad_pointer_in, EFAULT },
	{ "a pointer to nowhere for an answer: EFAULT", bad_pointer_out, EFAULT },
	{ "a back end that nobody knows: EINVAL", unknown_back_end, EINVAL },
	{ "base chains of the family arp without others of nf_tables: EINVAL, and with them they are taken", arp_without_nft, EINVAL },
	{ "the reserved field of SET_NETNS: EINVAL", reserved_netns, EINVAL },
	{ "no program at all: EINVAL", no_program, EINVAL },
	{ "a program's descriptor that is closed: EBADF", program_closed, EBADF },
	{ "a program's descriptor that is negative: EBADF", program_negative, EBADF },
	{ "a program that is a folder: EINVAL", program_file, EINVAL },
	{ "a program that is a map: EINVAL", program_map, EINVAL },
	{ "a program of type socket_filter: EPROTOTYPE", program_socket, EPROTOTYPE },
	{ "a program of type tracepoint: EPROTOTYPE", program_tracepoint, EPROTOTYPE },
	{ "a program that sleeps: EOPNOTSUPP", program_sleepable, EOPNOTSUPP },
	{ "a program that overrides return values: EOPNOTSUPP", program_override, EOPNOTSUPP },
	{ "a program made for kprobe.multi: EOPNOTSUPP", program_multi, EOPNOTSUPP },
	{ "a program that reads the context itself, up to its end", program_reads_all, 0 },
	{ "a program that reads on behind the context: EOPNOTSUPP", program_reads_on, EOPNOTSUPP },
	{ "a program that expects more arguments: EOPNOTSUPP", program_more_arguments, EOPNOTSUPP },
	{ "a program of type raw_tracepoint that is not writable: EPROTOTYPE", program_raw_tracepoint, EPROTOTYPE },
	{ "programs of before stay when one is refused", program_kept, 0 },
	{ "an unknown flag of a filter: EINVAL", filter_flag, EINVAL },
	{ "a filter that cannot be read: EFAULT", filter_unreadable, EFAULT },
	{ "a filter that is no valid classic BPF: EINVAL", filter_invalid, EINVAL },
	{ "a filter longer than may be: EINVAL", filter_too_long, EINVAL },
	{ "a filter as long as may be", filter_longest, 0 },
	{ "a filter and the packets made on the way", filter_good, 0 },
	{ "a namespace's descriptor that is closed: EBADF", netns_closed, EBADF },
	{ "a namespace's descriptor that is negative: EBADF", netns_negative, EBADF },
	{ "a namespace that is a folder: EINVAL", netns_file, EINVAL },
	{ "a namespace of another kind: EINVAL", netns_other_kind, EINVAL },
	{ "a network namespace", netns_good, 0 },
	{ "all namespaces as a further one: EINVAL", netns_second_all, EINVAL },
	{ "a namespace besides all: EINVAL", netns_all_and_another, EINVAL },
	{ "SET_NETNS forgets those that were added", netns_anew, 0 },
	{ "as many namespaces as may be", netns_most, 0 },
	{ "one namespace more: ENOSPC", netns_one_more, ENOSPC },
	{ "a selection that asks for nothing", select_nothing, 0 },
	{ "a selection by an unknown field: EINVAL", select_unknown, EINVAL },
	{ "the reserved fields of SET_SELECT: EINVAL", select_reserved, EINVAL },
	{ "a field of a selection that says something and is not asked: EINVAL", select_unasked, EINVAL },
	{ "a field of a selection that is asked and says nothing: EINVAL", select_unsaid, EINVAL },
	{ "a selection by a hook that does not exist: EINVAL", select_hook, EINVAL },
	{ "a selection by a mark outside of its mask: EINVAL", select_mark, EINVAL },
	{ "a selection by a process that does not exist: ESRCH", select_pid, ESRCH },
	{ "a selection by a user that cannot be: EINVAL", select_uid, EINVAL },
	{ "a selection by a cgroup that is another folder: EBADF", select_cgroup, EBADF },
	{ "a selection of more packets of a flow than can be counted: EINVAL", select_first, EINVAL },
	{ "a selection of as many packets of a flow as can be counted", select_first_most, 0 },
	{ "a selection by the highest numbers", select_numbers, 0 },
	{ "a mask of a mark that is not asked: EINVAL", select_mark_unasked, EINVAL },
	{ "a user that is not asked: EINVAL", select_uid_unasked, EINVAL },
	{ "a cgroup that is not asked: EINVAL", select_cgroup_unasked, EINVAL },
	{ "a selection by a process with a negative number: ESRCH", select_pid_negative, ESRCH },
	{ "a selection by a cgroup whose descriptor is closed: EBADF", select_cgroup_closed, EBADF },
	{ "a selection by all hooks", select_hooks_all, 0 },
	{ "a selection by tables with a gap in the list: EINVAL", select_tables_gap, EINVAL },
	{ "a selection by the longest name of a device", select_name_longest, 0 },
	{ "a selection by a device's name with something behind its end: EINVAL", select_name_and_more, EINVAL },
	{ "a selection shorter than the first version's: EINVAL", select_short, EINVAL },
	{ "a selection by a device's name without an end: EINVAL", select_name, EINVAL },
	{ "a selection by a table's name without an end: EINVAL", select_table, EINVAL },
	{ "a selection that is refused leaves the one of before, which can be forgotten", select_twice, 0 },
	{ "change the selection of what runs: EBUSY", busy_select, EBUSY },
	{ "add a namespace to what runs: EBUSY", busy_add_netns, EBUSY },
	{ "ask what rules take, and take it back", costs_good, 0 },
	{ "ask more than whether: EINVAL", costs_unknown, EINVAL },
	{ "the reserved field of what asks for costs: EINVAL", costs_reserved, EINVAL },
	{ "ask for costs without that field: EINVAL", costs_short, EINVAL },
	{ "ask what runs for costs: EBUSY", busy_costs, EBUSY },
	{ "a program of traversals", traversals_good, 0 },
	{ "a session with nothing but that starts", traversals_alone, 0 },
	{ "one that has been taken back: ENODATA", traversals_taken_back, ENODATA },
	{ "a closed program of traversals: EBADF", traversals_closed, EBADF },
	{ "a negative one other than -1: EBADF", traversals_negative, EBADF },
	{ "a program of traversals of another type: EPROTOTYPE", traversals_socket, EPROTOTYPE },
	{ "... leaves the one of before in place", traversals_kept, 0 },
	{ "a program of traversals that reads to their end", traversals_read_all, 0 },
	{ "one that reads on behind them: EOPNOTSUPP", traversals_read_on, EOPNOTSUPP },
	{ "traversals of a back end that there is not: EINVAL", traversals_back_end, EINVAL },
	{ "traversals without back ends: EINVAL", traversals_short, EINVAL },
	{ "a program of traversals for what runs: EBUSY", busy_traversals, EBUSY },
	{ "it takes the place of programs of single events and of matches", traversals_replace, ENODATA },
	{ "... and a program of matches its", traversals_replaced, ENODATA },
	{ "a program for matches", matches_good, 0 },
	{ "... alone is enough to start", matches_alone, 0 },
	{ "... is taken back", matches_taken_back, ENODATA },
	{ "... stays when the others are set", matches_kept, EBADF },
	{ "a closed file descriptor as a program for matches: EBADF", matches_closed, EBADF },
	{ "a socket filter as a program for matches: EPROTOTYPE", matches_socket, EPROTOTYPE },
	{ "a program for matches without a budget's field: EINVAL", matches_short, EINVAL },
	{ "change the program for matches of what runs: EBUSY", busy_matches, EBUSY },
	{ "observe a table without a program for matches: ENODATA", observe_without_program, ENODATA },
	{ "observe a table that the namespace has not: ENOENT", observe_no_table, ENOENT },
	{ "observe a table that no namespace has: ENOENT", observe_unknown, ENOENT },
	{ "observe a table without a name: ENOENT", observe_nameless, ENOENT },
	{ "observe a table of another family: EINVAL", observe_family, EINVAL },
	{ "the reserved field of OBSERVE: EINVAL", observe_reserved, EINVAL },
	{ "observe a table whose name has no end: EINVAL", observe_endless, EINVAL },
	{ "observe tables of all namespaces: EINVAL", observe_netns_all, EINVAL },
	{ "observe a table of a closed file descriptor: EBADF", observe_netns_closed, EBADF },
	{ "observe a table of a namespace of another kind: EINVAL", observe_netns_kind, EINVAL },
	{ "a table that is observed has a number while the session runs", observe_numbers, 0 },
	{ "observe one table more than a session may: ENOSPC", observe_one_more, ENOSPC },
	{ "start without programs: ENODATA", start_bare, ENODATA },
	{ "stop what does not run: EALREADY", stop_stopped, EALREADY },
	{ "start what runs: EBUSY", start_twice, EBUSY },
	{ "change the programs of what runs: EBUSY", busy_programs, EBUSY },
	{ "change the filter of what runs: EBUSY", busy_filter, EBUSY },
	{ "change the namespace of what runs: EBUSY", busy_netns, EBUSY },
	{ "a session that was stopped is changed and started again", restart, 0 },
	{ "one session more than may run: EUSERS", too_many, EUSERS },
	{ "a session's end makes room for another", many_and_an_end, 0 },
	{ "an ioctl after the capabilities are gone: EPERM", without_capabilities, EPERM },
};

int main(int argc, char **argv)
{
	unsigned int i, count = sizeof(tests) / sizeof(tests[0]);
	int err;

	if (argc != 2)
		return 2;
	if (!strcmp(argv[1], "-l")) {
		for (i = 0; i < count; i++)
			puts(tests[i].name);
		return 0;
	}
	session = open(IPTABLES_TRACE_DEVICE, O_RDWR);
	if (!strcmp(argv[1], "open")) {
		puts(session < 0 ? strerrorname_np(errno) : "OK");
		return 0;
	}
	i = atoi(argv[1]) - 1;
	if (session < 0 || i >= count)
		return 2;
	err = tests[i].run();
	printf("have %s, want %s\n", err ? strerrorname_np(err) : "success",
	       tests[i].expected ? strerrorname_np(tests[i].expected) : "success");
	return err != tests[i].expected;
}
