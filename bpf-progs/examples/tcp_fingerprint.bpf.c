// SPDX-License-Identifier: GPL-2.0-only
/*
 * tcp_fingerprint: matches the first packet of a TCP connection (SYN) if it looks as one of a set of systems or tools
 * makes it: by TTL, window, options and their order, and habits of headers. Signatures are those of p0f 3, as its file
 * p0f.fp has them in the section [tcp:request], and are kept in a map that can be changed while rules use the program;
 * `packets` counts what each matched, under the same number.
 *
 * It judges as p0f does where that calls a match exact: a TTL may be up to 35 lower than a system begins with, and
 * nothing else may differ. The guesses of p0f, which lets DF and ECN differ and TTLs change, are not made; who wants them
 * adds another signature. Of several signatures the one with the lowest number counts. Signatures of answers (SYN and
 * ACK) are not for this program. Fragments, headers that are not all there, and connections without options that p0f has
 * no signature for, do not match. Anybody can send what looks like another system: this sorts, it does not authenticate.
 *
 * Try it: Linux 3.11 and later, and a SYN scan of nmap.
 *
 *	iptables-bpf load tcp_fingerprint.bpf.o /sys/fs/bpf/tcp_fingerprint
 *	iptables-bpf map /sys/fs/bpf/signatures set 0 '*:64:0:*:mss*20,10:mss,sok,ts,nop,ws:df,id+:0'
 *	iptables-bpf map /sys/fs/bpf/signatures set 1 '*:64-:0:1460:1024,0:mss::0'
 *	iptables -A INPUT -p tcp --syn -m bpf --object-pinned /sys/fs/bpf/tcp_fingerprint -j LOG
 *	iptables-bpf map /sys/fs/bpf/packets list
 */
#include "tcp_options.bpf.h"
#include "p0f_signature.h"

#define SIGNATURES	64
#define DISTANCE_MOST	35	/* routers on a packet's way */
#define SCALE_MOST	14	/* that has a meaning */
#define OPTION_MOST	40
#define SACK_LEAST	10
#define SACK_MOST	34

#define IPV4_RESERVED	0x8000
#define IPV4_DF		0x4000
#define IPV4_MORE	0x2000
#define ECN_BITS	0x03
#define IPV6_FLOW_LABEL	0x000fffff

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SIGNATURES);
	__type(key, __u32);
	__type(value, struct p0f_signature);
} signatures SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SIGNATURES);
	__type(key, __u32);
	__type(value, __u64);
} packets SEC(".maps");

/*
 * Each part of a packet is looked at by a function of its own, or the verifier would follow every way through one with
 * every way through the others. Such a function takes and returns numbers, made of these parts.
 */
union tcp_place {
	struct {
		__u32 end; /* of the packet */
		__u16 at; /* of the TCP header */
		__u8 version; /* of IP; 0: there is no whole header */
		__u8 length; /* of the TCP header */
	};
	__u64 all;
};

union window_facts {
	struct {
		__u16 multiple; /* of the MSS or the MTU that the window is; 0: of neither */
		__u8 of_mtu;
	};
	__u64 all;
};

union option_facts {
	struct {
		__u32 quirks;
		__u16 value; /* MSS, scale, padding, whether there is a time */
		__u8 kind;
		__u8 length; /* 0: there is no going on */
	};
	__u64 all;
};

/* What a signature has, of a packet: this and the layout of the options. */
union habits {
	struct {
		__u32 quirks;
		__u8 ttl;
		__u8 ip_options;
		__u8 scale;
		__u8 padding;
	};
	__u64 all;
};

union sizes {
	struct {
		__u16 mss;
		__u16 window;
		__u16 multiple;
		__u8 layout_length;
		__u8 of_mtu : 1;
		__u8 payload : 1;
		__u8 ipv6 : 1;
		__u8 own_time : 1; /* there is one, and it is not zero */
	};
	__u64 all;
};

struct observed {
	__u64 layout[P0F_LAYOUT_WORDS];
	union habits habits;
	union sizes sizes;
};

__noinline __u64 find_tcp(struct __sk_buff *skb)
{
	union tcp_place place = {};
	struct headers headers;
	struct tcphdr tcp;
	__be16 fragment;

	if (find_transport(skb, &headers) || headers.protocol != IPPROTO_TCP ||
	    load_before(skb, headers.end, headers.transport, &tcp, sizeof(tcp)) || tcp.doff < 5 ||
	    headers.transport + tcp.doff * 4 > headers.end)
		return 0;
	if (headers.version == 4 &&
	    (bpf_skb_load_bytes(skb, offsetof(struct iphdr, frag_off), &fragment,
				sizeof(fragment)) ||
	     fragment & bpf_htons(IPV4_MORE)))
		return 0;
	place.end = headers.end;
	place.at = headers.transport;
	place.version = headers.version;
	place.length = tcp.doff * 4;
	return place.all;
}

