// SPDX-License-Identifier: GPL-2.0-only
/*
 * dhcp_client_id: matches DHCP messages of clients that call themselves by one of a set of identifiers, kept in maps that
 * can be changed while rules use the program, and counts the packets of each. For IPv4 that is option 61, of which the
 * first byte is a type (01 and a hardware address, with most clients), in `clients4`; for DHCPv6 the DUID of option 1, in
 * `clients6`. Answers of servers repeat them and match too; the rule says by its port which of both it wants.
 *
 * Identifiers have up to 63 bytes; longer ones do not match. Neither do clients that send none, whom servers know by
 * their hardware address, messages of DHCPv6 that a relay wraps in its own, and options behind 128 others or in the
 * fields that option 52 gives to options. A message has to be in one fragment. Servers that listen on packet sockets, and
 * many do, see packets before any rule: this is for relays, routers and bridges (`br_netfilter`) in front of them.
 *
 * Try it:
 *
 *	iptables-bpf load dhcp_client_id.bpf.o /sys/fs/bpf/dhcp_client_id
 *	iptables-bpf map /sys/fs/bpf/dhcp_client_id --map clients4 set '01 52:54:00:12:34:56' 0
 *	iptables-bpf map /sys/fs/bpf/dhcp_client_id --map clients6 set '00 03 00 01 52:54:00:12:34:56' 0
 *	iptables -A FORWARD -p udp --dport 67 -m bpf --object-pinned /sys/fs/bpf/dhcp_client_id -j DROP
 *	ip6tables -A FORWARD -p udp --dport 547 -m bpf --object-pinned /sys/fs/bpf/dhcp_client_id -j DROP
 */
#include "skb.bpf.h"

#define CLIENT_ID_MOST	63
#define OPTIONS_MOST	128

#define COOKIE4		0x63825363
#define COOKIE4_AT	236	/* in the payload; options follow it */
#define OPTION4_PAD	0
#define OPTION4_CLIENT	61
#define OPTION4_END	255

#define OPTIONS6_AT	4
#define OPTION6_CLIENT	1
#define RELAY6_FORWARD	12
#define RELAY6_REPLY	13

struct client_id {
	__u8 length;
	__u8 bytes[CLIENT_ID_MOST];
};

/* Identifiers to packets. */
struct clients {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct client_id);
	__type(value, __u64);
} clients4 SEC(".maps"), clients6 SEC(".maps");

/* Walks are functions of their own to the verifier: where one ends makes no difference to what follows. */

/* The offset of what the option has, behind its length; negative: there is no such option. */
__noinline int find_option4(struct __sk_buff *skb, __u32 at, __u32 end)
{
	__u8 head[2];

	for (int i = 0; i < OPTIONS_MOST; i++) {
		if (load_before(skb, end, at, head, 1) || head[0] == OPTION4_END)
			return -1;
		if (head[0] == OPTION4_PAD) {
			at++;
			continue;
		}
		if (load_before(skb, end, at, head, sizeof(head)))
			return -1;
		at += sizeof(head);
		if (head[0] == OPTION4_CLIENT)
			return at;
		at += head[1];
	}
	return -1;
}

__noinline int find_option6(struct __sk_buff *skb, __u32 at, __u32 end)
{
	__be16 head[2];

	for (int i = 0; i < OPTIONS_MOST; i++) {
		if (load_before(skb, end, at, head, sizeof(head)))
			return -1;
		at += sizeof(head);
		if (head[0] == bpf_htons(OPTION6_CLIENT))
			return at;
		at += bpf_ntohs(head[1]);
	}
	return -1;
}

static __always_inline int listed(struct __sk_buff *skb, void *clients, __u32 at, __u32 end,
				  __u32 length)
{
	struct client_id id = {};
	__u64 *packets;

	if (at + length > end || load_some(skb, at, id.bytes, length, CLIENT_ID_MOST))
		return 0;
	id.length = length;
	packets = bpf_map_lookup_elem(clients, &id);
	if (!packets)
		return 0;
	__sync_fetch_and_add(packets, 1);
	return 1;
}

static __always_inline int client4_is_listed(struct __sk_buff *skb, const struct payload *message)
{
	__be32 cookie;
	__u8 length;
	int at;

	if (load_before(skb, message->end, message->offset + COOKIE4_AT, &cookie, sizeof(cookie)) ||
	    cookie != bpf_htonl(COOKIE4))
		return 0;
	at = find_option4(skb, message->offset + COOKIE4_AT + sizeof(cookie), message->end);
	if (at < 0 || load_before(skb, message->end, at - sizeof(length), &length, sizeof(length)))
		return 0;
	return listed(skb, &clients4, at, message->end, length);
}

static __always_inline int client6_is_listed(struct __sk_buff *skb, const struct payload *message)
{
	__be16 length;
	__u8 type;
	int at;

	if (load_before(skb, message->end, message->offset, &type, sizeof(type)) ||
	    type == RELAY6_FORWARD || type == RELAY6_REPLY)
		return 0;
	at = find_option6(skb, message->offset + OPTIONS6_AT, message->end);
	if (at < 0 || load_before(skb, message->end, at - sizeof(length), &length, sizeof(length)))
		return 0;
	return listed(skb, &clients6, at, message->end, bpf_ntohs(length));
}

SEC("socket")
int dhcp_client_id(struct __sk_buff *skb)
{
	struct payload message;
	struct headers headers;

	if (find_transport(skb, &headers) || headers.protocol != IPPROTO_UDP ||
	    udp_payload(skb, &headers, &message))
		return 0;
	return headers.version == 4 ? client4_is_listed(skb, &message) :
				      client6_is_listed(skb, &message);
}

char _license[] SEC("license") = "GPL";
