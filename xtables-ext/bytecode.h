/* SPDX-License-Identifier: GPL-2.0-only */
/* Classic BPF bytecode as text: "LENGTH,CODE JT JF K,CODE JT JF K", in decimal. */
#ifndef XTABLES_EXT_BYTECODE_H
#define XTABLES_EXT_BYTECODE_H

#include <linux/filter.h>

/* Fills insns, which has room for max, and returns how many there are. Text that is no bytecode ends the program. */
unsigned int bytecode_parse(const char *text, struct sock_filter *insns, unsigned int max);

/* The instructions without the length in front. */
void bytecode_print(const struct sock_filter *insns, unsigned int len);

/* Characters that length and instructions take together. */
unsigned int bytecode_text_length(const struct sock_filter *insns, unsigned int len);

#endif
