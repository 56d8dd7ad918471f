/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event ABI: what the trace programs write into the ring buffer and the tools read from it.
 *
 * Compiles as BPF C, C and C++. Every event begins with the same head, says how long it is and stands for itself, so
 * that losing one does not make another unreadable. Numbers are in the machine's byte order, ports too; addresses are
 * as on the wire. Names end with a zero, behind which nothing is meant; what is unused is zero.
 *
 * IPT_EVENT_VERSION changes whenever a reader of the older form would misread the newer one. A longer event of the same
 * version carries more at its end than this header knows.
 */
#ifndef IPTABLES_TRACE_EVENT_H
#define IPTABLES_TRACE_EVENT_H

#include <linux/types.h>

#define IPT_EVENT_VERSION	2

#define IPT_EVENT_NAME_LEN	32	/* of tables and chains */
#define IPT_EVENT_DEV_LEN	16
#define IPT_EVENT_ADDR_LEN	16
#define IPT_EVENT_HEADER_LEN	128	/* of a packet's first bytes */
#define IPT_EVENT_COMM_LEN	16	/* of processes */

enum ipt_event_type {
	IPT_EVENT_ENTER	= 1,	/* the packet comes into a table: struct ipt_event_enter */
	/* All matches of a rule said yes, or a rule of nf_tables came to its end: struct ipt_event_rule */
	IPT_EVENT_RULE	= 2,
	IPT_EVENT_LEAVE	= 3,	/* the table has judged the packet: struct ipt_event_leave */
	IPT_EVENT_MATCHES = 4,	/* what matches of rules said: struct ipt_event_matches */
	IPT_EVENT_WALK	= 5,	/* the first three of a walk, or some of them, in one record: struct ipt_event_walk */
};

/* ipt_event_head.flags */
#define IPT_EVENT_FIRST		(1 << 0)	/* nothing was seen of this packet before */
#define IPT_EVENT_TERMINAL	(1 << 1)	/* the verdict ends its way: nothing can follow */
#define IPT_EVENT_STOLEN	(1 << 2)	/* the table took it away: its fields are those of the event before */
#define IPT_EVENT_GUESSED	(1 << 3)	/* likely the packet of the events before, but changed in between */
#define IPT_EVENT_USER_TRACE	(1 << 4)	/* a TRACE rule of the user's covers it too */
#define IPT_EVENT_CHILD		(1 << 5)	/* selected because it was made while a selected packet was in a table */
#define IPT_EVENT_OWNED		(1 << 6)	/* an enter event that says whose socket has sent it */
#define IPT_EVENT_OBSERVED	(1 << 7)	/* this walk's matches are reported; in an enter event only */
#define IPT_EVENT_TABLE_CUT	(1 << 8)	/* the table's name is longer than there is room for */
#define IPT_EVENT_CHAIN_CUT	(1 << 9)	/* the chain's, likewise */
#define IPT_EVENT_UNTOLD	(1 << 10)	/* rules of this walk are not reported */
#define IPT_EVENT_TIMED		(1 << 11)	/* net: a rule or leave event says what rules took */

/* ipt_event_head.nft_family: of a table of nf_tables, the family that it is of; 0: a table of x_tables */
#define IPT_EVENT_NFT_INET	1
#define IPT_EVENT_NFT_IPV4	2
#define IPT_EVENT_NFT_ARP	3
#define IPT_EVENT_NFT_BRIDGE	7
#define IPT_EVENT_NFT_IPV6	10

struct ipt_event_head {
	__u16	version;	/* IPT_EVENT_VERSION */
	__u8	type;		/* enum ipt_event_type */
	__u8	family;		/* of the packet: NFPROTO_IPV4, NFPROTO_IPV6, NFPROTO_ARP */
	__u32	size;		/* of the whole event, in bytes */
	__u64	time;		/* CLOCK_MONOTONIC, in nanoseconds */
	__u64	packet;		/* number of the packet in the session, from 1 */
	__u64	traversal;	/* number of the walk through a table, never 0 */
	__u64	parent;		/* the walk during which this one began, 0 if none */
	__u64	parent_packet;	/* and its packet */
	__u64	missed;		/* how many probe hits the kernel had missed so far; they have no seq */
	__u64	ruleset;	/* identity of the table's rules, or the generation of nf_tables; 0: being replaced right now */
	__u64	replacements;	/* how many tables had been replaced so far */
	__u64	netns_cookie;	/* 0 where the kernel has given none */
	__u32	netns;		/* inode number of the network namespace */
	__u32	cpu;
	__u32	seq;		/* number of the event of its packet, from 1; lost events have numbers too */
	__u16	flags;		/* IPT_EVENT_FIRST ... */
	__u8	hook;		/* NF_INET_PRE_ROUTING ..., or the same of a bridge; of ARP NF_ARP_IN, NF_ARP_OUT */
	__u8	nft_family;	/* IPT_EVENT_NFT_INET ... */
	char	table[IPT_EVENT_NAME_LEN];
};

