/* SPDX-License-Identifier: BSD-2-Clause */
/* progress_any.c - progress of pawl/any.h: a permit comes, or the deadline. */
#include <errno.h>

#include "explorer/progress.h"

static pawl_sem s;
static pawl_event e;

static void name_them(void)
{
	model_name(&s, sizeof s, "s");
	model_name(&e, sizeof e, "e");
}

static void give_or_take(unsigned who)
{
	if (who == 2)
		pawl_sem_release(&s, 1);
	else if (pawl_sem_acquire_until(&s, model_soon()) == 0)
		pawl_event_clear(&e);
}

static void call_wait_any(void)
{
	const pawl_any list[] = { { PAWL_ANY_SEM, &s }, { PAWL_ANY_EVENT, &e } };
	size_t which;
	int rc = pawl_wait_any(list, 2, model_soon(), &which);

	MODEL_CHECK(rc == 0 || rc == ETIMEDOUT);
}

PROGRESS(wait_any, 3, name_them, "pawl_wait_any", "", .timed = true, .call = call_wait_any,
	 .peer = give_or_take);
