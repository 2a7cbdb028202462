/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Readers and writers exclude each other, writers each other; what one did, the next one sees.  The
 * data are not atomic: two at once are a data race.
 */
#include <errno.h>

#include <pawl/rwlock.h>

#include "explorer/model.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = STALE_LOADS | WEAK_FAILURES | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };
#define COUNTS (((uint64_t)1 << 43) - 1)

static pawl_rwlock l;
static int data, inside;

static void make(void)
{
	model_name(&l, sizeof l, "l");
}

static void write_once(void)
{
	pawl_rwlock_wrlock(&l);
	data++;
	model_saw(0);
	pawl_rwlock_wrunlock(&l);
}

static void read_once(void)
{
	pawl_rwlock_rdlock(&l);
	MODEL_CHECK(data >= 0);
	model_saw(1);
	pawl_rwlock_rdunlock(&l);
}

static void write_twice(unsigned who)
{
	(void)who;
	write_once();
	write_once();
}

static void read_or_write_twice(unsigned who)
{
	void (*use)(void) = who == 1 ? read_once : write_once;

	use();
	use();
}

static void read_read_write(unsigned who)
{
	if (who < 3)
		read_once();
	else
		write_once();
}

static void read_write_write(unsigned who)
{
	if (who == 1)
		read_once();
	else
		write_once();
}

static void judge(int written)
{
	MODEL_CHECK(data == written);
	MODEL_CHECK((l.word_ & COUNTS & ~(uint64_t)4) == 0);
	MODEL_CHECK(l.readers_ == 0 && l.writers_ == 0);
}

static void one_written(void)
{
	judge(1);
}

static void two_written(void)
{
	judge(2);
}

static void four_written(void)
{
	judge(4);
}

#define USED .setup = make, .enter = model_attach, .sights = { "it was written", "it was read" }
#define THREE .threads = 3, USED, .without = NOISE, .preemptions = 2

MODEL(rwlock_writers, .about = "two write twice", .threads = 2, .setup = make,
      .thread = write_twice, .finish = four_written, .enter = model_attach,
      .sights = { "it was written" });

MODEL(rwlock_reader_writer, .about = "one reads twice, one writes twice", .threads = 2,
      .thread = read_or_write_twice, .finish = two_written, USED);

MODEL(rwlock_readers_writer, .about = "two read, one writes", .thread = read_read_write,
      .finish = one_written, THREE);

MODEL(rwlock_reader_writers, .about = "one reads, two write", .thread = read_write_write,
      .finish = two_written, THREE);

/* Both are in at the same time, or they wait for ever. */
static void meet(unsigned who)
{
	(void)who;
	pawl_rwlock_rdlock(&l);
	__atomic_fetch_add(&inside, 1, __ATOMIC_RELAXED);
	while (__atomic_load_n(&inside, __ATOMIC_RELAXED) < 2)
		model_pause();
	model_saw(1);
	pawl_rwlock_rdunlock(&l);
}

static void none_written(void)
{
	judge(0);
}

MODEL(rwlock_readers, .about = "two read at the same time", .threads = 2, .thread = meet,
      .finish = none_written, .setup = make, .enter = model_attach,
      .sights = { NULL, "it was read" });

static void try_to_write(unsigned who)
{
	int rc = pawl_rwlock_trywrlock(&l);

	MODEL_CHECK(rc == 0 || rc == EBUSY);
	if (rc == 0) {
		data++;
		model_saw(0);
		pawl_rwlock_wrunlock(&l);
	}
	rc = who == 1 ? pawl_rwlock_tryrdlock(&l) : EBUSY;
	MODEL_CHECK(rc == 0 || rc == EBUSY);
	if (rc == 0) {
		MODEL_CHECK(data >= 0);
		model_saw(1);
		pawl_rwlock_rdunlock(&l);
	}
}

static void free_now(void)
{
	MODEL_CHECK(pawl_rwlock_trywrlock(&l) == 0);
	pawl_rwlock_wrunlock(&l);
	judge(data);
}

MODEL(rwlock_try, .about = "two try to write, one then to read", .threads = 2,
      .thread = try_to_write, .finish = free_now, USED);