__noinline __u64 observe_ipv4(struct __sk_buff *skb)
{
	union habits seen = {};
	struct iphdr ip;
	__u16 flags;

	if (bpf_skb_load_bytes(skb, 0, &ip, sizeof(ip)))
		return 0;
	flags = bpf_ntohs(ip.frag_off);
	seen.ttl = ip.ttl;
	seen.ip_options = ip.ihl * 4 - sizeof(ip);
	if (ip.tos & ECN_BITS)
		seen.quirks |= P0F_ECN;
	if (flags & IPV4_RESERVED)
		seen.quirks |= P0F_RESERVED_NONZERO;
	if (flags & IPV4_DF)
		seen.quirks |= ip.id ? P0F_DF | P0F_ID_NONZERO : P0F_DF;
	else if (!ip.id)
		seen.quirks |= P0F_ID_ZERO;
	return seen.all;
}

/* Extension headers do not count as options: p0f, whose signatures these are, has never seen any. */
__noinline __u64 observe_ipv6(struct __sk_buff *skb)
{
	union habits seen = {};
	__be32 words[2];
	__u32 first;

	if (bpf_skb_load_bytes(skb, 0, words, sizeof(words)))
		return 0;
	first = bpf_ntohl(words[0]);
	seen.ttl = bpf_ntohl(words[1]) & 0xff;
	if (first & IPV6_FLOW_LABEL)
		seen.quirks |= P0F_FLOW;
	if ((first >> 20) & ECN_BITS)
		seen.quirks |= P0F_ECN;
	return seen.all;
}

/* Adds to what was seen of IP. A TTL of 0, which nobody sends: no connection is opened. */
__noinline __u64 observe_tcp(struct __sk_buff *skb, __u32 at, __u64 all_habits)
{
	union habits seen = { .all = all_habits };
	struct tcphdr tcp;

	if (bpf_skb_load_bytes(skb, at, &tcp, sizeof(tcp)) || !tcp.syn || tcp.ack || tcp.rst ||
	    tcp.fin)
		return 0;
	/* The lowest of the reserved bits was ECN's too. */
	if (tcp.ece || tcp.cwr || tcp.res1 & 1)
		seen.quirks |= P0F_ECN;
	if (!tcp.seq)
		seen.quirks |= P0F_SEQUENCE_ZERO;
	if (tcp.ack_seq)
		seen.quirks |= P0F_ACK_NONZERO;
	if (tcp.urg)
		seen.quirks |= P0F_URG;
	else if (tcp.urg_ptr)
		seen.quirks |= P0F_URGENT_NONZERO;
	if (tcp.psh)
		seen.quirks |= P0F_PUSH;
	return seen.all;
}

/* What comes before the options. */
__noinline __u64 observe_sizes(struct __sk_buff *skb, __u64 all_place)
{
	union tcp_place place = { .all = all_place };
	union sizes seen = {};
	__be16 window;

	if (bpf_skb_load_bytes(skb, place.at + offsetof(struct tcphdr, window), &window,
			       sizeof(window)))
		return 0;
	seen.window = bpf_ntohs(window);
	seen.ipv6 = place.version == 6;
	seen.payload = place.at + place.length < place.end;
	return seen.all;
}

static __always_inline void add_to_layout(struct observed *seen, __u8 kind)
{
	seen->layout[2] = seen->layout[2] << 8 | seen->layout[1] >> 56;
	seen->layout[1] = seen->layout[1] << 8 | seen->layout[0] >> 56;
	seen->layout[0] = seen->layout[0] << 8 | kind;
	seen->sizes.layout_length++;
}

static __always_inline int zeros_only(struct __sk_buff *skb, __u32 at, __u32 end)
{
	__u64 words[TCP_OPTIONS_MOST / 8] = {};

	if (at >= end)
		return 1;
	return !load_some(skb, at, words, end - at, sizeof(words)) &&
	       !(words[0] | words[1] | words[2] | words[3] | words[4]);
}

