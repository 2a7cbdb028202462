/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Permits are neither lost nor made, and nobody sleeps while there is one: by both policies, with
 * deadlines, and for who frees the semaphore that a release is still returning from.
 */
#include <errno.h>

#include <pawl/sem.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"

/* What only makes more schedules of three, and is in the models of two. */
enum {
	NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES,
	MORE_NOISE = NOISE | STALE_LOADS | WEAK_FAILURES
};

static pawl_sem s;

static void make(int64_t permits, unsigned flags)
{
	MODEL_CHECK(pawl_sem_init(&s, permits, flags) == 0);
	model_name(&s, sizeof s, "s");
}

static void make_one(void)
{
	make(1, 0);
}

static void make_one_fair(void)
{
	make(1, PAWL_FAIR);
}

static void use(pawl_time deadline)
{
	int rc = pawl_sem_acquire_until(&s, deadline);

	model_saw(rc != 0);
	if (rc != 0) {
		MODEL_CHECK(rc == ETIMEDOUT);
		return;
	}
	pawl_sem_release(&s, 1);
}

static void use_once(unsigned who)
{
	(void)who;
	use(PAWL_FOREVER);
}

static void use_twice(unsigned who)
{
	use_once(who);
	use_once(who);
}

static void use_timed(unsigned who)
{
	use(who == 1 ? PAWL_FOREVER : model_soon());
}

static void judge(int64_t permits)
{
	MODEL_CHECK(pawl_sem_value(&s) == permits);
	MODEL_CHECK(s.queue_ == 0 && (s.word_ & 4) == 0);
	pawl_sem_destroy(&s);
}

static void judge_one(void)
{
	judge(1);
}

#define ONE .enter = model_attach, .finish = judge_one, .sights = { "it got one" }
#define TIMED .enter = model_attach, .finish = judge_one, \
	.sights = { "it got one", "its deadline passed" }

MODEL(sem_two, .about = "two take turns with one permit", .threads = 2, .setup = make_one,
      .thread = use_twice, ONE);

MODEL(sem_two_fair, .about = "the same, fair", .threads = 2, .setup = make_one_fair,
      .thread = use_twice, ONE);

MODEL(sem_three, .about = "three want one permit", .threads = 3, .setup = make_one,
      .thread = use_once, ONE, .without = NOISE, .preemptions = 2);

MODEL(sem_three_fair, .about = "the same, fair", .threads = 3, .setup = make_one_fair,
      .thread = use_once, ONE, .without = NOISE, .preemptions = 2);

MODEL(sem_timed, .about = "one with a deadline", .threads = 2, .setup = make_one,
      .thread = use_timed, TIMED);

MODEL(sem_timed_fair, .about = "the same, fair", .threads = 2, .setup = make_one_fair,
      .thread = use_timed, TIMED);

MODEL(sem_timed_three, .about = "two with deadlines", .threads = 3, .setup = make_one,
      .thread = use_timed, TIMED, .without = NOISE, .preemptions = 2);

static pawl_sem *heap;

static void make_heap(void)
{
	heap = model_alloc(sizeof *heap);
	*heap = (pawl_sem)PAWL_SEM_INIT(0);
}

static void make_heap_fair(void)
{
	make_heap();
	MODEL_CHECK(pawl_sem_init(heap, 0, PAWL_FAIR) == 0);
}

static void wait_or_release(unsigned who)
{
	if (who == 2) {
		pawl_sem_release(heap, 1);
		return;
	}
	MODEL_CHECK(pawl_sem_acquire(heap) == 0);
	model_saw(0);
	pawl_sem_destroy(heap);
	model_free(heap);
}

#define FREED \
	.threads = 2, .enter = model_attach, .thread = wait_or_release, \
	.sights = { "it was freed" }

MODEL(sem_freed, .about = "who is given the permit frees all", .setup = make_heap, FREED);

MODEL(sem_freed_fair, .about = "the same, fair", .setup = make_heap_fair, FREED);

/* Two releases for two waits; the last to go frees it. */
static int left;

static void make_heap_two(void)
{
	make_heap();
	left = 2;
}

static void wait_or_release_two(unsigned who)
{
	if (who == 3) {
		pawl_sem_release(heap, 2);
		return;
	}
	MODEL_CHECK(pawl_sem_acquire(heap) == 0);
	/* What tells them who is last is not the semaphore's. */
	if (__atomic_sub_fetch(&left, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	model_saw(0);
	pawl_sem_destroy(heap);
	model_free(heap);
}

MODEL(sem_freed_two, .about = "the last of two frees it", .threads = 3, .setup = make_heap_two,
      .enter = model_attach, .thread = wait_or_release_two, .sights = { "it was freed" },
      .without = MORE_NOISE, .preemptions = 2);
