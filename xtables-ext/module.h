/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel module. */
#ifndef XTABLES_EXT_MODULE_H
#define XTABLES_EXT_MODULE_H

/* Loads xt_ebpf if it is missing and this process may. Says nothing if it does not work. */
void module_load(void);

#endif