struct ipt_event_dev {
	__u32	ifindex;	/* 0: there is none */
	char	name[IPT_EVENT_DEV_LEN];
};

/* ipt_event_packet.fields: which of the fields the packet has */
#define IPT_EVENT_PORTS		(1 << 0)
#define IPT_EVENT_TCP		(1 << 1)	/* tcp_flags */
#define IPT_EVENT_ICMP		(1 << 2)	/* icmp_type, icmp_code */
#define IPT_EVENT_ECHO		(1 << 3)	/* echo_id, echo_seq */
#define IPT_EVENT_ID		(1 << 4)
#define IPT_EVENT_FRAGMENT	(1 << 5)	/* fragment_offset; only a first fragment has a transport header */
#define IPT_EVENT_MORE		(1 << 6)	/* more fragments follow */
#define IPT_EVENT_EXTENDED	(1 << 7)	/* it has IPv4 options or IPv6 extension headers */
#define IPT_EVENT_CUT		(1 << 8)	/* its headers go on behind what could be read */
#define IPT_EVENT_ARP		(1 << 9)	/* of ARP: it asks for addresses of IPv4 on Ethernet, and they are there */
#define IPT_EVENT_AH		(1 << 10)	/* an IPv6 extension header is AH; protocol is what comes behind it */

enum ipt_event_connection {
	IPT_EVENT_CT_NONE	 = 0,	/* conntrack has not seen it yet, or calls it INVALID */
	IPT_EVENT_CT_NEW	 = 1,
	IPT_EVENT_CT_ESTABLISHED = 2,
	IPT_EVENT_CT_RELATED	 = 3,
	IPT_EVENT_CT_UNTRACKED	 = 4,
};

/*
 * Of a packet of ARP (ipt_event_head.family) what IP has is zero, and these are something else:
 *
 *	source, destination	sender and target: an address of IPv4, then one of Ethernet; with IPT_EVENT_ARP
 *	id			operation
 *	source_port		type of hardware, 1: Ethernet
 *	destination_port	type of protocol, as of frames: 0x0800 IPv4
 *	icmp_type, icmp_code	bytes of a hardware address, and of one of the protocol
 */
#define IPT_EVENT_ARP_ETHERNET	4	/* where in source and destination the address of Ethernet is */

struct ipt_event_packet {
	__u8	source[IPT_EVENT_ADDR_LEN];	/* IPv4: the first four bytes */
	__u8	destination[IPT_EVENT_ADDR_LEN];
	__u32	length;			/* from the IP header on, or from that of ARP */
	__u32	mark;
	__u32	ct_status;		/* IPS_CONFIRMED ... */
	__u32	ct_mark;
	__u32	id;			/* IPv4's, or the IPv6 fragment header's */
	__u16	fields;			/* IPT_EVENT_PORTS ... */
	__u16	fragment_offset;	/* in bytes */
	__u16	source_port;
	__u16	destination_port;
	__u16	tcp_flags;		/* as in the header: FIN 0x001, SYN 0x002 ... CWR 0x080, AE 0x100 */
	__u16	echo_id;
	__u16	echo_seq;
	__u8	icmp_type;
	__u8	icmp_code;
	__u8	protocol;		/* behind the extension headers */
	__u8	ttl;			/* or hop limit */
	__u8	tos;			/* or traffic class */
	__u8	connection;		/* enum ipt_event_connection */
	__u8	reply;			/* 1: in the direction of the connection's answers */
	__u8	reserved[3];
};

/* Whose socket has sent a packet of this host's. Means something if IPT_EVENT_OWNED is set, and is zero otherwise. */
struct ipt_event_owner {
	__u64	cgroup;		/* number of the cgroup2 in which the socket was made; 0: there is none */
	__u32	uid;
	__u32	socket;		/* its inode number; 0: no process has it open */
	__u32	pid;		/* the process whose system call sends it; 0: it is sent by none */
	__u32	reserved;
	char	comm[IPT_EVENT_COMM_LEN];	/* of the thread that makes the call */
};

