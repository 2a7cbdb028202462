/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A barrier at which more come than meet, who come again, and who have no memory to wait in a
 * queue: nobody passes in another's phase.
 */
#include <errno.h>

#include <pawl/barrier.h>

#include "explorer/model.h"
#include "platform/tls.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };

static pawl_barrier b;
static int passed, serial, late, broken, again, arrived, data[3];

static void make(void)
{
	MODEL_CHECK(pawl_barrier_init(&b, 2) == 0);
	model_name(&b, sizeof b, "b");
}

static int passed_so_far(int more)
{
	static int sum;

	return __atomic_add_fetch(&sum, more, __ATOMIC_RELAXED);
}

/* Two pass for two that have arrived; by the last count of them, so without stale loads.
 * Return: whether it passed. */
static bool meet(pawl_time deadline)
{
	int rc, out;

	(void)__atomic_add_fetch(&arrived, 1, __ATOMIC_RELAXED);
	rc = pawl_barrier_wait_until(&b, deadline);
	MODEL_CHECK(rc <= 0 || rc == EPIPE || rc == ETIMEDOUT);
	(void)__atomic_add_fetch(rc == 0 ? &passed : rc < 0 ? &serial :
				 rc == EPIPE ? &broken : &late, 1, __ATOMIC_RELAXED);
	out = passed_so_far(rc <= 0);
	MODEL_CHECK(out <= __atomic_load_n(&arrived, __ATOMIC_RELAXED) / 2 * 2);
	return rc <= 0;
}

/* Whoever is the first to pass comes again, and meets the third. */
static void come_again(unsigned who)
{
	(void)who;
	if (meet(PAWL_FOREVER) && __atomic_fetch_add(&again, 1, __ATOMIC_RELAXED) == 0)
		(void)meet(PAWL_FOREVER);
	model_saw(0);
}

static void two_phases(void)
{
	MODEL_CHECK(passed == 2 && serial == 2);
	MODEL_CHECK(b.queue_ == 0 && b.word_ == UINT64_C(2) << 32);
}

MODEL(barrier_again, .about = "two meet, a third comes, and one of them again", .threads = 3,
      .setup = make, .thread = come_again, .finish = two_phases, .enter = model_attach,
      .sights = { "one passed" }, .without = NOISE | STALE_LOADS, .preemptions = 1);

/* Three arrivals, of which one is too many: it breaks the barrier. */
static void one_too_many(unsigned who)
{
	(void)who;
	(void)meet(model_soon());
}

static void two_or_none(void)
{
	MODEL_CHECK(b.queue_ == 0);
	MODEL_CHECK(passed == serial && passed + serial + late + broken == 3 && late == 1);
	model_saw(passed == 1 ? 0 : 1);
}

MODEL(barrier_too_many, .about = "three come where two meet, all with deadlines", .threads = 3,
      .setup = make, .thread = one_too_many, .finish = two_or_none, .enter = model_attach,
      .sights = { "two passed", "none" }, .without = NOISE, .preemptions = 1);

/* There may be no memory for a context, or a queue. */
static void without_memory(unsigned who)
{
	data[who] = 7;
	if (meet(who == 1 ? model_soon() : PAWL_FOREVER)) {
		MODEL_CHECK(data[3 - who] == 7);
		if (!pawl_i_tls.context)
			model_saw(0);
	}
}

static void all_or_none(void)
{
	MODEL_CHECK(b.queue_ == 0);
	MODEL_CHECK((passed == 1 && serial == 1) || (late == 1 && broken == 1));
	if (late == 1)
		model_saw(1);
}

MODEL(barrier_memory, .about = "two meet, perhaps without memory, one has a deadline",
      .threads = 2, .setup = make, .thread = without_memory, .finish = all_or_none,
      .sights = { "one had no memory", "it was broken" },
      .without = STALE_LOADS | SPURIOUS_WAKES | SPINS);
