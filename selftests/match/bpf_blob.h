/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The blob of a bpf match, made of words, also the ones that no iptables makes:
 *
 *	rev=N		revision (default 1)
 *	mode=N		mode field of revision 1 (default: by the other words)
 *	code=TEXT	bytecode as iptables takes it, "N,c jt jf k,..."; N may disagree with what follows
 *	path=PATH	a pinned program by path
 *	pathfill=C	the whole path field filled with C, no end to it
 *	fd=N		mode "file descriptor", with this one
 *	open=PATH	the same, with a descriptor of what is pinned at PATH (or of the file, if nothing is)
 *
 * Revision 2 takes code= (up to 62 instructions), path=, open=, and:
 *
 *	text=TEXT	the text behind the instructions; a "|" stands for a zero byte
 *	source=N flags=N insns=N len=N reserved=N	fields, after the words that set them otherwise
 *	source=NAME	bytecode, pinned, expression, object
 *	invert		the flag
 *	content=N	contents that were stored
 *	handle=N
 *	byte=OFFSET:N	a byte of data
 */
#ifndef BPF_BLOB_H
#define BPF_BLOB_H

#include <err.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/netfilter/xt_bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "xt_ebpf.h"

#define MATCH_NAME "bpf"

/* What fits: in revisions 0 and 1 one instruction more than the kernel takes. */
#define BLOB_INSNS	(XT_BPF_MAX_NUM_INSTR + 1)
#define BLOB_INSNS_V2	(XT_EBPF_DATA_LEN / sizeof(struct sock_filter))

struct bpf_blob {
	unsigned int revision;
	size_t size;
	union {
		struct xt_bpf_info v0;
		struct xt_bpf_info_v1 v1;
		struct xt_ebpf_info v2;
	};
};

static int blob_open(const char *path)
{
	union bpf_attr attr = { .pathname = (unsigned long)path };
	int fd = syscall(SYS_bpf, BPF_OBJ_GET, &attr, sizeof(attr));

	if (fd < 0)
		fd = open(path, O_RDONLY);
	if (fd < 0)
		err(2, "%s", path);
	return fd;
}

/* The length is told as written; no more than max instructions are filled in. */
static unsigned int blob_code(struct sock_filter *insns, unsigned int max, const char *text)
{
	unsigned int told, i, code, jt, jf, k;
	int used;

	if (sscanf(text, "%u%n", &told, &used) != 1)
		errx(2, "no length in code=%s", text);
	for (i = 0; *(text += used) == ',' && text[1]; i++) {
		if (i == max)
			break;
		if (sscanf(text, ",%u %u %u %u%n", &code, &jt, &jf, &k, &used) != 4)
			errx(2, "instruction %u in code=... cannot be read", i);
		insns[i] = (struct sock_filter){ .code = code, .jt = jt, .jf = jf, .k = k };
	}
	return told;
}

static void blob_word(struct bpf_blob *blob, const char *word)
{
	const char *value = strchr(word, '=');
	struct xt_bpf_info_v1 *v1 = &blob->v1;

	value = value ? value + 1 : "";
	if (!strncmp(word, "mode=", 5)) {
		v1->mode = atoi(value);
	} else if (!strncmp(word, "code=", 5)) {
		if (blob->revision)
			v1->bpf_program_num_elem = blob_code(v1->bpf_program, BLOB_INSNS, value);
		else
			blob->v0.bpf_program_num_elem = blob_code(blob->v0.bpf_program, BLOB_INSNS, value);
	} else if (!strncmp(word, "path=", 5)) {
		v1->mode = XT_BPF_MODE_PATH_PINNED;
		snprintf(v1->path, sizeof(v1->path), "%s", value);
	} else if (!strncmp(word, "pathfill=", 9)) {
		v1->mode = XT_BPF_MODE_PATH_PINNED;
		memset(v1->path, *value, sizeof(v1->path));
	} else if (!strncmp(word, "fd=", 3)) {
		v1->mode = XT_BPF_MODE_FD_ELF;
		v1->fd = atoi(value);
	} else if (!strncmp(word, "open=", 5)) {
		v1->mode = XT_BPF_MODE_FD_ELF;
		v1->fd = blob_open(value);
	} else {
		errx(2, "what is \"%s\"?", word);
	}
}

