/* SPDX-License-Identifier: GPL-2.0-only */
/* Libraries that only some rules need: loaded when the first of them comes. */
#ifndef XTABLES_EXT_LIBRARY_H
#define XTABLES_EXT_LIBRARY_H

#include <stddef.h>

struct library_symbol {
	const char *name;
	void **address;
};

/*
 * An entry for a function of the library that a header has declared; it is called as member of a structure "use", of the
 * declared type.
 */
#define LIBRARY_SYMBOL(use, function) { .name = #function, .address = (void **)&(use).function }

/* Fills in all addresses. Ends the program if the library is missing or too old; says that option needs the package. */
void library_load(const char *file, const char *package, const char *option,
		  const struct library_symbol *symbols, size_t count);

#endif
