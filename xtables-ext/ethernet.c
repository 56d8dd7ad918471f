// SPDX-License-Identifier: GPL-2.0-only
/*
 * tcpdump -ddd without -y RAW writes code for the link type of some interface, mostly Ethernet. In a rule it would look for
 * the type of the frame where the packet has its source address, and never match.
 *
 * The sign is that the half-word at offset 12 is compared with such a type. Code for packets does so only for the source
 * networks 8.0.0.0/16, 8.6.0.0/16, 129.0.0.0/16 and 134.221.0.0/16, and the code that tcpdump makes loads a whole
 * word for that. It then also reads the version or the protocol, where a frame has an address.
 */
#include <linux/if_ether.h>

#include "ethernet.h"

static bool is_load(const struct sock_filter *insn, unsigned int size, unsigned int offset)
{
	return insn->code == (BPF_LD | BPF_ABS | size) && insn->k == offset;
}

static bool is_frame_type(const struct sock_filter *insn)
{
	if (insn->code != (BPF_JMP | BPF_JEQ | BPF_K))
		return false;
	return insn->k == ETH_P_IP || insn->k == ETH_P_IPV6 || insn->k == ETH_P_ARP ||
	       insn->k == ETH_P_8021Q;
}

bool ethernet_suspected(const struct sock_filter *insns, unsigned int num_insns)
{
	bool compares_type = false;
	unsigned int i;

	for (i = 0; i + 1 < num_insns; i++) {
		/* The protocol of IPv4; the version of both. */
		if (is_load(&insns[i], BPF_B, 9) || is_load(&insns[i], BPF_B, 0))
			return false;
		if (is_load(&insns[i], BPF_H, 12) && is_frame_type(&insns[i + 1]))
			compares_type = true;
	}
	return compares_type;
}
