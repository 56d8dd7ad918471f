// SPDX-License-Identifier: GPL-2.0-only
/*
 * Short notes on things of which there may be any number, in memory of a fixed size: the latest are kept.
 *
 * A thing is known by a 32-bit tag, a hash of what makes it up; a note is 16 bits, and has the time at which it was made.
 * All of that is one word, which is read and exchanged whole, so there are no locks. The words stand in buckets of one
 * cache line; a new note takes the place of the oldest one there.
 */
#include <linux/atomic.h>
#include <linux/cache.h>
#include <linux/jiffies.h>
#include <linux/mm.h>

#include "trace.h"
#include "trace_notes.h"

#define PER_BUCKET	8

struct bucket {
	u64 word[PER_BUCKET];
} __aligned(PER_BUCKET * sizeof(u64));

struct itrace_notes {
	unsigned int mask;
	struct bucket bucket[];
};

/* In units of half a second; comes round after nine hours. */
static u16 time_now(void)
{
	return jiffies / (HZ / 2);
}

static u64 word_of(u32 tag, u16 when, u16 value)
{
	return (u64)tag << 32 | (u32)when << 16 | value;
}

static u16 age_of(u64 word, u16 now)
{
	return now - (u16)(word >> 16);
}

/* For 8 << bits of them. */
struct itrace_notes *itrace_notes_create(unsigned int bits)
{
	struct itrace_notes *notes;

	notes = kvzalloc(struct_size(notes, bucket, 1UL << bits), GFP_KERNEL);
	if (notes)
		notes->mask = (1U << bits) - 1;
	return notes;
}

void itrace_notes_destroy(struct itrace_notes *notes)
{
	kvfree(notes);
}

/* Others may go on using them. */
void itrace_notes_forget(struct itrace_notes *notes)
{
	unsigned int i, j;

	for (i = 0; i <= notes->mask; i++)
		for (j = 0; j < PER_BUCKET; j++)
			WRITE_ONCE(notes->bucket[i].word[j], 0);
}

/* What is noted of the thing and not older than so many seconds, else 0; note: for itrace_note_write(). */
u16 itrace_note_read(struct itrace_notes *notes, u32 tag, unsigned int seconds,
		     struct itrace_note *note)
{
	struct bucket *bucket = &notes->bucket[tag & notes->mask];
	u16 now = time_now();
	int oldest = -1;
	unsigned int i;

	note->tag = tag;
	for (i = 0; i < PER_BUCKET; i++) {
		u64 word = READ_ONCE(bucket->word[i]);
		/* One that is free is older than any. */
		int age = word ? age_of(word, now) : U16_MAX + 1;

		if (word && word >> 32 == tag) {
			note->word = &bucket->word[i];
			note->was = word;
			return age <= 2 * seconds ? (u16)word : 0;
		}
		if (age > oldest) {
			oldest = age;
			note->word = &bucket->word[i];
			note->was = word;
		}
	}
	return 0;
}

/* Another note in place of the one that was read, or of the oldest. False: somebody else was quicker. */
bool itrace_note_write(const struct itrace_note *note, u16 value)
{
	u64 word = word_of(note->tag, time_now(), value);

	return word == note->was || cmpxchg(note->word, note->was, word) == note->was;
}
