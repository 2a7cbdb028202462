/* SPDX-License-Identifier: BSD-2-Clause */
/* Those for whom there is no memory to wait in a queue poll; they are late, or closed, as others. */
#include <errno.h>

#include <pawl/sem.h>

#include "explorer/model.h"
#include "platform/tls.h"

static pawl_sem s;
static int64_t want;
static int result;

static void make(int64_t n, unsigned flags)
{
	MODEL_CHECK(pawl_sem_init(&s, 0, flags) == 0);
	model_name(&s, sizeof s, "s");
	want = n;
}

static void make_one(void)
{
	make(1, 0);
}

static void make_one_fair(void)
{
	make(1, PAWL_FAIR);
}

static void make_two(void)
{
	make(2, 0);
}

/* Nobody has a context yet, and there may be no memory for one, or for a queue. */
static void release_or_wait(unsigned who)
{
	if (who == 1) {
		pawl_sem_release(&s, want);
		return;
	}
	result = pawl_sem_acquire_n(&s, want, model_soon());
	MODEL_CHECK(result == 0 || (result == ETIMEDOUT && pawl_now() >= model_soon()));
	if (!pawl_i_tls.context)
		model_saw(result == 0 ? 0 : 1);
}

static void judge(void)
{
	MODEL_CHECK(s.queue_ == 0 && pawl_sem_value(&s) == (result == 0 ? 0 : want));
	pawl_sem_destroy(&s);
}

#define MEMORY .threads = 2, .thread = release_or_wait, .finish = judge, \
	.sights = { "one had no memory and got it", "one had no memory and gave up" }

MODEL(sem_memory, .about = "one with a deadline and no memory", .setup = make_one, MEMORY);

MODEL(sem_memory_fair, .about = "the same, fair", .setup = make_one_fair, MEMORY);

MODEL(sem_memory_many, .about = "one wants two, with a deadline and no memory", .setup = make_two,
      MEMORY);

static void close_or_wait(unsigned who)
{
	if (who == 1) {
		pawl_sem_close(&s);
		return;
	}
	MODEL_CHECK(pawl_sem_acquire_n(&s, want, PAWL_FOREVER) == EPIPE);
	if (!pawl_i_tls.context)
		model_saw(0);
}

static void destroy(void)
{
	MODEL_CHECK(s.queue_ == 0);
	pawl_sem_destroy(&s);
}

#define CLOSED .threads = 2, .thread = close_or_wait, .finish = destroy, \
	.sights = { "one had no memory" }

MODEL(sem_memory_closed, .about = "one without memory waits, one closes", .setup = make_one,
      CLOSED);

MODEL(sem_memory_many_closed, .about = "the same, for two permits", .setup = make_two, CLOSED);
