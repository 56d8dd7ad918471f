// SPDX-License-Identifier: GPL-2.0-only
/*
 * dns_name: matches DNS messages that ask for one of a set of names, or for anything below it, kept in a map that can be
 * changed while rules use the program, and counts the packets of each entry. Upper and lower case are the same. Answers
 * repeat the question, so that they match as well; the rule says by its port which of both it wants.
 *
 * IPv4 and IPv6, with options and extension headers; UDP, and over TCP the message that a segment begins with. A question
 * that goes on in another fragment or segment does not match, and neither does what is no question: a name that points
 * elsewhere in the message, or none at all. Of several questions, which nobody sends, the first counts. Names in the map
 * have up to 126 characters; of longer ones that are asked for, the end is compared. Encrypted DNS shows no names.
 *
 * Try it: the name alone, and a domain with all that is below it.
 *
 *	iptables-bpf load dns_name.bpf.o /sys/fs/bpf/dns_name
 *	iptables-bpf map /sys/fs/bpf/dns_name set www.example.com packets=0
 *	iptables-bpf map /sys/fs/bpf/dns_name set example.net subdomains=1
 *	iptables -A FORWARD -p udp --dport 53 -m bpf --object-pinned /sys/fs/bpf/dns_name -j DROP
 *	iptables-bpf map /sys/fs/bpf/dns_name list
 */
#include "skb.bpf.h"

#define NAME_KEY	128	/* bytes of a name in the map */
#define NAME_MOST	255	/* in a message */
#define LABEL_MOST	63
#define LABELS_MOST	127
#define HEADER_LENGTH	12
#define QUESTION_TAIL	4	/* type and class */

/* As in messages, in lower case: labels with their lengths before them, then a zero, and zeros up to the end. */
struct dns_name {
	__u8 labels[NAME_KEY];
};

struct entry {
	__u64 packets;
	__u32 subdomains; /* 1: what is below the name, too */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 100000);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct dns_name);
	__type(value, struct entry);
} names SEC(".maps");

/* barrier_var(): the verifier has to see the very register judged that is used, which the compiler does not know. */

/* Walks are functions of their own to the verifier, which would follow every pair of their ends otherwise. */

/* The length of the name there, its last zero included; 0: there is none. */
__noinline int name_length(struct __sk_buff *skb, __u32 at, __u32 end)
{
	__u32 length = 0;
	__u8 label;

	for (int i = 0; i <= LABELS_MOST; i++) {
		if (load_before(skb, end, at + length, &label, sizeof(label)) || label > LABEL_MOST)
			return 0;
		length += 1 + label;
		if (length > NAME_MOST)
			return 0;
		if (!label)
			return length;
	}
	return 0;
}

/* Where the end of the name that fits a key begins, in bytes of the name; length is that of the name. */
__noinline int end_for_key(struct __sk_buff *skb, __u32 at, __u32 length)
{
	__u32 skipped = 0;
	__u8 label = 0;

	for (int i = 0; i <= LABELS_MOST && length - skipped > NAME_KEY; i++) {
		if (bpf_skb_load_bytes(skb, at + skipped, &label, sizeof(label)))
			return 0;
		skipped += 1 + label;
	}
	return skipped;
}

/*
 * Eight characters at once. A letter's bit 5 is its case; lengths are below all letters and stay. Each addition carries
 * into a byte's highest bit if the character is at least 'A', or above 'Z', and never further.
 */
static __always_inline __u64 lower_case(__u64 word)
{
	const __u64 ones = 0x0101010101010101, low = 0x7f * ones;
	__u64 from_a = (word & low) + (0x80 - 'A') * ones;
	__u64 above_z = (word & low) + (0x7f - 'Z') * ones;

	return word | (from_a & ~above_z & ~word & 0x80 * ones) >> 2;
}

/* Twice a key's length: from any label on there is a whole key, with zeros at its end. */
struct tail {
	__u64 words[2 * NAME_KEY / sizeof(__u64)];
};

/* Looks up the tail from each of its labels on. whole: it is all of the name. */
static __always_inline int look_up(struct __sk_buff *skb, __u32 at, const struct tail *tail,
				   int whole)
{
	struct entry *entry;
	__u64 offset = 0;
	__u8 label;

	for (int i = 0; i < NAME_KEY / 2; i++) {
		entry = bpf_map_lookup_elem(&names, (const __u8 *)tail + offset);
		if (entry && (entry->subdomains || (whole && !i))) {
			__sync_fetch_and_add(&entry->packets, 1);
			return 1;
		}
		if (bpf_skb_load_bytes(skb, at + offset, &label, sizeof(label)) || !label)
			return 0;
		offset += 1 + label;
		barrier_var(offset);
		if (offset >= NAME_KEY)
			return 0;
	}
	return 0;
}

static __always_inline int question_is_listed(struct __sk_buff *skb, const struct payload *message)
{
	__u32 at = message->offset + HEADER_LENGTH;
	__be16 questions;
	struct tail tail = {};
	__u32 length, skipped;

	if (load_before(skb, message->end, message->offset + 4, &questions, sizeof(questions)) ||
	    !questions)
		return 0;
	length = name_length(skb, at, message->end);
	if (!length || length > NAME_MOST || at + length + QUESTION_TAIL > message->end)
		return 0;
	skipped = end_for_key(skb, at, length);
	if (load_some(skb, at + skipped, tail.words, length - skipped, NAME_KEY))
		return 0;
#pragma unroll
	for (int i = 0; i < NAME_KEY / (int)sizeof(__u64); i++)
		tail.words[i] = lower_case(tail.words[i]);
	return look_up(skb, at + skipped, &tail, !skipped);
}

/* Over TCP, a message's length comes before it. */
static __always_inline int first_message(struct __sk_buff *skb, const struct headers *headers,
					 struct payload *message)
{
	__be16 length;
	__u32 end;

	if (headers->protocol == IPPROTO_UDP)
		return udp_payload(skb, headers, message);
	if (headers->protocol != IPPROTO_TCP || tcp_payload(skb, headers, message) ||
	    load_before(skb, message->end, message->offset, &length, sizeof(length)))
		return -1;
	message->offset += sizeof(length);
	end = message->offset + bpf_ntohs(length);
	if (end < message->end)
		message->end = end;
	return 0;
}

SEC("socket")
int dns_name(struct __sk_buff *skb)
{
	struct payload message;
	struct headers headers;

	if (find_transport(skb, &headers) || first_message(skb, &headers, &message))
		return 0;
	return question_is_listed(skb, &message);
}

char _license[] SEC("license") = "GPL";