/* The length that the kind has in any case; 0: the option says it. */
static __always_inline __u32 fixed_length(__u8 kind)
{
	switch (kind) {
	case TCP_OPTION_NOP:
		return 1;
	case TCP_OPTION_MSS:
		return 4;
	case TCP_OPTION_WINDOW_SCALE:
		return 3;
	case TCP_OPTION_SACK_PERMITTED:
		return 2;
	case TCP_OPTION_TIMESTAMP:
		return 10;
	default:
		return 0;
	}
}

/* How p0f reads options: a length other than the kind's is noted, and not believed. 0: there is no going on. */
static __always_inline __u32 length_of(__u8 kind, __u8 said, __u32 left, __u32 *quirks)
{
	__u32 length = fixed_length(kind);

	if (!length) {
		length = said;
		if (length < (kind == TCP_OPTION_SACK ? SACK_LEAST : 2) ||
		    length > (kind == TCP_OPTION_SACK ? SACK_MOST : OPTION_MOST))
			return 0;
	} else if (length > 1 && length != said) {
		*quirks |= P0F_BAD_OPTIONS;
	}
	return length <= left ? length : 0;
}

struct option {
	__u8 kind;
	__u8 length;
	__u8 bytes[8];
};

__noinline __u64 observe_option(struct __sk_buff *skb, __u32 at, __u32 end)
{
	__u32 length, left = end - at, quirks = 0;
	union option_facts seen = {};
	struct option option = {};
	__be32 own, peer;

	if (load_some(skb, at, &option, left < sizeof(option) ? left : sizeof(option),
		      sizeof(option)))
		return 0;
	seen.kind = option.kind;
	length = option.kind == TCP_OPTION_END ?
			 left :
			 length_of(option.kind, option.length, left, &quirks);
	seen.length = length;

	switch (length ? option.kind : TCP_OPTION_NOP) {
	case TCP_OPTION_END:
		seen.value = left - 1;
		if (!zeros_only(skb, at + 1, end))
			quirks |= P0F_BEHIND_END_NONZERO;
		break;
	case TCP_OPTION_MSS:
		seen.value = option.bytes[0] << 8 | option.bytes[1];
		break;
	case TCP_OPTION_WINDOW_SCALE:
		seen.value = option.bytes[0];
		if (seen.value > SCALE_MOST)
			quirks |= P0F_EXCESSIVE_SCALE;
		break;
	case TCP_OPTION_TIMESTAMP:
		__builtin_memcpy(&own, option.bytes, sizeof(own));
		__builtin_memcpy(&peer, option.bytes + sizeof(own), sizeof(peer));
		seen.value = !!own;
		if (!own)
			quirks |= P0F_TIME_ZERO;
		if (peer)
			quirks |= P0F_PEER_TIME_NONZERO;
		break;
	}
	seen.quirks = quirks;
	return seen.all;
}

static __always_inline void observe_options(struct __sk_buff *skb, struct observed *seen, __u32 at,
					    __u32 end)
{
	union option_facts option;

	for (int i = 0; i < P0F_LAYOUT_MOST && at < end; i++) {
		option.all = observe_option(skb, at, end);
		add_to_layout(seen, option.kind);
		seen->habits.quirks |= option.quirks;
		if (!option.length)
			break;
		if (option.kind == TCP_OPTION_MSS)
			seen->sizes.mss = option.value;
		if (option.kind == TCP_OPTION_WINDOW_SCALE)
			seen->habits.scale = option.value;
		if (option.kind == TCP_OPTION_TIMESTAMP)
			seen->sizes.own_time = !!option.value;
		if (option.kind == TCP_OPTION_END)
			seen->habits.padding = option.value;
		at += option.length;
	}
	if (at != end)
		seen->habits.quirks |= P0F_BAD_OPTIONS;
}

static __always_inline int is_multiple(union window_facts *facts, __u32 window, __u32 of, int mtu)
{
	if (!of || window % of)
		return 0;
	facts->multiple = window / of;
	facts->of_mtu = mtu;
	return 1;
}

/* Systems make windows of their own MSS, of Ethernet's, or of the MTU; the first that fits is meant. */
__noinline __u64 observe_window(__u64 all_sizes, __u32 headers)
{
	union sizes sizes = { .all = all_sizes };
	__u32 window = sizes.window, mss = sizes.mss;
	union window_facts facts = {};

	if (!window || mss < 100)
		return 0;
	(void)(is_multiple(&facts, window, mss, 0) ||
	       (sizes.own_time && is_multiple(&facts, window, mss - 12, 0)) ||
	       is_multiple(&facts, window, 1500 - 40, 0) ||
	       is_multiple(&facts, window, 1500 - 40 - 12, 0) ||
	       (sizes.ipv6 && is_multiple(&facts, window, 1500 - 60, 0)) ||
	       (sizes.ipv6 && is_multiple(&facts, window, 1500 - 60 - 12, 0)) ||
	       is_multiple(&facts, window, mss + 40, 1) ||
	       is_multiple(&facts, window, mss + headers, 1) ||
	       (sizes.ipv6 && is_multiple(&facts, window, mss + 60, 1)) ||
	       is_multiple(&facts, window, 1500, 1));
	return facts.all;
}

