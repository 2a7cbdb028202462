/* SPDX-License-Identifier: BSD-2-Clause */
/* event_subject.h - two events, of whatever kind. */
#ifndef BENCH_EVENT_SUBJECT_H
#define BENCH_EVENT_SUBJECT_H

#include <semaphore.h>
#include <time.h>

#include "bench.h"

/* ThreadSanitizer cannot see into Concurrency Kit. */
#if !defined BENCH_TSAN && defined __has_include
# if __has_include(<ck_ec.h>)
#  define BENCH_CK_EC 1
# endif
#endif

/* Sets of one event come one after the other; the n-th one that one waits for is number n. */
struct event_kind {
	void (*wait)(void *state, unsigned which, uint32_t n);
	void (*set)(void *state, unsigned which, uint32_t n);
	void (*clear)(void *state, unsigned which);	/* NULL: no need to */
};

/* A kind's own state comes first and has at most so many bytes. */
enum { EVENT_KIND_SIZE = 1024 };

struct event_shared {
	unsigned char kind[EVENT_KIND_SIZE] OWN_LINES;
	bool stop OWN_LINES;
	unsigned awake OWN_LINES;
	int64_t last_awake;
	sem_t all_awake;
};

struct two_words {
	struct {
		uint32_t word OWN_LINES;
	} of[2];
};

void event_futex(const uint32_t *word, int op, uint32_t value, const struct timespec *until);

extern const struct event_kind event_word, event_pawl, event_notify, event_notify_all, event_sem,
	event_posix, event_ck;

#endif
