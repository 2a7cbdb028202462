/* SPDX-License-Identifier: BSD-2-Clause */
/* cond_subject.h - a mutex with two condition variables, of whatever kind. */
#ifndef BENCH_COND_SUBJECT_H
#define BENCH_COND_SUBJECT_H

#include "bench.h"

struct cond_kind {
	void (*lock)(void *state);
	void (*unlock)(void *state);
	void (*wait)(void *state, unsigned which);
	void (*signal)(void *state, unsigned which);
	void (*broadcast)(void *state, unsigned which);
};

/* A kind's own state comes first and has at most so many bytes. */
enum { COND_KIND_SIZE = 1024 };

/* What the threads wait for: the turn that came, and how many saw it. */
struct cond_shared {
	unsigned char kind[COND_KIND_SIZE] OWN_LINES;
	unsigned turn;
	unsigned awake;
	bool stop;
	int64_t last_awake;
};

void cond_ping_pong(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
	struct sample *ret);
void cond_broadcast(const struct subject *s, void *state, const struct bench_case *c, unsigned ms,
	struct sample *ret);

extern const struct subject nsync_ping_pong, nsync_broadcast;

#endif
