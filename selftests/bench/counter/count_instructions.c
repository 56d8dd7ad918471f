// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin of QEMU (7.2 or later): counts how often each of the guest kernel's instructions is executed while the guest wants
 * it to be. -plugin FILE,out=COUNTS. Each time a program in the guest comes by a mark (bench_marks.h), counting begins, or
 * ends and a line "WINDOW ADDRESS COUNT" for each instruction is written.
 *
 * For one virtual CPU.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../bench_marks.h"
#include "qemu_plugin.h"

#define EXPORT __attribute__((visibility("default")))

EXPORT int qemu_plugin_version = 1;

/* By address, with room for far more than a kernel executes. */
#define BITS 22
#define SLOTS 4194304

static struct { uint64_t address, count; } slots[SLOTS];
static FILE *out;
static unsigned int window;
static bool counting;

static uint64_t *count_of(uint64_t address)
{
	uint64_t i = address * 0x9e3779b97f4a7c15 >> (64 - BITS);

	while (slots[i].address && slots[i].address != address)
		i = (i + 1) % SLOTS;
	slots[i].address = address;
	return &slots[i].count;
}

static void marked(unsigned int cpu, void *data)
{
	unsigned int i;

	(void)cpu;
	(void)data;
	for (i = 0; i < SLOTS; i++) {
		if (counting && slots[i].count)
			fprintf(out, "%u %016lx %lu\n", window, slots[i].address, slots[i].count);
		slots[i].count = 0;
	}
	counting = !counting;
	window += counting;
	fflush(out);
}

static bool is_mark(const struct qemu_plugin_insn *insn)
{
	return qemu_plugin_insn_size(insn) == sizeof(BENCH_MARK) - 1 &&
	       !memcmp(qemu_plugin_insn_data(insn), BENCH_MARK, sizeof(BENCH_MARK) - 1);
}

static void translated(uint64_t id, struct qemu_plugin_tb *block)
{
	size_t i;

	(void)id;
	for (i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
		uint64_t address = qemu_plugin_insn_vaddr(insn);

		if (address >> 63)
			qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD, count_of(address), 1);
		else if (is_mark(insn))
			qemu_plugin_register_vcpu_insn_exec_cb(insn, marked, NO_REGISTERS, NULL);
	}
}

EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
	(void)info;
	if (argc == 1 && !strncmp(argv[0], "out=", 4))
		out = fopen(argv[0] + 4, "w");
	if (!out)
		return -1;
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
