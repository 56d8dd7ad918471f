/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs of ELF objects. */
#ifndef XTABLES_EXT_OBJECT_H
#define XTABLES_EXT_OBJECT_H

/*
 * Loads a program of the object in file and returns its descriptor, which stays open until the process ends: the kernel
 * takes the program from it when the rule is added. name "" is for the only program there is. What has been loaded once is
 * not loaded again. Ends the program, with the verifier's words, if that cannot be done.
 */
int object_load(const char *file, const char *name);

#endif
