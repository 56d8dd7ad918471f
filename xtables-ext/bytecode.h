/* SPDX-License-Identifier: GPL-2.0-only */
/* Classic BPF bytecode as text: "LENGTH,CODE JT JF K,CODE JT JF K", in decimal. */
#ifndef XTABLES_EXT_BYTECODE_H
#define XTABLES_EXT_BYTECODE_H

#include <stdio.h>
#include <linux/filter.h>

/*
 * Returns the instructions, max at most, which the caller frees. Text that is no bytecode ends the program; so does too much
 * of it, and the message gives the way out.
 */
struct sock_filter *bytecode_parse(const char *text, unsigned int max, const char *way_out,
				   unsigned int *num_insns);

/* The instructions without the length in front. */
void bytecode_print(FILE *out, const struct sock_filter *insns, unsigned int num_insns);

/* All of it, for the caller to free. */
char *bytecode_text(const struct sock_filter *insns, unsigned int num_insns);

#endif
