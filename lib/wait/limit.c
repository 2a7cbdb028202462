/* SPDX-License-Identifier: BSD-2-Clause */
/* limit.c - see limit.h. */
#include "config.h"

#include <errno.h>
#include <stddef.h>

#include <pawl/atomic.h>

#include "platform/clock.h"
#include "platform/fatal.h"
#include "platform/tls.h"
#include "wait/cancel.h"
#include "wait/limit.h"
#include "wait/scope.h"

struct limit pawl_i_limit(pawl_time deadline)
{
	return (struct limit){ .deadline = deadline, .scope = pawl_i_tls.scope };
}

pawl_time pawl_i_limit_instant(const struct limit *l)
{
	return l->scope && l->scope->limit_ < l->deadline ? l->scope->limit_ : l->deadline;
}

bool pawl_i_limit_reached(struct limit *l)
{
	pawl_time instant = pawl_i_limit_instant(l), now;

	if (l->err != 0)
		return true;
	if (l->scope && pawl_i_scope_is_fired(l->scope)) {
		l->err = ECANCELED;
	} else if (instant != PAWL_FOREVER && (now = pawl_i_clock_now()) >= instant) {
		l->expired = l->scope && now >= l->scope->limit_;
		l->err = l->expired ? ECANCELED : ETIMEDOUT;
	}
	return l->err != 0;
}

uint64_t pawl_i_limit_cancels(const struct limit *l)
{
	return l->scope ? pawl_i_scope_cancels(l->scope) : 0;
}

/* A virtual clock may start later than deadlines made before. */
static bool is_suspect(pawl_time deadline)
{
	return deadline > 0 && deadline < pawl_i_clock_origin() && !pawl_i_clock_is_virtual();
}

int pawl_i_limit_error(const struct limit *l)
{
	static uint32_t said;
	pawl_time passed = l->expired ? l->scope->limit_ : l->deadline;

	if (l->expired)
		pawl_i_scope_expire(l->scope);
	/* P23 relaxed: only who is first counts. */
	if ((l->expired || l->err == ETIMEDOUT) && is_suspect(passed) &&
	    pawl_xchg_(&said, 1, relaxed) == 0)
		pawl_i_warn("a deadline lies before the start of this process: it looks like a "
			    "duration; make an instant of it with pawl_after()");
	return l->err;
}
