/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Waiters for whom there is no memory poll, which changes nothing else.  Thread 1 holds the
 * mutex from the beginning.
 */
#include <errno.h>

#include "explorer/model.h"
#include "platform/tls.h"

static pawl_mutex m;

static void make(void)
{
	model_name(&m, sizeof m, "m");
}

static void make_fair(void)
{
	make();
	(void)pawl_mutex_init(&m, PAWL_FAIR);
}

static void enter(unsigned who)
{
	if (who == 1)
		pawl_mutex_lock(&m);
}

/* Nobody has a context yet, and there may be no memory for one, or for a queue. */
static void visit_until(unsigned who)
{
	bool held;
	int err;

	if (who == 1) {
		pawl_mutex_unlock(&m);
		return;
	}
	held = pawl_mutex_trylock(&m) == EBUSY;
	err = held ? pawl_mutex_lock_until(&m, model_soon()) : 0;
	MODEL_CHECK(err == 0 || (err == ETIMEDOUT && pawl_now() >= model_soon()));
	if (held && !pawl_i_tls.context)
		model_saw(err == 0 ? 0 : 1);
	if (err == 0)
		pawl_mutex_unlock(&m);
}

static void destroy(void)
{
	pawl_mutex_destroy(&m);
}

#define SIGHTS { "one had no memory and got it", "one had no memory and gave up" }

MODEL(mutex_memory, .about = "one with a deadline and no memory", .threads = 2,
      .setup = make, .enter = enter, .thread = visit_until, .finish = destroy, .sights = SIGHTS);

MODEL(mutex_memory_fair, .about = "the same, with PAWL_FAIR", .threads = 2,
      .setup = make_fair, .enter = enter, .thread = visit_until, .finish = destroy,
      .sights = SIGHTS);

static void enter_with_third(unsigned who)
{
	enter(who);
	if (who == 3)
		model_attach(who);
}

static void visit(unsigned who)
{
	if (who != 1)
		pawl_mutex_lock(&m);
	pawl_mutex_unlock(&m);
	if (who == 2 && !pawl_i_tls.context)
		model_saw(0);
}

/* Where contexts come from is another model's subject: only their lack is left here. */
MODEL(mutex_memory_all, .about = "one without memory, beside one that waits", .threads = 3,
      .setup = make, .enter = enter_with_third, .thread = visit, .finish = destroy,
      .sights = { "one had no memory" }, .without = ~(unsigned)NO_MEMORY);
