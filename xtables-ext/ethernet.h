/* SPDX-License-Identifier: GPL-2.0-only */
/* Classic BPF that was made for Ethernet frames, which a rule never sees. */
#ifndef XTABLES_EXT_ETHERNET_H
#define XTABLES_EXT_ETHERNET_H

#include <stdbool.h>
#include <linux/filter.h>

bool ethernet_suspected(const struct sock_filter *insns, unsigned int num_insns);

#endif