static void blob_text(struct xt_ebpf_info *v2, const char *text)
{
	char *to = (char *)v2->data + v2->num_insns * sizeof(struct sock_filter);
	size_t room = (char *)v2->data + sizeof(v2->data) - to;

	v2->text_len = snprintf(to, room, "%s", text);
	for (; *text; text++, to++)
		if (*text == '|')
			*to = '\0';
}

static unsigned int blob_source(const char *value)
{
	static const char *const names[] = { "bytecode", "pinned", "expression", "object" };
	unsigned int i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (!strcmp(names[i], value))
			return XT_EBPF_BYTECODE + i;
	return strtoul(value, NULL, 0);
}

static void blob_word_v2(struct xt_ebpf_info *v2, const char *word)
{
	const char *value = strchr(word, '=');
	unsigned int offset, byte;
	char name[16];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(word, "="), word);
	value = value ? value + 1 : "";
	if (!strcmp(name, "code")) {
		v2->source = XT_EBPF_BYTECODE;
		v2->num_insns = blob_code((struct sock_filter *)v2->data, BLOB_INSNS_V2, value);
	} else if (!strcmp(name, "path")) {
		v2->source = XT_EBPF_PINNED;
		blob_text(v2, value);
	} else if (!strcmp(name, "text")) {
		blob_text(v2, value);
	} else if (!strcmp(name, "open")) {
		v2->source = XT_EBPF_OBJECT;
		v2->fd = blob_open(value);
	} else if (!strcmp(name, "fd")) {
		v2->source = XT_EBPF_OBJECT;
		v2->fd = atoi(value);
	} else if (!strcmp(name, "invert")) {
		v2->flags |= XT_EBPF_F_INVERT;
	} else if (!strcmp(name, "content")) {
		v2->flags |= XT_EBPF_F_STORED;
		v2->content = strtoull(value, NULL, 0);
	} else if (!strcmp(name, "handle")) {
		v2->handle = strtoull(value, NULL, 0);
	} else if (!strcmp(name, "source")) {
		v2->source = blob_source(value);
	} else if (!strcmp(name, "flags")) {
		v2->flags = strtoul(value, NULL, 0);
	} else if (!strcmp(name, "insns")) {
		v2->num_insns = strtoul(value, NULL, 0);
	} else if (!strcmp(name, "len")) {
		v2->text_len = strtoul(value, NULL, 0);
	} else if (!strcmp(name, "reserved")) {
		v2->reserved = strtoul(value, NULL, 0);
	} else if (!strcmp(name, "byte") && sscanf(value, "%u:%u", &offset, &byte) == 2 &&
		   offset < sizeof(v2->data)) {
		v2->data[offset] = byte;
	} else {
		errx(2, "what is \"%s\" in revision 2?", word);
	}
}

/*
 * Words up to "--" or the end; returns what comes after. The revision comes first, as it says what the others fill in.
 */
static char **blob_make(struct bpf_blob *blob, char **words)
{
	*blob = (struct bpf_blob){ .revision = 1, .size = sizeof(blob->v1) };

	if (*words && !strncmp(*words, "rev=", 4)) {
		blob->revision = atoi(*words++ + 4);
		blob->size = blob->revision ? sizeof(blob->v1) : sizeof(blob->v0);
	}
	for (; *words; words++) {
		if (!strcmp(*words, "--"))
			return words + 1;
		if (blob->revision == XT_EBPF_REVISION)
			blob_word_v2(&blob->v2, *words);
		else
			blob_word(blob, *words);
	}
	return words;
}

#endif
