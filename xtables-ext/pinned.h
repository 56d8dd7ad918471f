/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs that are pinned in a BPF file system, as paths. */
#ifndef XTABLES_EXT_PINNED_H
#define XTABLES_EXT_PINNED_H

#include <stddef.h>

/* Writes the absolute form of path to dest, which has size bytes. What does not fit ends the program. */
void pinned_set_path(char *dest, size_t size, const char *path);

/* Ends the program, and says why, if there is no BPF object at path that this process may read. */
void pinned_require(const char *path);

/* A space and the path, quoted where iptables-restore needs it. */
void pinned_print(const char *path);

#endif