struct ipt_event_enter {
	struct ipt_event_head	head;
	struct ipt_event_dev	in;
	struct ipt_event_dev	out;
	struct ipt_event_packet	packet;
	__s32			priority;	/* of the table among the functions of its hook */
	struct ipt_event_owner	owner;
	/* Ends here in a table of x_tables if the reader has no use for what follows. */
	__u32			header_len;	/* bytes of header[] that are the packet's */
	__u8			header[IPT_EVENT_HEADER_LEN];	/* from its IP header on, or from that of ARP */
	__u32			reserved;
	/* Ends here in a table of x_tables. What is entered in nf_tables is a base chain: */
	__u64			handle;
	char			chain[IPT_EVENT_NAME_LEN];
};

#define IPT_EVENT_ENTER_SHORT	288	/* bytes of struct ipt_event_enter without the header */
#define IPT_EVENT_ENTER_LEGACY	424	/* with it, without the base chain */

enum ipt_event_rule_kind {
	IPT_EVENT_KIND_RULE	= 1,
	/* Of a user chain: its end; in x_tables, or a rule without conditions that returns or decides. */
	IPT_EVENT_KIND_RETURN	= 2,
	IPT_EVENT_KIND_POLICY	= 3,	/* of a built-in chain or a base chain: the same */
	IPT_EVENT_KIND_OTHER	= 4,	/* the kernel used a word that the module does not know */
};

/* ipt_event_rule.verdict, besides NF_ACCEPT and so on */
#define IPT_EVENT_NFT_CONTINUE	(-1)
#define IPT_EVENT_NFT_JUMP	(-3)
#define IPT_EVENT_NFT_GOTO	(-4)
#define IPT_EVENT_NFT_RETURN	(-5)

struct ipt_event_rule {
	struct ipt_event_head	head;
	char			chain[IPT_EVENT_NAME_LEN];
	__u32			number;	/* in its chain, from 1; the end of a chain counts as one; nf_tables: 0 */
	__u32			mark;
	__u32			ct_mark;
	__u8			kind;	/* enum ipt_event_rule_kind */
	__u8			reserved[3];
	/* Ends here in a table of x_tables, unless IPT_EVENT_TIMED is set. */
	__u64			handle;	/* of the rule; with KIND_RETURN and KIND_POLICY of the chain */
	__s32			verdict;	/* the rule's own, or the policy; IPT_EVENT_NFT_..., NF_ACCEPT ... */
	/*
	 * With IPT_EVENT_TIMED, nanoseconds since the enter or rule event before, without what tracing took; 0xffffffff: that
	 * or longer.
	 */
	__u32			net;
};

#define IPT_EVENT_RULE_LEGACY	176	/* bytes of struct ipt_event_rule without what is of nf_tables */

/* ipt_event_match.flags */
#define IPT_EVENT_MATCH_YES	(1 << 0)	/* its answer, ! included */
#define IPT_EVENT_MATCH_HOTDROP	(1 << 1)	/* it had the packet dropped at once */

struct ipt_event_match {
	__u32	number;		/* of the rule in its chain, from 1 */
	__u8	index;		/* of the match in the rule, from 0 */
	__u8	flags;		/* IPT_EVENT_MATCH_YES ... */
	__u16	reserved;
	__u32	duration;	/* in nanoseconds; 0xffffffff: that or longer */
	__u32	program;	/* of -m bpf: the id of the eBPF program that it ran, or 0 */
};

/* The packet's header of Ethernet, as far as matches look at it. */
struct ipt_event_ether {
	__u8	source[6];
	__u8	reserved[2];
};

/*
 * The matches that were asked since the event before, in order: those of rules that did not match, and of the rule whose
 * event comes next. One chain's, that of this rule. Ends with the last one, or a struct ipt_event_ether behind it: head.size says
 * so too.
 */
struct ipt_event_matches {
	struct ipt_event_head	head;
	__u32			count;
	__u32			ether;	/* 1: that is there */
	struct ipt_event_match	match[];
};

#define IPT_EVENT_MATCHES_MAX	64	/* in one event */

struct ipt_event_leave {
	struct ipt_event_head	head;
	__u64			duration;	/* since the packet entered, tracing included, in nanoseconds */
	struct ipt_event_packet	packet;
	__u32			verdict;	/* NF_ACCEPT ... and what its upper bits carry; any drop is NF_DROP */
	/* Ends here unless IPT_EVENT_TIMED is set. */
	__u32			net;	/* duration without what tracing took; 0xffffffff: that or longer */
	__u32			reserved;
};

#define IPT_EVENT_LEAVE_UNTIMED	216	/* bytes of struct ipt_event_leave without what rules took */

/* A rule event in a record of several: from chain to net as in struct ipt_event_rule, then what its head has of its own. */
struct ipt_event_walk_rule {
	char	chain[IPT_EVENT_NAME_LEN];
	__u32	number;
	__u32	mark;
	__u32	ct_mark;
	__u8	kind;
	__u8	reserved[3];
	__u64	handle;
	__s32	verdict;
	__u32	net;
	__u64	time;
	__u32	cpu;
	__u16	flags;
	__u16	reserved2;
};

