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

#define MATCH_NAME "bpf"

struct bpf_blob {
	unsigned int revision;
	size_t size;
	union {
		struct xt_bpf_info v0;
		struct xt_bpf_info_v1 v1;
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

/* One instruction more than the kernel allows still fits into the blob; the length is told as written. */
static unsigned int blob_code(struct sock_filter *insns, const char *text)
{
	unsigned int told, i, code, jt, jf, k;
	int used;

	if (sscanf(text, "%u%n", &told, &used) != 1)
		errx(2, "no length in code=%s", text);
	for (i = 0; *(text += used) == ',' && text[1]; i++) {
		if (i == XT_BPF_MAX_NUM_INSTR + 1)
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
			v1->bpf_program_num_elem = blob_code(v1->bpf_program, value);
		else
			blob->v0.bpf_program_num_elem = blob_code(blob->v0.bpf_program, value);
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
		blob_word(blob, *words);
	}
	return words;
}

#endif
