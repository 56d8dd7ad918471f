/* SPDX-License-Identifier: GPL-2.0-only */
/* Expressions as tcpdump knows them: pcap-filter(7). */
#ifndef XTABLES_EXT_EXPRESSION_H
#define XTABLES_EXT_EXPRESSION_H

#include <linux/filter.h>

/*
 * Compiles text for packets of EXT_FAMILY that begin with their network header, and returns the instructions, which the
 * caller frees. Ends the program, with libpcap's own words, if that cannot be done.
 */
struct sock_filter *expression_compile(const char *text, unsigned int *num_insns);

#endif
