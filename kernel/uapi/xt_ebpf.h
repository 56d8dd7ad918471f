/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * xt_ebpf.ko: what user space and the kernel agree on beyond linux/netfilter/xt_bpf.h, which has revisions 0 and 1.
 *
 * Two contracts: the blob of revision 2 of the match "bpf", and the generic netlink family "xt_ebpf" for what does not
 * fit into a blob: long programs and texts, what a rule runs, how often, and the exchange of programs behind live rules.
 */
#ifndef _UAPI_XT_EBPF_H
#define _UAPI_XT_EBPF_H

#include <linux/types.h>

/* ---- The rule: revision 2 of the match "bpf", for NFPROTO_IPV4 and NFPROTO_IPV6. ---- */

#define XT_EBPF_REVISION	2

/* What a rule holds itself; what is longer is stored first (XT_EBPF_CMD_STORE). */
#define XT_EBPF_DATA_LEN	496

/* Limits of everything, of which a user namespace other than the initial one gets what revision 1 takes. */
#define XT_EBPF_MAX_INSNS	4096
#define XT_EBPF_MAX_TEXT	8191
#define XT_EBPF_MAX_INSNS_UNPRIVILEGED	64

/*
 * xt_ebpf_info.source: what the user wrote. Revision 1 begins with its mode, 0 to 2, in the same place, so that blobs of
 * the two revisions, which have the same size, never compare equal.
 */
enum {
	/* Instructions, no text. */
	XT_EBPF_BYTECODE	= 0x100,
	/* No instructions. The text is an absolute path; what is pinned there when the rule is added is what it runs. */
	XT_EBPF_PINNED		= 0x101,
	/* Instructions, and as text the pcap expression that they were compiled from. */
	XT_EBPF_EXPRESSION	= 0x102,
	/*
	 * No instructions. The text is the absolute path of an ELF object, a zero byte, and the name of the program in it,
	 * empty for the only one. User space loads it; xt_ebpf_info.fd is the program.
	 */
	XT_EBPF_OBJECT		= 0x103,
};

/* xt_ebpf_info.flags */
enum {
	/* The rule matches where the program says no. */
	XT_EBPF_F_INVERT	= 1 << 0,
	/* xt_ebpf_info.content instead of data: instructions and text were stored. */
	XT_EBPF_F_STORED	= 1 << 1,
};

/*
 * The blob, in four parts: what -C and -D compare; what also comes back to user space when it reads a table, to be
 * handed in again as it is; and the kernel's own, which nobody else sees.
 */
struct xt_ebpf_info {
	__u16	source;		/* XT_EBPF_BYTECODE ... */
	__u16	flags;		/* XT_EBPF_F_... */
	__u16	num_insns;
	__u16	text_len;	/* bytes of text, without the zero that ends it */
	union {
		/* num_insns of struct sock_filter, then the text and a zero byte; all that follows is zero. */
		__u8	data[XT_EBPF_DATA_LEN];
		/* XT_EBPF_F_STORED: the answer of XT_EBPF_CMD_STORE; all that follows is zero. */
		__aligned_u64	content;
	};

	/*
	 * 0 in a rule that is added. The kernel writes a random number, and takes it back as the sign that the same rule
	 * comes again, as iptables-legacy does with all rules of a table at each change: the rule keeps its program
	 * and its numbers, whatever the path says by now. ESTALE if no rule of this namespace, table and family that
	 * the user wrote the same way has it.
	 */
	__aligned_u64	handle;
	__s32	fd;		/* XT_EBPF_OBJECT with handle 0: the program */
	__u32	reserved;	/* 0 */

	struct xt_ebpf_rule	*rule __attribute__((aligned(8)));
};

/* Bytes that -C and -D compare. */
#define XT_EBPF_COMPARED	504

#ifdef __cplusplus
#define XT_EBPF_ASSERT(what)	static_assert(what, "the layout is a contract")
#else
#define XT_EBPF_ASSERT(what)	_Static_assert(what, "the layout is a contract")
#endif
XT_EBPF_ASSERT(__builtin_offsetof(struct xt_ebpf_info, data) == 8);
XT_EBPF_ASSERT(__builtin_offsetof(struct xt_ebpf_info, content) == 8);
XT_EBPF_ASSERT(__builtin_offsetof(struct xt_ebpf_info, handle) == XT_EBPF_COMPARED);
XT_EBPF_ASSERT(__builtin_offsetof(struct xt_ebpf_info, fd) == 512);
XT_EBPF_ASSERT(__builtin_offsetof(struct xt_ebpf_info, rule) == 520);
XT_EBPF_ASSERT(sizeof(struct xt_ebpf_info) == 528);

