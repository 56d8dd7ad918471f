// SPDX-License-Identifier: GPL-2.0-only
/*
 * blob_fuzz SEED N PATH: hands the kernel N tables, each with one rule whose blob of revision 2 was damaged at random: bytes,
 * lengths, sources, handles of live and of dead rules. PATH is a pinned program. Straight through the sockopt of
 * iptables-legacy. Prints how many were taken and how many were refused; each refusal must have one of the errors that the
 * match has for it.
 */
#include <err.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter_ipv4/ip_tables.h>

#include "xt_ebpf.h"

#define MATCH_NAME "bpf"
#define TABLE "raw"

static uint64_t state;

static uint32_t random_below(uint32_t bound)
{
	/* splitmix64 */
	uint64_t z = state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return (z ^ z >> 31) % bound;
}

struct ruleset {
	struct ipt_replace head;
	struct {
		struct ipt_entry entry;
		struct xt_entry_match match;
		struct xt_ebpf_info info;
		struct xt_standard_target target;
	} rule;
	struct {
		struct ipt_entry entry;
		struct xt_standard_target target;
	} policy[2];
	struct {
		struct ipt_entry entry;
		struct xt_error_target target;
	} end;
};

static struct xt_standard_target standard(int verdict)
{
	return (struct xt_standard_target){
		.target.u.user.target_size = sizeof(struct xt_standard_target),
		.verdict = verdict,
	};
}

/* Table raw: a rule and the policy in PREROUTING, the policy in OUTPUT. */
static struct ruleset ruleset;
static struct xt_counters counters[16];

static void make_ruleset(void)
{
	struct ruleset *r = &ruleset;
	size_t base = offsetof(struct ruleset, rule);
	int i;

	strcpy(r->head.name, TABLE);
	r->head.valid_hooks = 1 << NF_INET_PRE_ROUTING | 1 << NF_INET_LOCAL_OUT;
	r->head.num_entries = 4;
	r->head.size = sizeof(*r) - base;
	r->head.hook_entry[NF_INET_PRE_ROUTING] = 0;
	r->head.underflow[NF_INET_PRE_ROUTING] = offsetof(struct ruleset, policy) - base;
	r->head.hook_entry[NF_INET_LOCAL_OUT] = offsetof(struct ruleset, policy[1]) - base;
	r->head.underflow[NF_INET_LOCAL_OUT] = offsetof(struct ruleset, policy[1]) - base;
	r->head.counters = counters;

	r->rule.entry.target_offset = offsetof(struct ruleset, rule.target) - base;
	r->rule.entry.next_offset = sizeof(r->rule);
	r->rule.match.u.user.match_size = sizeof(r->rule.match) + sizeof(r->rule.info);
	strcpy(r->rule.match.u.user.name, MATCH_NAME);
	r->rule.match.u.user.revision = XT_EBPF_REVISION;
	r->rule.target = standard(-NF_ACCEPT - 1);
	for (i = 0; i < 2; i++) {
		r->policy[i].entry.target_offset = sizeof(struct ipt_entry);
		r->policy[i].entry.next_offset = sizeof(r->policy[i]);
		r->policy[i].target = standard(-NF_ACCEPT - 1);
	}
	r->end.entry.target_offset = sizeof(struct ipt_entry);
	r->end.entry.next_offset = sizeof(r->end);
	r->end.target.target.u.user.target_size = sizeof(r->end.target);
	strcpy(r->end.target.target.u.user.name, XT_ERROR_TARGET);
	strcpy(r->end.target.errorname, XT_ERROR_TARGET);
}

