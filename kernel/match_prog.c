// SPDX-License-Identifier: GPL-2.0-only
/* Programs that a rule can run: which are taken, and what is said of those that are not. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/string.h>

#include "match.h"

/* One past any program type that a kernel knows: only an error message walks up to it. */
#define PROG_TYPE_BOUND 64

/* As bpftool calls them; they are of the kernel's ABI, so the numbers stay. */
static const char *const type_names[] = {
	[1]	= "socket_filter",
	[2]	= "kprobe",
	[3]	= "sched_cls",
	[4]	= "sched_act",
	[5]	= "tracepoint",
	[6]	= "xdp",
	[7]	= "perf_event",
	[8]	= "cgroup_skb",
	[9]	= "cgroup_sock",
	[10]	= "lwt_in",
	[11]	= "lwt_out",
	[12]	= "lwt_xmit",
	[13]	= "sock_ops",
	[14]	= "sk_skb",
	[15]	= "cgroup_device",
	[16]	= "sk_msg",
	[17]	= "raw_tracepoint",
	[18]	= "cgroup_sock_addr",
	[19]	= "lwt_seg6local",
	[20]	= "lirc_mode2",
	[21]	= "sk_reuseport",
	[22]	= "flow_dissector",
	[23]	= "cgroup_sysctl",
	[24]	= "raw_tracepoint_writable",
	[25]	= "cgroup_sockopt",
	[26]	= "tracing",
	[27]	= "struct_ops",
	[28]	= "ext",
	[29]	= "lsm",
	[30]	= "sk_lookup",
	[31]	= "syscall",
	[32]	= "netfilter",
};

static const char *type_name(unsigned int type)
{
	return type < ARRAY_SIZE(type_names) && type_names[type] ? type_names[type] : "unknown";
}

/*
 * Tells the administrator why a rule was refused: the error code that travels back through iptables cannot. A user
 * namespace's root gets here too, hence the rate limit.
 */
void match_explain(const struct xt_mtchk_param *par, const char *fmt, ...)
{
	static DEFINE_RATELIMIT_STATE(limit, DEFAULT_RATELIMIT_INTERVAL, DEFAULT_RATELIMIT_BURST);
	struct va_format reason;
	va_list args;

	if (!__ratelimit(&limit))
		return;

	va_start(args, fmt);
	reason.fmt = fmt;
	reason.va = &args;
	/* The name of an nftables table is any text that its owner likes. */
	pr_info("table %*pE: rule refused: %pV\n", (int)strlen(par->table), par->table, &reason);
	va_end(args);
}

bool match_prog_is_netfilter(const struct bpf_prog *prog)
{
#ifdef HAVE_BPF_PROG_TYPE_NETFILTER
	return prog->type == BPF_PROG_TYPE_NETFILTER;
#else
	return false;
#endif
}

static const char *needed(bool netfilter)
{
#ifdef HAVE_BPF_PROG_TYPE_NETFILTER
	if (netfilter)
		return "socket_filter or netfilter";
#endif
	return "socket_filter";
}

/* Where a program comes from; one of the two. */
struct origin {
	const char *path;
	int fd;
};

static struct bpf_prog *get(const struct origin *from, enum bpf_prog_type type)
{
	return from->path ? bpf_prog_get_type_path(from->path, type) :
			    bpf_prog_get_type(from->fd, type);
}

static struct bpf_prog *get_allowed(const struct origin *from, bool netfilter)
{
	struct bpf_prog *prog = get(from, BPF_PROG_TYPE_SOCKET_FILTER);

#ifdef HAVE_BPF_PROG_TYPE_NETFILTER
	if (PTR_ERR(prog) == -EINVAL && netfilter)
		prog = get(from, BPF_PROG_TYPE_NETFILTER);
#endif
	return prog;
}

/* The type of the program that is there, or 0 if no program is. */
static unsigned int type_of(const struct origin *from)
{
	struct bpf_prog *prog;
	unsigned int type;

	for (type = 1; type < PROG_TYPE_BOUND; type++) {
		prog = get(from, type);
		if (!IS_ERR(prog)) {
			bpf_prog_put(prog);
			return type;
		}
		/* Any other error will be the same for every type. */
		if (PTR_ERR(prog) != -EINVAL)
			break;
	}
	return 0;
}

int match_prog_from_fd(const struct xt_mtchk_param *par, int fd, bool netfilter,
		       struct bpf_prog **ret)
{
	const struct origin from = { .fd = fd };
	struct bpf_prog *prog = get_allowed(&from, netfilter);
	unsigned int type;

	if (!IS_ERR(prog)) {
		*ret = prog;
		return 0;
	}

	type = PTR_ERR(prog) == -EINVAL ? type_of(&from) : 0;
	if (type)
		match_explain(par, "file descriptor %d is a BPF program of type %s (%u), needed is %s",
			      fd, type_name(type), type, needed(netfilter));
	else
		match_explain(par, "file descriptor %d is not a BPF program (%pe)", fd,
			      prog);
	return PTR_ERR(prog);
}

int match_prog_from_pin(const struct xt_mtchk_param *par, const char *path, bool netfilter,
			struct bpf_prog **ret)
{
	const struct origin from = { .path = path };
	struct bpf_prog *prog = get_allowed(&from, netfilter);
	unsigned int type;

	if (!IS_ERR(prog)) {
		*ret = prog;
		return 0;
	}

	type = PTR_ERR(prog) == -EINVAL ? type_of(&from) : 0;
	if (type)
		match_explain(par, "%*pE is a BPF program of type %s (%u), needed is %s",
			      (int)strlen(path), path, type_name(type), type, needed(netfilter));
	else
		match_explain(par, "no BPF program can be taken from %*pE (%pe)",
			      (int)strlen(path), path, prog);
	return PTR_ERR(prog);
}
