/* SPDX-License-Identifier: GPL-2.0-only */
/* Paths as a rule holds them. */
#ifndef XTABLES_EXT_PATH_H
#define XTABLES_EXT_PATH_H

#include <limits.h>

/*
 * The absolute form of path, the argument of an option, for the caller to free. It is shorter than PATH_MAX; what cannot be in a
 * rule ends the program.
 */
char *path_make_absolute(const char *path, const char *option);

#endif
