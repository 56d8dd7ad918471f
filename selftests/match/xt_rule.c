// SPDX-License-Identifier: GPL-2.0-only
/*
 * xt_rule [-6] TABLE HOOK WORD... [-- WORD...]...: makes a legacy table consist of rules for UDP in the chain of HOOK (a
 * number), each with the bpf match that its words say (bpf_blob.h) and no target. Without words the table becomes empty.
 * Straight through the kernel's interface: no iptables looks at what is put in.
 *
 * xt_rule -w [-6] TABLE HOOK WORD...: the same, waits until each rule counted a packet, and empties the table.
 *
 * xt_rule -c [-6] TABLE: prints how many packets each of those rules counted. Fails if the kernel shows its pointer to the
 * program, which stands behind what userspace wrote into the blob.
 *
 * xt_rule -b [-6] TABLE: prints the handle of each rule of revision 2, and of none else.
 *
 * Prints the name of the error and ends with 1 if the kernel refuses; ends with 2 if anything else goes wrong.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <stddef.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "bpf_blob.h"
#include "fail_nth.h"

/* The interfaces of the families differ in the address part of an entry; headers and option numbers are the same. */
struct family {
	int socket, level;
	size_t entry, target_offset, next_offset, counters, protocol;
};

#define ENTRY(type)							\
	.entry = sizeof(struct type),					\
	.target_offset = offsetof(struct type, target_offset),		\
	.next_offset = offsetof(struct type, next_offset),		\
	.counters = offsetof(struct type, counters)

static const struct family ipv4 = {
	.socket = AF_INET,
	.level = IPPROTO_IP,
	ENTRY(ipt_entry),
	.protocol = offsetof(struct ipt_entry, ip.proto),
};

static const struct family ipv6 = {
	.socket = AF_INET6,
	.level = IPPROTO_IPV6,
	ENTRY(ip6t_entry),
	.protocol = offsetof(struct ip6t_entry, ipv6.proto),
};

static const struct family *family = &ipv4;
static int fd;

/* One table under construction. */
static struct {
	struct ipt_replace head;
	char entries[65536];
} new_table;
static struct xt_counters old_counters[4096];

static size_t used;

static void *add_entry(size_t match_size, const void *target, size_t target_size)
{
	char *entry = new_table.entries + used;
	size_t size = family->entry + match_size + target_size;

	if (used + size > sizeof(new_table.entries))
		errx(2, "too many rules");
	*(__u16 *)(entry + family->target_offset) = family->entry + match_size;
	*(__u16 *)(entry + family->next_offset) = size;
	memcpy(entry + family->entry + match_size, target, target_size);
	used += size;
	new_table.head.num_entries++;
	return entry;
}

static void add_policy(void)
{
	struct xt_standard_target accept = {
		.target.u.user.target_size = XT_ALIGN(sizeof(accept)),
		.verdict = -NF_ACCEPT - 1,
	};

	add_entry(0, &accept, XT_ALIGN(sizeof(accept)));
}

static void add_rule(const struct bpf_blob *blob)
{
	struct xt_standard_target go_on = { .target.u.user.target_size = XT_ALIGN(sizeof(go_on)) };
	struct xt_entry_match match = {
		.u.user = { .name = MATCH_NAME, .revision = blob->revision },
	};
	size_t match_size = XT_ALIGN(sizeof(match) + blob->size);
	char *entry;

	match.u.user.match_size = match_size;
	/* A rule without a target jumps to the one behind it. */
	go_on.verdict = used + family->entry + match_size + XT_ALIGN(sizeof(go_on));
	entry = add_entry(match_size, &go_on, XT_ALIGN(sizeof(go_on)));
	memcpy(entry + family->entry, &match, sizeof(match));
	memcpy(entry + family->entry + sizeof(match), &blob->v1, blob->size);

	*(__u16 *)(entry + family->protocol) = IPPROTO_UDP;
	if (family == &ipv6)
		((struct ip6t_entry *)entry)->ipv6.flags = IP6T_F_PROTO;
}

static void make_table(const char *table, unsigned int hook, char **words)
{
	struct xt_error_target end = {
		.target.u.user = { .target_size = XT_ALIGN(sizeof(end)), .name = XT_ERROR_TARGET },
		.errorname = XT_ERROR_TARGET,
	};
	struct ipt_getinfo info = { };
	socklen_t size = sizeof(info);
	struct bpf_blob blob;
	unsigned int i;

	strncpy(info.name, table, sizeof(info.name) - 1);
	if (getsockopt(fd, family->level, IPT_SO_GET_INFO, &info, &size))
		err(2, "table %s", table);
	if (info.num_entries > sizeof(old_counters) / sizeof(*old_counters))
		errx(2, "table %s is not for tests", table);

	memset(&new_table, 0, sizeof(new_table));
	used = 0;
	memcpy(new_table.head.name, info.name, sizeof(info.name));
	new_table.head.valid_hooks = info.valid_hooks;
	new_table.head.num_counters = info.num_entries;
	new_table.head.counters = old_counters;
	for (i = 0; i < NF_INET_NUMHOOKS; i++) {
		if (!(info.valid_hooks & 1 << i))
			continue;
		new_table.head.hook_entry[i] = used;
		while (i == hook && *words) {
			words = blob_make(&blob, words);
			add_rule(&blob);
		}
		new_table.head.underflow[i] = used;
		add_policy();
	}
	if (!(info.valid_hooks & 1 << hook))
		errx(2, "table %s has no chain for hook %u", table, hook);
	add_entry(0, &end, XT_ALIGN(sizeof(end)));
	new_table.head.size = used;
}

