// SPDX-License-Identifier: GPL-2.0-only
/*
 * pin_netfilter OBJECT PATH: loads the program of a BPF object as type netfilter and pins it. The bpftool and libbpf of
 * Debian 12 do not know that type.
 */
#include <err.h>
#include <bpf/libbpf.h>

#define PROG_TYPE_NETFILTER	32
#define ATTACH_TYPE_NETFILTER	45

int main(int argc, char **argv)
{
	struct bpf_program *prog;
	struct bpf_object *object;

	if (argc != 3)
		errx(2, "usage: pin_netfilter OBJECT PATH");
	object = bpf_object__open(argv[1]);
	if (!object)
		err(1, "%s", argv[1]);
	prog = bpf_object__next_program(object, NULL);
	if (!prog)
		errx(1, "%s: no program", argv[1]);
	bpf_program__set_type(prog, PROG_TYPE_NETFILTER);
	bpf_program__set_expected_attach_type(prog, ATTACH_TYPE_NETFILTER);
	if (bpf_object__load(object) || bpf_program__pin(prog, argv[2]))
		err(1, "%s", argv[2]);
	return 0;
}
