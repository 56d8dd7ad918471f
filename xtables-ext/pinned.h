/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs that are pinned in a BPF file system. */
#ifndef XTABLES_EXT_PINNED_H
#define XTABLES_EXT_PINNED_H

/* Ends the program, and says why, if there is no BPF object at path that this process may read. */
void pinned_require(const char *path);

#endif
