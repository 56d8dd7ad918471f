// SPDX-License-Identifier: GPL-2.0-only
/*
 * ext_fuzz 4|6 REVISION ROUNDS SEED: gives random options to the extension that libxtables finds (XTABLES_LIBDIR
 * chooses): good ones, and what becomes of them by changing, cutting and joining. What the extension takes it has to list,
 * and to save as words that iptables-restore reads and that make the same rule again. REVISION is the highest that the
 * kernel is said to have.
 *
 * Ends with 1, and shows the options, where they do not. Prints how many rules were taken and refused: both should be many.
 */
#include <err.h>
#include <getopt.h>
#include <linux/netfilter/xt_bpf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xtables.h>

#include "xt_ebpf.h"

#define WORDS_MAX 254
/* Of iptables-restore. */
#define WORD_MAX 1023

struct words {
	int n;
	char *word[WORDS_MAX + 1];
};

static jmp_buf refused;
static int kernel_revision;
static struct option own_options[] = { { .name = NULL } };
/* What the extension prints goes elsewhere. */
static FILE *terminal;

static __attribute__((noreturn)) void refuse(enum xtables_exittype status, const char *format, ...)
{
	char message[65536];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	if (strncmp(message, "bpf: ", 5) && strncmp(message, "unknown bpf mode", 16))
		errx(1, "refused in other words (%d): %s", status, message);
	longjmp(refused, 1);
}

static int kernel_has_revision(const char *name, uint8_t revision, int option)
{
	(void)name;
	(void)option;
	return revision <= kernel_revision;
}

static struct xtables_globals globals = {
	.program_version = "1",
	/* No kernel, no files. */
	.program_name = "fuzz-translate",
	.orig_opts = own_options,
	.exit_err = refuse,
	.compat_rev = kernel_has_revision,
};

static unsigned int pick(unsigned int n)
{
	return random() % n;
}

/* A text of up to so many characters, as options like it or nearly. */
static char *long_text(unsigned int max)
{
	static const char *const parts[] = {
		"tcp", " or ", "src port 53", " and ", "not ", "(", ")", "48 0 0 9,", "6 0 0 1", "\\", "\"", "'", " ", "/",
		"abc", "10.0.0.1", "\n", ",", "host ", "ip[0] & 0xf0 != 0x40", "\xff", "\t", "65536",
	};
	unsigned int len = 0, want = pick(max);
	char *text = calloc(1, max + 64);

	if (!text)
		err(2, "calloc");
	while (len < want)
		len += sprintf(text + len, "%s", parts[pick(sizeof(parts) / sizeof(*parts))]);
	return text;
}

/* Bytecode that is well formed. */
static char *code(unsigned int max)
{
	unsigned int n = 1 + pick(max), len, i;
	char *text = calloc(1, 32 * (n + 1));

	if (!text)
		err(2, "calloc");
	len = sprintf(text, "%u", n);
	for (i = 0; i < n; i++)
		len += sprintf(text + len, "%c%u %u %u %u", pick(9) ? ',' : '\n', pick(256), pick(256), pick(256),
			       pick(4) ? pick(100) : (unsigned int)random());
	return text;
}

static char *value(void)
{
	static const char *const good[] = {
		"4,48 0 0 9,21 0 1 6,6 0 0 1,6 0 0 0", "1,6 0 0 1", "tcp port 443 or icmp", "icmp6", "/sys/fs/bpf/two words",
		"/nowhere/object.o", "relative", "", "name", "4,40 0 0 12,21 0 1 2048,6 0 0 1,6 0 0 0",
	};

	switch (pick(6)) {
	case 0:
		return long_text(pick(3) ? 100 : 9000);
	case 1:
		return code(pick(3) ? 10 : 100);
	case 2:
		return code(pick(9) ? 70 : 4100);
	default:
		return strdup(good[pick(sizeof(good) / sizeof(*good))]);
	}
}

static void mutate(char *text)
{
	size_t len = strlen(text);

	while (len && !pick(3)) {
		switch (pick(3)) {
		case 0:
			text[pick(len)] = 1 + pick(255);
			break;
		case 1:
			text[pick(len)] = "0123456789,-\n\\\"! "[pick(17)];
			break;
		case 2:
			len = pick(len);
			text[len] = '\0';
			break;
		}
	}
}

static void add(struct words *words, char *word)
{
	if (words->n == WORDS_MAX)
		errx(1, "a rule takes more than %d words", WORDS_MAX);
	words->word[words->n++] = word;
	words->word[words->n] = NULL;
}

static void add_random_options(struct words *words)
{
	static const char *const options[] = {
		"--bytecode", "--bytecode", "--object-pinned", "--expression", "--object-file", "--program",
	};
	unsigned int n = 1 + !pick(4) + !pick(8);

	while (n--) {
		if (!pick(4))
			add(words, strdup("!"));
		add(words, strdup(options[pick(sizeof(options) / sizeof(*options))]));
		add(words, value());
		mutate(words->word[words->n - 1]);
	}
}

static void drop(struct words *words)
{
	while (words->n)
		free(words->word[--words->n]);
}