/* A leave event likewise. */
struct ipt_event_walk_end {
	__u64	time;
	__u64	missed;
	__u64	ruleset;
	__u64	replacements;
	__u32	cpu;
	__u32	verdict;
	__u32	net;
	__u32	mark;
	__u32	ct_mark;
	__u32	length;
	__u32	ct_status;
	__u8	ct_state;
	__u8	reserved;
	__u16	header_len;
	__u16	flags;
	__u16	reserved2[3];
};

/* ipt_event_walk.parts */
#define IPT_EVENT_PART_ENTER	(1 << 0)	/* the walk's beginning is an event in here, the first */
#define IPT_EVENT_PART_LEAVE	(1 << 1)	/* its end is, the last */
#define IPT_EVENT_PART_HEADER	(1 << 2)	/* at its end the packet's first bytes may be others: behind the rules */

/*
 * All of a walk but its matches, or so much as there was room for, or as there was when the packet had another one sent. The
 * packet is not taken to pieces yet: its header and the state of its connection are as the kernel has them.
 */
struct ipt_event_walk {
	struct ipt_event_head	head;	/* as of the beginning, also where that is not in here; seq: of the first event in here */
	char			chain[IPT_EVENT_NAME_LEN];	/* of nf_tables, as in struct ipt_event_enter */
	__u64			handle;
	__u32			mark;
	__u32			ct_mark;
	struct ipt_event_dev	in;
	struct ipt_event_dev	out;
	__u32			length;
	__u32			ct_status;
	__u8			ct_state;	/* the kernel's enum ip_conntrack_info; 255: none */
	__u8			reserved;
	__u16			header_len;
	__s32			priority;
	__u8			header[IPT_EVENT_HEADER_LEN];
	struct ipt_event_owner	owner;		/* nothing unless IPT_EVENT_OWNED is set */
	struct ipt_event_walk_end end;
	__u32			parts;		/* IPT_EVENT_PART_... */
	__u32			rule_count;	/* of the following, of which there may be more that say nothing */
	struct ipt_event_walk_rule rules[];
	/* With IPT_EVENT_PART_HEADER the last IPT_EVENT_HEADER_LEN bytes are the packet's at the end. */
};

/* Why a program did not write an event: the index of its counter in the programs' array of losses, one a CPU. */
enum ipt_event_loss {
	IPT_EVENT_LOSS_RING_FULL = 0,	/* the reader was too slow */
	IPT_EVENT_LOSS_CONTEXT	 = 1,	/* the module's context could not be read, or is of another version */
	IPT_EVENT_LOSSES,
};

#ifdef __cplusplus
#define IPT_EVENT_ASSERT(what) static_assert(what, #what)
#else
#define IPT_EVENT_ASSERT(what) _Static_assert(what, #what)
#endif

IPT_EVENT_ASSERT(sizeof(struct ipt_event_head) == 128);
IPT_EVENT_ASSERT(sizeof(struct ipt_event_dev) == 20);
IPT_EVENT_ASSERT(sizeof(struct ipt_event_packet) == 76);
IPT_EVENT_ASSERT(sizeof(struct ipt_event_enter) == 464);
IPT_EVENT_ASSERT(__builtin_offsetof(struct ipt_event_enter, handle) == IPT_EVENT_ENTER_LEGACY);
IPT_EVENT_ASSERT(__builtin_offsetof(struct ipt_event_enter, header_len) == IPT_EVENT_ENTER_SHORT);
IPT_EVENT_ASSERT(sizeof(struct ipt_event_rule) == 192);
IPT_EVENT_ASSERT(__builtin_offsetof(struct ipt_event_rule, handle) == IPT_EVENT_RULE_LEGACY);
IPT_EVENT_ASSERT(sizeof(struct ipt_event_leave) == 224);
IPT_EVENT_ASSERT(__builtin_offsetof(struct ipt_event_leave, net) == IPT_EVENT_LEAVE_UNTIMED);
IPT_EVENT_ASSERT(sizeof(struct ipt_event_walk_rule) == 80);
IPT_EVENT_ASSERT(sizeof(struct ipt_event_walk_end) == 72);
IPT_EVENT_ASSERT(sizeof(struct ipt_event_walk) == 480);
IPT_EVENT_ASSERT(sizeof(struct ipt_event_match) == 16);
IPT_EVENT_ASSERT(sizeof(struct ipt_event_matches) == 136);
IPT_EVENT_ASSERT(sizeof(struct ipt_event_ether) == 8);

#endif
