/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Notes on any number of things, as trace_notes.c keeps them.
 */
#ifndef _IPTABLES_TRACE_NOTES_H
#define _IPTABLES_TRACE_NOTES_H

#include <linux/types.h>

struct itrace_notes;

/* What was read, and where another one is to be written. */
struct itrace_note {
	u64 *word;			/* where it stands, or will */
	u64 was;			/* what stood there */
	u32 tag;
};

struct itrace_notes *itrace_notes_create(unsigned int bits);
void itrace_notes_destroy(struct itrace_notes *notes);
void itrace_notes_forget(struct itrace_notes *notes);
u16 itrace_note_read(struct itrace_notes *notes, u32 tag, unsigned int seconds,
		     struct itrace_note *note);
bool itrace_note_write(const struct itrace_note *note, u16 value);

#endif
