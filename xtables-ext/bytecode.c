// SPDX-License-Identifier: GPL-2.0-only
/*
 * Classic BPF bytecode as text.
 *
 * Two forms are read: the one-line form with commas, which nfbpf_compile prints and iptables-save writes, and the lines
 * of tcpdump -ddd as they are. Numbers are taken whole or not at all: a jump offset that does not fit would be another
 * program, and nobody would notice.
 */
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xtables.h>

#include "bytecode.h"
#include "last_code.h"

#define BLANKS " \t\r"

static bool read_number(const char **text, unsigned long max, unsigned long *value)
{
	const char *start = *text + strspn(*text, BLANKS);
	char *end;

	/* strtoul() would take a sign, and -1 for the largest number. */
	if (!isdigit((unsigned char)*start))
		return false;
	errno = 0;
	*value = strtoul(start, &end, 10);
	if (errno || *value > max || !strchr(BLANKS ",\n", *end))
		return false;
	*text = end;
	return true;
}

/* A comma or a line break with the white space around it, or the end of the text. */
static bool read_separator(const char **text)
{
	const char *p = *text + strspn(*text, BLANKS);

	if (*p == ',' || *p == '\n')
		p++;
	else if (*p)
		return false;
	*text = p + strspn(p, BLANKS "\n");
	return true;
}

static bool read_instruction(const char **text, struct sock_filter *insn)
{
	unsigned long code, jt, jf, k;
	const char *p = *text;

	if (!read_number(&p, USHRT_MAX, &code) || !read_number(&p, UCHAR_MAX, &jt) ||
	    !read_number(&p, UCHAR_MAX, &jf) || !read_number(&p, UINT_MAX, &k) ||
	    !read_separator(&p))
		return false;

	*insn = (struct sock_filter){ .code = code, .jt = jt, .jf = jf, .k = k };
	*text = p;
	return true;
}

static unsigned int read_length(const char **text, unsigned int max, const char *way_out)
{
	unsigned long len;

	*text += strspn(*text, BLANKS "\n");
	if (!read_number(text, ULONG_MAX, &len) || !read_separator(text))
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: error parsing program length: it comes first, as tcpdump -y RAW -ddd prints it");
	if (!len)
		xtables_error(PARAMETER_PROBLEM, "bpf: illegal zero length program");
	if (len > max)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: number of instructions exceeds maximum: %lu of %u; %s", len,
			      max, way_out);
	return len;
}

struct sock_filter *bytecode_parse(const char *text, unsigned int max, const char *way_out,
				   unsigned int *num_insns)
{
	static struct last_code last;
	const char *whole = text;
	struct sock_filter *insns = last_code_of(&last, text, num_insns);
	unsigned int len, i;

	if (insns && *num_insns <= max)
		return insns;
	free(insns);
	len = read_length(&text, max, way_out);
	insns = xtables_calloc(len, sizeof(*insns));
	for (i = 0; *text; i++) {
		if (i == len)
			xtables_error(PARAMETER_PROBLEM,
				      "bpf: real program length exceeds the encoded length parameter: \"%s\" after %u",
				      text, len);
		if (!read_instruction(&text, &insns[i]))
			xtables_error(PARAMETER_PROBLEM,
				      "bpf: error at instr %u: \"%.*s\" is not CODE (0-65535) JT (0-255) JF (0-255) K (0-4294967295)",
				      i, (int)strcspn(text, ",\n"), text);
	}
	if (i != len)
		xtables_error(PARAMETER_PROBLEM,
			      "bpf: parsed program length is less than the encoded length parameter: %u of %u",
			      i, len);
	*num_insns = len;
	last_code_set(&last, whole, insns, len);
	return insns;
}

void bytecode_print(FILE *out, const struct sock_filter *insns, unsigned int num_insns)
{
	unsigned int i;

	for (i = 0; i < num_insns; i++)
		fprintf(out, "%s%u %u %u %u", i ? "," : "", insns[i].code, insns[i].jt,
			insns[i].jf, insns[i].k);
}

char *bytecode_text(const struct sock_filter *insns, unsigned int num_insns)
{
	char *text;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		xtables_error(RESOURCE_PROBLEM, "bpf: no memory for bytecode");
	fprintf(out, "%u,", num_insns);
	bytecode_print(out, insns, num_insns);
	fclose(out);
	return text;
}
