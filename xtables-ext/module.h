/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel module. */
#ifndef XTABLES_EXT_MODULE_H
#define XTABLES_EXT_MODULE_H

#include <stdbool.h>

/* Loads xt_ebpf if it is missing and this process may. Says nothing if it does not work. */
void module_load(void);

/* Whether any rule of revision 0 or 1 may be there, of this match or of the in-tree one. */
bool module_may_have_revision_1(void);

#endif