static __always_inline int observe(struct __sk_buff *skb, struct observed *seen)
{
	union tcp_place place = { .all = find_tcp(skb) };
	__u32 end = place.at + place.length;
	union window_facts window;

	if (!place.version)
		return -1;
	seen->habits.all = place.version == 4 ? observe_ipv4(skb) : observe_ipv6(skb);
	seen->habits.all = observe_tcp(skb, place.at, seen->habits.all);
	if (!seen->habits.ttl)
		return -1;
	seen->sizes.all = observe_sizes(skb, place.all);
	observe_options(skb, seen, place.at + sizeof(struct tcphdr), end);
	window.all = observe_window(seen->sizes.all, end);
	seen->sizes.multiple = window.multiple;
	seen->sizes.of_mtu = window.of_mtu;
	return 0;
}

static __always_inline int fits_window(union sizes sizes, const struct p0f_signature *signature)
{
	switch (signature->window_kind) {
	case P0F_WINDOW_VALUE:
		return sizes.window == signature->window;
	case P0F_WINDOW_MULTIPLE:
		return signature->window && !(sizes.window % signature->window);
	case P0F_WINDOW_MSS:
		return !sizes.of_mtu && sizes.multiple == signature->window;
	case P0F_WINDOW_MTU:
		return sizes.of_mtu && sizes.multiple == signature->window;
	default:
		return 1;
	}
}

static __always_inline int fits_ttl(__u8 ttl, const struct p0f_signature *signature)
{
	return ttl <= signature->ttl && (signature->any & P0F_ANY_LOWER_TTL ||
					 signature->ttl - ttl <= DISTANCE_MOST);
}

static __always_inline int fits(union habits habits, union sizes sizes,
				const struct p0f_signature *signature)
{
	__u32 quirks = signature->quirks;

	if (!signature->version)
		quirks &= sizes.ipv6 ? ~P0F_ONLY_IPV4 : ~P0F_ONLY_IPV6;
	else if (signature->version != (sizes.ipv6 ? 6 : 4))
		return 0;
	return habits.quirks == quirks && habits.padding == signature->padding &&
	       habits.ip_options == signature->ip_options && fits_ttl(habits.ttl, signature) &&
	       (signature->any & P0F_ANY_MSS || sizes.mss == signature->mss) &&
	       (signature->any & P0F_ANY_SCALE || habits.scale == signature->scale) &&
	       (signature->any & P0F_ANY_PAYLOAD || sizes.payload == signature->payload) &&
	       fits_window(sizes, signature);
}

/* The number of the first signature that fits; negative: none does. */
__noinline int find_signature(__u64 layout0, __u64 layout1, __u64 layout2, __u64 all_habits,
			      __u64 all_sizes)
{
	union habits habits = { .all = all_habits };
	union sizes sizes = { .all = all_sizes };
	struct p0f_signature *signature;

	for (__u32 i = 0; i < SIGNATURES; i++) {
		__u32 number = i;

		signature = bpf_map_lookup_elem(&signatures, &number);
		if (!signature || !signature->ttl || signature->layout[0] != layout0 ||
		    signature->layout[1] != layout1 || signature->layout[2] != layout2 ||
		    signature->layout_length != sizes.layout_length)
			continue;
		if (fits(habits, sizes, signature))
			return i;
	}
	return -1;
}

SEC("socket")
int tcp_fingerprint(struct __sk_buff *skb)
{
	struct observed seen = {};
	__u32 number;
	__u64 *count;
	int found;

	if (observe(skb, &seen))
		return 0;
	found = find_signature(seen.layout[0], seen.layout[1], seen.layout[2], seen.habits.all,
			       seen.sizes.all);
	if (found < 0)
		return 0;
	number = found;
	count = bpf_map_lookup_elem(&packets, &number);
	if (count)
		__sync_fetch_and_add(count, 1);
	return 1;
}

char _license[] SEC("license") = "GPL";
