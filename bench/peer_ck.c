/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_ck.c - ck_ec32 and ck_rwlock as subjects. */
#include "config.h"

#include "event_subject.h"
#include "rw_subject.h"

#ifndef BENCH_TSAN
#include <ck_rwlock.h>

static int rw_begin(ck_rwlock_t *l)
{
	ck_rwlock_init(l);
	return 0;
}

RW_SUBJECTS(ck_rw, "ck_rwlock", ck_rwlock_t, rw_begin, ck_rwlock_read_lock, ck_rwlock_read_unlock,
	    ck_rwlock_write_lock, ck_rwlock_write_unlock)
#endif

#ifdef BENCH_CK_EC
#include <limits.h>
#include <linux/futex.h>
#include <ck_ec.h>

static int ck_now(const struct ck_ec_ops *ops, struct timespec *ret)
{
	(void)ops;
	return clock_gettime(CLOCK_MONOTONIC, ret);
}

static void ck_sleep(const struct ck_ec_wait_state *wait, const uint32_t *word, uint32_t seen,
		     const struct timespec *until)
{
	(void)wait;
	event_futex(word, FUTEX_WAIT_BITSET, seen, until);
}

static void ck_wake(const struct ck_ec_ops *ops, const uint32_t *word)
{
	(void)ops;
	event_futex(word, FUTEX_WAKE, INT_MAX, NULL);
}

static const struct ck_ec_ops ck_ops = { .gettime = ck_now, .wait32 = ck_sleep, .wake32 = ck_wake };
static const struct ck_ec_mode ck_mode = { .ops = &ck_ops, .single_producer = false };

/* There is one set after the other here, so that a count of them is their number. */
static void ck_wait(void *state, unsigned which, uint32_t n)
{
	struct ck_ec32 *ec = (void *)&((struct two_words *)state)->of[which].word;
	uint32_t seen;

	while ((seen = ck_ec32_value(ec)) != (n & INT32_MAX))
		ck_ec32_wait(ec, &ck_mode, seen, NULL);
}

static void ck_set(void *state, unsigned which, uint32_t n)
{
	(void)n;
	ck_ec32_inc((void *)&((struct two_words *)state)->of[which].word, &ck_mode);
}

const struct event_kind event_ck = { ck_wait, ck_set, NULL };
#else
typedef int bench_ck_ec_is_absent;
#endif