/* ---- Generic netlink. ---- */

#define XT_EBPF_GENL_NAME	"xt_ebpf"
#define XT_EBPF_GENL_VERSION	1

/*
 * All commands concern the network namespace of the socket and want CAP_NET_ADMIN over it. Errors come with a text
 * (NLMSGERR_ATTR_MSG) that says what was wrong.
 */
enum {
	XT_EBPF_CMD_UNSPEC,

	/*
	 * Stores instructions and text (INSNS, TEXT as SOURCE wants them) and answers with CONTENT. The same things get
	 * the same number for as long as anybody holds them: the socket, until it is closed, or a rule.
	 * EINVAL: no valid classic BPF, or not what SOURCE wants, or more than XT_EBPF_MAX_INSNS_UNPRIVILEGED allows.
	 * ERANGE: more than the other limits above.
	 */
	XT_EBPF_CMD_STORE,

	/*
	 * Asks for rules of revision 2. As a dump: for all of the namespace, or those that run PROG_ID. Else for one: by
	 * HANDLE, or by BLOB, TABLE, FAMILY and BACK_END, for any rule that the user wrote that way (the first
	 * XT_EBPF_COMPARED bytes). ENOENT: there is none. The answer has HANDLE, TABLE, FAMILY, BACK_END, SOURCE, FLAGS,
	 * REFERENCES, SINCE; INSNS, TEXT, where there are any (INSNS not in a dump); PROG_TYPE; PROG_ID, PROG_TAG of an
	 * eBPF program, and PROG_NAME if it has one; RUNS, MATCHES, NANOSECONDS, if they were ever counted. A dump
	 * during which rules came or went is marked NLM_F_DUMP_INTR.
	 */
	XT_EBPF_CMD_RULE_GET,

	/*
	 * Puts the program FD behind all rules of the namespace that run the eBPF program PROG_ID, and answers with
	 * how many these are (SWAPPED). Each packet is judged by one of the two. ENOENT: no rule of revision 2 runs
	 * PROG_ID. EBADF, EINVAL: FD is no BPF program, or not of the type of the other one. EALREADY: it is that one.
	 */
	XT_EBPF_CMD_SWAP,

	__XT_EBPF_CMD_END,
	XT_EBPF_CMD_MAX = __XT_EBPF_CMD_END - 1,
};

/* The tables of iptables-legacy, and those of nf_tables. */
#define XT_EBPF_LEGACY	1
#define XT_EBPF_NFT	2

enum {
	XT_EBPF_A_UNSPEC,
	XT_EBPF_A_PAD,
	XT_EBPF_A_SOURCE,	/* u16 */
	XT_EBPF_A_FLAGS,	/* u16, of the blob */
	XT_EBPF_A_INSNS,	/* binary, struct sock_filter each */
	XT_EBPF_A_TEXT,		/* binary, without a zero at the end */
	XT_EBPF_A_CONTENT,	/* u64 */
	XT_EBPF_A_HANDLE,	/* u64 */
	XT_EBPF_A_BLOB,		/* binary, XT_EBPF_COMPARED bytes */
	XT_EBPF_A_TABLE,	/* string */
	XT_EBPF_A_FAMILY,	/* u8, 2 NFPROTO_IPV4, 10 NFPROTO_IPV6 */
	XT_EBPF_A_REFERENCES,	/* u32, copies of the rule in the kernel: 1, and 2 while its table is replaced */
	XT_EBPF_A_SINCE,	/* u64, when it was added: CLOCK_REALTIME in seconds */
	XT_EBPF_A_PROG_ID,	/* u32 */
	XT_EBPF_A_PROG_TAG,	/* binary, 8 bytes */
	XT_EBPF_A_PROG_NAME,	/* string */
	XT_EBPF_A_PROG_TYPE,	/* u32, enum bpf_prog_type; 0 for a classic program */
	XT_EBPF_A_FD,		/* s32 */
	XT_EBPF_A_SWAPPED,	/* u32 */
	XT_EBPF_A_RUNS,		/* u64 */
	XT_EBPF_A_MATCHES,	/* u64 */
	XT_EBPF_A_NANOSECONDS,	/* u64 */
	XT_EBPF_A_BACK_END,	/* u8, XT_EBPF_LEGACY or XT_EBPF_NFT */

	__XT_EBPF_A_END,
	XT_EBPF_A_MAX = __XT_EBPF_A_END - 1,
};

/*
 * Counting is of the whole machine and off until it is switched on: /sys/module/xt_ebpf/parameters/count (runs and
 * matches of each rule) and .../time (also nanoseconds), 0 or 1. Numbers are kept when it is switched off again.
 */

#endif
