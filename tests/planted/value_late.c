/* SPDX-License-Identifier: BSD-2-Clause */
/* value_late.c - planted: the value is set after the flight was called done. */
#include "config.h"
#include "platform/hb.h"

#include <pawl/once.h>

static int planted_do_until(pawl_once *o, int (*fn)(void *arg), void *arg, pawl_time deadline);

#define pawl_once_do_until planted_do_until
#include "compose/cache.c"
#undef pawl_once_do_until

struct planted {
	struct flight *flight;
	int (*fn)(void *arg);
	void *value;
};

static int planted_fetch(void *arg)
{
	struct planted *p = arg;
	int err = p->fn(p->flight);

	p->value = p->flight->entry->value;
	p->flight->entry->value = NULL;
	return err;
}

static int planted_do_until(pawl_once *o, int (*fn)(void *arg), void *arg, pawl_time deadline)
{
	struct planted p = { arg, fn, NULL };
	int err = pawl_once_do_until(o, planted_fetch, &p, deadline);

	if (err == 0 && p.flight->fetched)
		p.flight->entry->value = p.value;
	return err;
}