/* Something that the kernel takes, mostly. */
static void make_blob(struct xt_ebpf_info *info, const char *path)
{
	static const struct sock_filter load = { .code = BPF_LD | BPF_W | BPF_LEN };
	static const struct sock_filter ret = { .code = BPF_RET | BPF_K, .k = 1 };
	struct sock_filter *insns = (void *)info->data;
	char *text = (char *)info->data;
	unsigned int i;

	memset(info, 0, sizeof(*info));
	info->source = XT_EBPF_BYTECODE + random_below(4);
	info->flags = random_below(2) ? XT_EBPF_F_INVERT : 0;
	switch (info->source) {
	case XT_EBPF_BYTECODE:
	case XT_EBPF_EXPRESSION:
		info->num_insns = 1 + random_below(50);
		for (i = 0; i < info->num_insns; i++)
			insns[i] = i + 1 < info->num_insns ? load : ret;
		text += info->num_insns * sizeof(*insns);
		if (info->source == XT_EBPF_EXPRESSION)
			info->text_len = sprintf(text, "ip or len > %u", random_below(1000));
		break;
	case XT_EBPF_PINNED:
		info->text_len = sprintf(text, "%s", path);
		break;
	case XT_EBPF_OBJECT:
		info->text_len = sprintf(text, "%s%cname", path, 0);
		info->fd = random_below(8);
	}
}

static void damage(struct xt_ebpf_info *info, uint64_t alive)
{
	uint8_t *bytes = (uint8_t *)info;

	switch (random_below(8)) {
	case 0:
		info->num_insns = random_below(3) ? random_below(80) : random_below(65536);
		break;
	case 1:
		info->text_len = random_below(3) ? random_below(520) : random_below(65536);
		break;
	case 2:
		info->source = random_below(2) ? XT_EBPF_BYTECODE + random_below(5) : random_below(65536);
		break;
	case 3:
		info->flags = random_below(8);
		break;
	case 4:
		info->handle = random_below(2) ? alive : random_below(4);
		break;
	case 5:
		info->rule = (void *)(uintptr_t)random_below(UINT32_MAX);
		break;
	case 6:
		info->data[random_below(sizeof(info->data))] = random_below(256);
		break;
	default:
		bytes[random_below(XT_EBPF_COMPARED)] ^= 1 << random_below(8);
	}
}

static uint64_t handle_now(int fd)
{
	static struct {
		struct ipt_get_entries head;
		char entries[8192];
	} now;
	struct ipt_getinfo info = { };
	socklen_t size = sizeof(info);

	strcpy(info.name, TABLE);
	if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &size))
		err(2, "table");
	strcpy(now.head.name, TABLE);
	now.head.size = info.size;
	size = sizeof(now.head) + info.size;
	if (size > sizeof(now) || getsockopt(fd, IPPROTO_IP, IPT_SO_GET_ENTRIES, &now, &size))
		err(2, "entries");
	return ((struct xt_ebpf_info *)(now.entries + sizeof(struct ipt_entry) +
					sizeof(struct xt_entry_match)))->handle;
}

static bool is_expected(int error)
{
	static const int errors[] = { EINVAL, ESTALE, EBADF, ENOENT, ENOTDIR, EACCES, ENAMETOOLONG };
	size_t i;

	for (i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (error == errors[i])
			return true;
	return false;
}

int main(int argc, char **argv)
{
	unsigned long taken = 0, refused = 0, i;
	socklen_t size = sizeof(struct ipt_getinfo);
	struct ipt_getinfo info = { };
	uint64_t alive = 0;
	int fd = socket(AF_INET, SOCK_RAW, IPPROTO_RAW);

	if (argc != 4)
		errx(2, "usage: blob_fuzz SEED N PATH");
	state = strtoull(argv[1], NULL, 0);
	make_ruleset();
	for (i = 0; i < strtoul(argv[2], NULL, 0); i++) {
		uint32_t wounds = random_below(4);

		make_blob(&ruleset.rule.info, argv[3]);
		while (wounds--)
			damage(&ruleset.rule.info, alive);
		strcpy(info.name, TABLE);
		if (getsockopt(fd, IPPROTO_IP, IPT_SO_GET_INFO, &info, &size))
			err(2, "table");
		ruleset.head.num_counters = info.num_entries;
		if (!setsockopt(fd, IPPROTO_IP, IPT_SO_SET_REPLACE, &ruleset, sizeof(ruleset))) {
			taken++;
			alive = handle_now(fd);
		} else if (is_expected(errno)) {
			refused++;
		} else {
			err(1, "table %lu", i);
		}
	}
	printf("%lu taken, %lu refused\n", taken, refused);
	return 0;
}
