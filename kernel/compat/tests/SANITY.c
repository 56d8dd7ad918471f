// SPDX-License-Identifier: GPL-2.0-only
/* Compiles on every supported kernel: if it does not, no other answer means anything. */
#include <linux/module.h>
#include <linux/filter.h>
#include <linux/netfilter/x_tables.h>

MODULE_LICENSE("GPL");
