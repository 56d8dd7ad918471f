// SPDX-License-Identifier: GPL-2.0-only
/* Libraries that only some rules need. They stay until the process ends. */
#include <dlfcn.h>
#include <xtables.h>

#include "library.h"

void library_load(const char *file, const char *package, const char *option,
		  const struct library_symbol *symbols, size_t count)
{
	void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
	size_t i;

	if (!library)
		xtables_error(OTHER_PROBLEM,
			      "bpf: %s needs a library that is missing: %s; install it (Debian: apt install %s)",
			      option, dlerror(), package);
	for (i = 0; i < count; i++) {
		*symbols[i].address = dlsym(library, symbols[i].name);
		if (!*symbols[i].address)
			xtables_error(OTHER_PROBLEM,
				      "bpf: %s needs a newer library: %s; upgrade it (Debian: apt install %s)",
				      option, dlerror(), package);
	}
}