static int replace_table(void *unused)
{
	(void)unused;
	if (setsockopt(fd, family->level, IPT_SO_SET_REPLACE, &new_table, sizeof(new_table.head) + used))
		return errno;
	return 0;
}

/* The next attempt replaces the table anyway. If this one did, other entries are there, whose counters it has to ask for. */
static void see_entries(void *unused)
{
	struct ipt_getinfo info = { };
	socklen_t size = sizeof(info);

	(void)unused;
	memcpy(info.name, new_table.head.name, sizeof(info.name));
	if (getsockopt(fd, family->level, IPT_SO_GET_INFO, &info, &size))
		err(2, "table %s", info.name);
	new_table.head.num_counters = info.num_entries;
}

struct found {
	const struct xt_entry_match *match;
	unsigned long long packets;
};

/* Calls found() for each rule; the rules are the entries with a match. */
static void for_each_rule(const char *table, void (*found)(const struct found *rule))
{
	static struct {
		struct ipt_get_entries head;
		char entries[65536];
	} now;
	struct ipt_getinfo info = { };
	socklen_t size = sizeof(info);
	char *entry;

	strncpy(info.name, table, sizeof(info.name) - 1);
	if (getsockopt(fd, family->level, IPT_SO_GET_INFO, &info, &size))
		err(2, "table %s", table);
	memcpy(now.head.name, info.name, sizeof(info.name));
	now.head.size = info.size;
	size = sizeof(now.head) + info.size;
	if (size > sizeof(now) || getsockopt(fd, family->level, IPT_SO_GET_ENTRIES, &now, &size))
		err(2, "entries of table %s", table);

	for (entry = now.entries; entry < now.entries + now.head.size;
	     entry += *(__u16 *)(entry + family->next_offset)) {
		const struct xt_entry_match *match = (void *)(entry + family->entry);
		const struct xt_bpf_info_v1 *v1 = (void *)match->data;
		const struct xt_ebpf_info *v2 = (void *)match->data;
		struct found rule = {
			.match = match,
			.packets = ((struct xt_counters *)(entry + family->counters))->pcnt,
		};

		if (*(__u16 *)(entry + family->target_offset) == family->entry)
			continue;
		if (match->u.user.revision == XT_EBPF_REVISION ? (void *)v2->rule : v1->filter)
			errx(2, "the kernel shows a pointer of its own");
		found(&rule);
	}
}

static void print_count(const struct found *rule)
{
	printf("%llu\n", rule->packets);
}

static void print_handle(const struct found *rule)
{
	const struct xt_ebpf_info *v2 = (const void *)rule->match->data;

	if (rule->match->u.user.revision == XT_EBPF_REVISION)
		printf("%llu\n", (unsigned long long)v2->handle);
}

static bool all_counted;

static void look_for_none(const struct found *rule)
{
	all_counted &= rule->packets > 0;
}

static void wait_for_packets(const char *table)
{
	int tries;

	for (tries = 0; !all_counted; tries++) {
		if (tries == 5000)
			errx(2, "a rule in table %s counts no packets", table);
		usleep(2000);
		all_counted = true;
		for_each_rule(table, look_for_none);
	}
}

int main(int argc, char **argv)
{
	bool count = false, handles = false, wait = false;
	int opt, refused;

	while ((opt = getopt(argc, argv, "+6bcw")) != -1) {
		if (opt == '6')
			family = &ipv6;
		else if (opt == 'b')
			handles = true;
		else if (opt == 'c')
			count = true;
		else if (opt == 'w')
			wait = true;
		else
			return 2;
	}
	argv += optind;
	fd = socket(family->socket, SOCK_RAW, IPPROTO_RAW);
	if (fd < 0)
		err(2, "socket");
	if ((count || handles) && argv[0]) {
		for_each_rule(argv[0], count ? print_count : print_handle);
		return 0;
	}
	if (!argv[0] || !argv[1])
		errx(2, "usage: xt_rule [-w] [-6] TABLE HOOK [WORD...] [-- WORD...] | xt_rule -b|-c [-6] TABLE");

	make_table(argv[0], atoi(argv[1]), argv + 2);
	refused = with_failures(replace_table, see_entries, NULL);
	if (!refused && wait) {
		wait_for_packets(argv[0]);
		make_table(argv[0], atoi(argv[1]), argv + argc - optind);
		refused = replace_table(NULL);
	}
	if (refused)
		puts(strerrorname_np(refused));
	return !!refused;
}
