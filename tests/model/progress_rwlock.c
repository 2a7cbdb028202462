/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * progress_rwlock.c - progress of pawl/rwlock.h: the subject's call among peers that read, wait,
 * give up to write, and write.
 */
#include <errno.h>

#include "explorer/progress.h"

static pawl_rwlock l;
static pawl_op op, first;
static int got;

static void done_reading(pawl_op *which, int rc)
{
	(void)which;
	if (rc == 0)
		pawl_rwlock_rdunlock(&l);
}

static void done_writing(pawl_op *which, int rc)
{
	(void)which;
	if (rc == 0)
		pawl_rwlock_wrunlock(&l);
}

static void make(void)
{
	model_name(&l, sizeof l, "l");
}

/* Readers are noted in slots, so that who writes counts them in. */
static void make_biased(void)
{
	make();
	l.word_ = 4;
}

/* Who reads stays for as long as the model runs. */
static void make_read(void)
{
	make();
	pawl_op_init_inline(&first, done_reading, NULL);
	MODEL_CHECK(pawl_rwlock_rdlock_op(&l, &first) == 0);
}

static void make_written(void)
{
	make();
	pawl_op_init_inline(&first, done_writing, NULL);
	MODEL_CHECK(pawl_rwlock_wrlock_op(&l, &first) == 0);
}

/* One reads as long as it takes, one would write until a deadline. */
static void contend(unsigned who)
{
	if (who == 2) {
		pawl_rwlock_rdlock(&l);
		pawl_rwlock_rdunlock(&l);
	} else if (pawl_rwlock_wrlock_until(&l, model_soon()) == 0) {
		pawl_rwlock_wrunlock(&l);
	}
}

static void try_to_read(unsigned who)
{
	(void)who;
	if (pawl_rwlock_tryrdlock(&l) == 0)
		pawl_rwlock_rdunlock(&l);
}

static void call_rdlock(void)
{
	pawl_rwlock_rdlock(&l);
	got = 1;
}

static void call_wrlock(void)
{
	pawl_rwlock_wrlock(&l);
	got = 1;
}

static void call_tryrdlock(void)
{
	got = pawl_rwlock_tryrdlock(&l) == 0;
}

static void call_trywrlock(void)
{
	got = pawl_rwlock_trywrlock(&l) == 0;
}

static void call_rdlock_until(void)
{
	got = pawl_rwlock_rdlock_until(&l, model_soon()) == 0;
}

static void call_wrlock_until(void)
{
	got = pawl_rwlock_wrlock_until(&l, model_soon()) == 0;
}

static void call_rdunlock(void)
{
	if (got)
		pawl_rwlock_rdunlock(&l);
}

static void call_wrunlock(void)
{
	if (got)
		pawl_rwlock_wrunlock(&l);
}

static void call_downgrade(void)
{
	pawl_rwlock_downgrade(&l);
}

static void call_rdlock_op(void)
{
	int rc;

	pawl_op_init_inline(&op, done_reading, NULL);
	rc = pawl_rwlock_rdlock_op(&l, &op);
	if (rc != EINPROGRESS)
		done_reading(&op, rc);
}

static void call_wrlock_op(void)
{
	int rc;

	pawl_op_init_inline(&op, done_writing, NULL);
	rc = pawl_rwlock_wrlock_op(&l, &op);
	if (rc != EINPROGRESS)
		done_writing(&op, rc);
}

static void call_cancel(void)
{
	(void)pawl_op_cancel(&op);
}

#define CAS_LOOPS "who changes the word, joins or looks begins again when it changed"

PROGRESS(rwlock_rdlock, 3, make, "pawl_rwlock_rdlock", "", .call = call_rdlock,
	 .after = call_rdunlock, .peer = contend);
PROGRESS(rwlock_wrlock, 3, make_biased, "pawl_rwlock_wrlock", "", .call = call_wrlock,
	 .after = call_wrunlock, .peer = contend);
PROGRESS(rwlock_rdlock_until, 3, make, "pawl_rwlock_rdlock_until", "", .timed = true,
	 .call = call_rdlock_until, .after = call_rdunlock, .peer = contend);
PROGRESS(rwlock_wrlock_until, 3, make, "pawl_rwlock_wrlock_until", "", .timed = true,
	 .call = call_wrlock_until, .after = call_wrunlock, .peer = contend);
PROGRESS(rwlock_wrlock_until_slots, 3, make_biased, "pawl_rwlock_wrlock_until", "", .timed = true,
	 .call = call_wrlock_until, .after = call_wrunlock, .peer = contend);
PROGRESS(rwlock_wrlock_until_read, 3, make_read, "pawl_rwlock_wrlock_until", "", .timed = true,
	 .call = call_wrlock_until, .after = call_wrunlock, .peer = try_to_read);
PROGRESS(rwlock_rdlock_until_written, 3, make_written, "pawl_rwlock_rdlock_until", "",
	 .timed = true, .call = call_rdlock_until, .after = call_rdunlock, .peer = try_to_read);
PROGRESS(rwlock_tryrdlock, 3, make, "pawl_rwlock_tryrdlock", "", .call = call_tryrdlock,
	 .after = call_rdunlock, .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(rwlock_tryrdlock_slots, 3, make_biased, "pawl_rwlock_tryrdlock", "",
	 .call = call_tryrdlock, .after = call_rdunlock, .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(rwlock_trywrlock, 3, make, "pawl_rwlock_trywrlock", "", .call = call_trywrlock,
	 .after = call_wrunlock, .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(rwlock_trywrlock_slots, 3, make_biased, "pawl_rwlock_trywrlock", "",
	 .call = call_trywrlock, .after = call_wrunlock, .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(rwlock_rdunlock, 3, make, "pawl_rwlock_rdunlock", "", .before = call_rdlock,
	 .call = call_rdunlock, .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(rwlock_rdunlock_slots, 3, make_biased, "pawl_rwlock_rdunlock", "",
	 .before = call_rdlock, .call = call_rdunlock, .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(rwlock_wrunlock, 3, make, "pawl_rwlock_wrunlock", "", .before = call_wrlock,
	 .call = call_wrunlock, .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(rwlock_downgrade, 3, make, "pawl_rwlock_downgrade", "", .before = call_wrlock,
	 .call = call_downgrade, .after = call_rdunlock, .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(rwlock_rdlock_op, 3, make, "pawl_rwlock_rdlock_op", "", .call = call_rdlock_op,
	 .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(rwlock_wrlock_op, 3, make, "pawl_rwlock_wrlock_op", "", .call = call_wrlock_op,
	 .peer = contend, .lock_free = CAS_LOOPS);
PROGRESS(rwlock_op_cancel, 3, make_read, "pawl_op_cancel", "", .before = call_wrlock_op,
	 .call = call_cancel, .peer = try_to_read, .lock_free = CAS_LOOPS);
