// SPDX-License-Identifier: GPL-2.0-only
/*
 * payload_string: matches TCP and UDP packets with one of up to eight strings in their payload, which may begin within a
 * range of offsets there. Strings are kept in a map that can be changed while rules use the program, and count their
 * packets. It does what `-m u32` and `-m string` do for bytes whose place depends on the headers before them: offsets
 * are those in the payload, behind options and extension headers of any length, and what is no payload is not searched.
 *
 * A string has up to 63 bytes of any value, in the case that it is written in. It begins at the offset `first` or up to
 * the offset `last`; both are 0 if they are not named, for strings that a payload begins with, and one that can begin
 * further behind needs `last` in any case. Of more than 4096 offsets those are tried. Each packet is searched by itself: a
 * string that goes on in the next segment or fragment is not found, nor anything in later fragments. Encrypted payload is
 * searched as it is.
 *
 * Try it: requests that begin with GET, and a name anywhere in the first kilobyte.
 *
 *	iptables-bpf load payload_string.bpf.o /sys/fs/bpf/payload_string
 *	iptables-bpf map /sys/fs/bpf/payload_string set 0 'text=GET '
 *	iptables-bpf map /sys/fs/bpf/payload_string set 1 'text=Host: tracker.example\x0d,last=1000'
 *	iptables -A FORWARD -p tcp --dport 80 -m bpf --object-pinned /sys/fs/bpf/payload_string -j REJECT
 *	iptables-bpf map /sys/fs/bpf/payload_string list
 */
#include "skb.bpf.h"

#define STRINGS		8
#define STRING_MOST	63
#define STEP		64	/* offsets that are tried with what was loaded at once */
#define STEPS		64
#define STEP_WORDS	(STEP / 8)

struct counted {
	__u8 length; /* 0: there is none */
	char text[STRING_MOST];
};

struct string {
	struct counted text;
	__u32 first;
	__u32 last;
	__u64 packets;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, STRINGS);
	__type(key, __u32);
	__type(value, struct string);
} strings SEC(".maps");

union counted_words {
	struct counted counted;
	__u64 words[sizeof(struct counted) / 8];
};

/* What there is before the end, but not more than most. */
static __always_inline int load_up_to(struct __sk_buff *skb, __u32 at, __u32 end, void *to,
				      __u32 most)
{
	__u32 size = end - at;

	return load_some(skb, at, to, size < most ? size : most, most);
}

/* These are functions of their own to the verifier, which would follow each way through all of them otherwise. */

/* Whether the whole of the string is there. */
__noinline int is_there(struct __sk_buff *skb, __u32 at, __u32 end, __u32 number)
{
	union counted_words there = {}, wanted;
	struct string *string = bpf_map_lookup_elem(&strings, &number);
	__u64 differences = 0;

	if (!string)
		return 0;
	if (at + string->text.length > end ||
	    load_some(skb, at, there.counted.text, string->text.length, STRING_MOST))
		return 0;
	there.counted.length = string->text.length;
	__builtin_memcpy(&wanted, &string->text, sizeof(wanted));
#pragma unroll
	for (int i = 0; i < (int)(sizeof(wanted) / 8); i++)
		differences |= wanted.words[i] ^ there.words[i];
	return !differences;
}

/* The first eight bytes of a string in the order of the packet, and which of them it has. */
struct beginning {
	__u64 bytes;
	__u64 mask;
};

static __always_inline struct beginning beginning_of(const struct string *string)
{
	__u32 length = string->text.length < 8 ? string->text.length : 8;
	struct beginning beginning = {};

#pragma unroll
	for (int i = 0; i < 8; i++)
		beginning.bytes = beginning.bytes << 8 | (__u8)string->text.text[i];
	if (length)
		beginning.mask = ~0ULL << (64 - 8 * length);
	beginning.bytes &= beginning.mask;
	return beginning;
}

/* Whether the string begins at one of eight offsets from at on. */
__noinline int begins_near(struct __sk_buff *skb, __u32 at, __u32 end, __u32 number)
{
	struct string *string = bpf_map_lookup_elem(&strings, &number);
	struct beginning beginning;
	__u64 words[2] = {}, bytes;

	if (!string || at >= end || load_up_to(skb, at, end, words, sizeof(words)))
		return 0;
	beginning = beginning_of(string);
	for (int i = 0; i < 8; i++) {
		bytes = bpf_be64_to_cpu(words[0]) << 8 * i;
		if (i)
			bytes |= bpf_be64_to_cpu(words[1]) >> (64 - 8 * i);
		if ((bytes & beginning.mask) == beginning.bytes &&
		    is_there(skb, at + i, end, number))
			return 1;
	}
	return 0;
}

#define ONES	0x0101010101010101ULL

/* Whether the word has that byte, wherever. */
static __always_inline int has_byte(__u64 word, __u8 byte)
{
	__u64 zero = word ^ byte * ONES;

	return !!((zero - ONES) & ~zero & 0x80 * ONES);
}

/* end: of the payload, offset: of its beginning, in the packet. */
__noinline int found(struct __sk_buff *skb, __u32 offset, __u32 end, __u32 number)
{
	struct string *string = bpf_map_lookup_elem(&strings, &number);
	__u32 at, last_end;
	__u8 begin;

	if (!string || !string->text.length || string->first > string->last ||
	    offset + string->first < offset)
		return 0;
	begin = string->text.text[0];
	at = offset + string->first;
	/* Behind the last string that counts. */
	if (string->last < end) {
		last_end = offset + string->last + string->text.length;
		if (last_end < end)
			end = last_end;
	}

	for (int i = 0; i < STEPS && at < end; i++, at += STEP) {
		__u64 words[STEP_WORDS] = {};

		if (load_up_to(skb, at, end, words, sizeof(words)))
			return 0;
#pragma unroll
		for (int word = 0; word < STEP_WORDS; word++) {
			if (has_byte(words[word], begin) &&
			    begins_near(skb, at + word * 8, end, number))
				return 1;
		}
	}
	return 0;
}

SEC("socket")
int payload_string(struct __sk_buff *skb)
{
	struct headers headers;
	struct payload payload;
	struct string *string;

	if (find_transport(skb, &headers) ||
	    (headers.protocol != IPPROTO_TCP && headers.protocol != IPPROTO_UDP) ||
	    (headers.protocol == IPPROTO_TCP ? tcp_payload(skb, &headers, &payload) :
					       udp_payload(skb, &headers, &payload)))
		return 0;
	for (__u32 number = 0; number < STRINGS; number++) {
		__u32 key = number;

		if (!found(skb, payload.offset, payload.end, key))
			continue;
		string = bpf_map_lookup_elem(&strings, &key);
		if (string)
			__sync_fetch_and_add(&string->packets, 1);
		return 1;
	}
	return 0;
}

char _license[] SEC("license") = "GPL";
