// SPDX-License-Identifier: GPL-2.0-only
/* Programs of ELF objects, loaded by libbpf. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <xtables.h>

#include "library.h"
#include "object.h"

/* Linux 6.4: headers and libraries from before do not know them. */
#define PROG_TYPE_NETFILTER ((enum bpf_prog_type)32)
#define ATTACH_NETFILTER ((enum bpf_attach_type)45)

static struct {
	typeof(bpf_object__open_file) *bpf_object__open_file;
	typeof(bpf_object__next_program) *bpf_object__next_program;
	typeof(bpf_object__load) *bpf_object__load;
	typeof(bpf_object__close) *bpf_object__close;
	typeof(bpf_program__name) *bpf_program__name;
	typeof(bpf_program__section_name) *bpf_program__section_name;
	typeof(bpf_program__type) *bpf_program__type;
	typeof(bpf_program__set_type) *bpf_program__set_type;
	typeof(bpf_program__set_expected_attach_type) *bpf_program__set_expected_attach_type;
	typeof(bpf_program__set_autoload) *bpf_program__set_autoload;
	typeof(bpf_program__fd) *bpf_program__fd;
	typeof(libbpf_bpf_prog_type_str) *libbpf_bpf_prog_type_str;
	typeof(libbpf_set_print) *libbpf_set_print;
} use;

/* What libbpf had to say, the verifier's log in it. */
static FILE *said;
static char *said_text;
static size_t said_size;

static int collect(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN && said ? vfprintf(said, format, args) : 0;
}

static void load_libbpf(void)
{
	static const struct library_symbol symbols[] = {
		LIBRARY_SYMBOL(use, bpf_object__open_file),
		LIBRARY_SYMBOL(use, bpf_object__next_program),
		LIBRARY_SYMBOL(use, bpf_object__load),
		LIBRARY_SYMBOL(use, bpf_object__close),
		LIBRARY_SYMBOL(use, bpf_program__name),
		LIBRARY_SYMBOL(use, bpf_program__section_name),
		LIBRARY_SYMBOL(use, bpf_program__type),
		LIBRARY_SYMBOL(use, bpf_program__set_type),
		LIBRARY_SYMBOL(use, bpf_program__set_expected_attach_type),
		LIBRARY_SYMBOL(use, bpf_program__set_autoload),
		LIBRARY_SYMBOL(use, bpf_program__fd),
		LIBRARY_SYMBOL(use, libbpf_bpf_prog_type_str),
		LIBRARY_SYMBOL(use, libbpf_set_print),
	};

	if (use.libbpf_set_print)
		return;
	library_load("libbpf.so.1", "libbpf1", "--object-file", symbols,
		     sizeof(symbols) / sizeof(*symbols));
	use.libbpf_set_print(collect);
}

static void fail(const char *file, const char *what, int error)
{
	fclose(said);
	said = NULL;
	fputs(said_text, stderr);
	xtables_error(PARAMETER_PROBLEM, "bpf: \"%s\" cannot be %s: %s%s", file, what,
		      strerror(error),
		      error == EPERM ? "; bpf() must be allowed to you (it is to root)" : "");
}

/* As many as fit: it is for a message. */
static void add_name(char *names, size_t size, const char *name)
{
	size_t used = strlen(names);

	snprintf(names + used, size - used, " %s", name);
}

/* The program that is meant, and no other to be loaded. */
static struct bpf_program *find(struct bpf_object *object, const char *file, const char *name)
{
	struct bpf_program *program = NULL, *chosen = NULL;
	char names[512] = "";
	unsigned int n = 0;

	while ((program = use.bpf_object__next_program(object, program))) {
		const char *own = use.bpf_program__name(program);
		bool meant = !*name || !strcmp(own, name);

		n++;
		add_name(names, sizeof(names), own);
		use.bpf_program__set_autoload(program, meant);
		if (meant)
			chosen = program;
	}
	if (!n)
		xtables_error(PARAMETER_PROBLEM, "bpf: \"%s\" holds no BPF program", file);
	if (!chosen)
		xtables_error(PARAMETER_PROBLEM, "bpf: \"%s\" holds no program \"%s\" but:%s",
			      file, name, names);
	if (!*name && n > 1)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: \"%s\" holds %u programs; choose by --program NAME:%s", file, n,
			      names);
	return chosen;
}

static bool starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/* A section whose name says nothing to libbpf holds what such rules have always held. */
static void settle_type(struct bpf_program *program, const char *file)
{
	enum bpf_prog_type type = use.bpf_program__type(program);

	if (type == BPF_PROG_TYPE_UNSPEC &&
	    starts_with(use.bpf_program__section_name(program), "netfilter")) {
		use.bpf_program__set_type(program, PROG_TYPE_NETFILTER);
		use.bpf_program__set_expected_attach_type(program, ATTACH_NETFILTER);
	} else if (type == BPF_PROG_TYPE_UNSPEC) {
		use.bpf_program__set_type(program, BPF_PROG_TYPE_SOCKET_FILTER);
	} else if (type != BPF_PROG_TYPE_SOCKET_FILTER && type != PROG_TYPE_NETFILTER) {
		const char *known = use.libbpf_bpf_prog_type_str(type);

		xtables_error(PARAMETER_PROBLEM,
			      "bpf: program %s of \"%s\" is of type %s; needed is SEC(\"socket\") or SEC(\"netfilter\")",
			      use.bpf_program__name(program), file, known ? known : "unknown");
	}
}

/* A descriptor of the program alone: the object's maps need none as long as the program lives. */
static int load(const char *file, const char *name)
{
	struct bpf_program *program;
	struct bpf_object *object;
	int fd;

	load_libbpf();
	said = open_memstream(&said_text, &said_size);
	if (!said)
		xtables_error(RESOURCE_PROBLEM, "bpf: %s", strerror(errno));
	object = use.bpf_object__open_file(file, NULL);
	if (!object)
		fail(file, "read as an ELF object with BPF programs", errno);
	program = find(object, file, name);
	settle_type(program, file);
	if (use.bpf_object__load(object))
		fail(file, "loaded", errno);
	fd = fcntl(use.bpf_program__fd(program), F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		fail(file, "kept open", errno);
	use.bpf_object__close(object);
	fclose(said);
	said = NULL;
	free(said_text);
	return fd;
}

struct loaded {
	struct loaded *next;
	int fd;
	char *file;
	char *name;
};

int object_load(const char *file, const char *name)
{
	static struct loaded *all;
	struct loaded *loaded;

	for (loaded = all; loaded; loaded = loaded->next)
		if (!strcmp(loaded->file, file) && !strcmp(loaded->name, name))
			return loaded->fd;
	loaded = xtables_malloc(sizeof(*loaded));
	loaded->fd = load(file, name);
	loaded->file = strdup(file);
	loaded->name = strdup(name);
	if (!loaded->file || !loaded->name)
		xtables_error(RESOURCE_PROBLEM, "bpf: %s", strerror(ENOMEM));
	loaded->next = all;
	all = loaded;
	return loaded->fd;
}
