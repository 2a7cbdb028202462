/* SPDX-License-Identifier: BSD-2-Clause */
/* present.c - see present.h. */
#include "config.h"

#include <stddef.h>

#include <pawl/atomic.h>

#include "wait/context.h"
#include "wait/present.h"

static uint32_t count;
static struct context *all[PRESENT_MAX];	/* of 2 MB, mostly untouched */

void pawl_i_present_add(struct context *c)
{
	/* PR1 relaxed: the caller's own. */
	uint32_t n = pawl_load_(&count, relaxed);

	c->place = n;
	/* PR2 release: pairs with PR7.  The context; and if this is the old place of another one, that
	 * PR4 has put it in its new one. */
	pawl_store_(&all[n], c, release);
	/* PR3 seq_cst: pairs with PR6.  What PR2 did.  Opponent: who changes what the context may wait
	 * for, and then looks whom to tell: w[count] here, r[its cause] in the wait against
	 * w[its cause], r[count] PR6. */
	pawl_store_(&count, n + 1, seq_cst);
}

void pawl_i_present_remove(struct context *c)
{
	/* PR8 relaxed: as PR1. */
	uint32_t n = pawl_load_(&count, relaxed) - 1;
	/* PR9 relaxed: the same. */
	struct context *last = pawl_load_(&all[n], relaxed);

	last->place = c->place;
	/* PR4 release: pairs with PR7.  The context that is put there. */
	pawl_store_(&all[c->place], last, release);
	/* PR5 release: pairs with PR6.  What PR4 did; and for who does not find @c, its end. */
	pawl_store_(&count, n, release);
}

void pawl_i_present_forget(void)
{
	/* PR10 relaxed: there is one thread. */
	pawl_store_(&count, 0, relaxed);
}

uint32_t pawl_i_present_count(void)
{
	/* PR6 seq_cst: pairs with PR3, PR5.  The contexts.  Opponent: PR3, see there. */
	return pawl_load_(&count, seq_cst);
}

struct context *pawl_i_present_at(uint32_t n)
{
	/* PR7 acquire: pairs with PR2, PR4.  The context, and that one which was there before is
	 * below it. */
	return pawl_load_(&all[n], acquire);
}