static struct xt_entry_match *new_entry(const struct xtables_match *match)
{
	struct xt_entry_match *entry = calloc(1, XT_ALIGN(sizeof(*entry)) + match->size);

	if (!entry)
		err(2, "calloc");
	entry->u.match_size = XT_ALIGN(sizeof(*entry)) + match->size;
	entry->u.user.revision = kernel_revision;
	strcpy(entry->u.user.name, match->name);
	return entry;
}

/* As iptables does it. False if the extension refuses. */
static bool parse(struct xtables_match *match, struct words *words)
{
	char no_rule[256] = "";
	volatile int invert = 0;
	int c;

	match->mflags = 0;
	if (setjmp(refused)) {
		/* The extension expects the process to end, and has the options so far in mind. */
		if (!setjmp(refused))
			match->final_check(1);
		return false;
	}
	optind = 0;
	opterr = 0;
	while ((c = getopt_long(words->n, words->word, "-", globals.opts, NULL)) != -1) {
		if (c == 1 && !strcmp(optarg, "!")) {
			invert = 1;
			continue;
		}
		if (c == 1 || c == '?')
			return false;
		xtables_option_mpcall(c, words->word, invert, match, no_rule);
		invert = 0;
	}
	xtables_option_mfcall(match);
	return true;
}

/* As iptables-restore does it. */
static void split(struct words *words, const char *line)
{
	char word[WORD_MAX + 2];
	size_t len = 0;
	bool quoted = false, escaped = false, any = false;

	for (;; line++) {
		if (quoted && *line) {
			if (!escaped && *line == '\\') {
				escaped = true;
				continue;
			}
			if (!escaped && *line == '"') {
				quoted = false;
				continue;
			}
			escaped = false;
		} else if (*line == '"') {
			quoted = true;
			any = true;
			continue;
		} else if (!*line || strchr(" \t\n", *line)) {
			word[len] = '\0';
			if (len || any)
				add(words, strdup(word));
			len = 0;
			any = false;
			if (!*line)
				return;
			continue;
		}
		if (len == WORD_MAX)
			errx(1, "a word is too long for iptables-restore: %.40s...", word);
		word[len++] = *line;
	}
}

static char *save(struct xtables_match *match)
{
	size_t size;
	char *text;

	stdout = open_memstream(&text, &size);
	match->print(NULL, match->m, 0);
	fflush(stdout);
	fseek(stdout, 0, SEEK_SET);
	match->save(NULL, match->m);
	fputc('\0', stdout);
	fclose(stdout);
	stdout = terminal;
	return text;
}

/* Stored contents have another number each time, in the place of a kernel's. */
static bool same_rule(const struct xt_entry_match *a, const struct xt_entry_match *b)
{
	const struct xt_ebpf_info *left = (const void *)a->data, *right = (const void *)b->data;

	if (kernel_revision == 2 && left->flags & XT_EBPF_F_STORED)
		return !memcmp(left, right, offsetof(struct xt_ebpf_info, content));
	return !memcmp(left, right, kernel_revision == 2 ? XT_EBPF_COMPARED : 520);
}

static void show(const struct words *words)
{
	int i;

	for (i = 1; i < words->n; i++)
		fprintf(stderr, "<%s> ", words->word[i]);
	fputc('\n', stderr);
}

/* True if the options made a rule. */
static bool round_trip(struct xtables_match *match)
{
	struct words words = { .n = 0 }, again = { .n = 0 };
	struct xt_entry_match *first = new_entry(match), *second = new_entry(match);
	char *text, *text_again;
	bool taken;

	add(&words, strdup("fuzz"));
	add_random_options(&words);
	match->m = first;
	taken = parse(match, &words);
	if (taken) {
		text = save(match);
		add(&again, strdup("fuzz"));
		split(&again, text);
		match->m = second;
		if (!parse(match, &again)) {
			show(&words);
			errx(1, "what was saved is refused:%s", text);
		}
		text_again = save(match);
		if (strcmp(text, text_again) || !same_rule(first, second)) {
			show(&words);
			errx(1, "not the same rule again:\n%s\n%s", text, text_again);
		}
		free(text);
		free(text_again);
	}
	drop(&words);
	drop(&again);
	free(first);
	free(second);
	return taken;
}

int main(int argc, char **argv)
{
	unsigned long rounds, i, taken = 0;
	struct xtables_match *match;

	if (argc != 5)
		errx(2, "usage: ext_fuzz 4|6 REVISION ROUNDS SEED");
	kernel_revision = atoi(argv[2]);
	rounds = strtoul(argv[3], NULL, 10);
	srandom(strtoul(argv[4], NULL, 10));
	terminal = stdout;
	if (xtables_init_all(&globals, *argv[1] == '4' ? NFPROTO_IPV4 : NFPROTO_IPV6) < 0)
		errx(2, "xtables_init_all");
	match = xtables_find_match("bpf", XTF_LOAD_MUST_SUCCEED, NULL);
	globals.opts = xtables_merge_options(own_options, NULL, match->extra_opts, &match->option_offset);
	if (!globals.opts)
		errx(2, "cannot merge options");
	for (i = 0; i < rounds; i++)
		taken += round_trip(match);
	printf("%lu of %lu rules were taken\n", taken, rounds);
	return 0;
}
