/* SPDX-License-Identifier: GPL-2.0-only */
/* Paths as a rule holds them. */
#ifndef XTABLES_EXT_PATH_H
#define XTABLES_EXT_PATH_H

#include <limits.h>

/*
 * Writes the absolute form of path, the argument of an option, to dest, which has PATH_MAX bytes, and returns its length.
 * What cannot be in a rule ends the program.
 */
unsigned int path_make_absolute(char *dest, const char *path, const char *option);

#endif
