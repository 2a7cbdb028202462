/* SPDX-License-Identifier: BSD-2-Clause */
/* marks.c - see marks.h. */
#include "config.h"

#include <pawl/atomic.h>

#include "runtime/marks.h"

static uint64_t bit(uint32_t n)
{
	return (uint64_t)1 << n % MARKS_FAN;
}

void pawl_i_marks_add(struct marks *m, uint32_t n)
{
	uint32_t leaf = n / MARKS_FAN, middle = leaf / MARKS_FAN;

	/* TK1 release: pairs with TK5.  What the caller did before. */
	(void)pawl_fetch_or_(&m->leaf[leaf], bit(n), release);
	/* TK2 release: pairs with TK4.  The bit of TK1, or that it was taken. */
	(void)pawl_fetch_or_(&m->middle[middle], bit(leaf), release);
	/* TK3 seq_cst: pairs with TK6, TK7.  The bit of TK2.  Opponent: TK9, see task.c. */
	(void)pawl_fetch_or_(&m->top, bit(middle), seq_cst);
}

bool pawl_i_marks_any(struct marks *m)
{
	/* TK7 seq_cst: pairs with TK3.  See task.c. */
	return pawl_load_(&m->top, seq_cst) != 0;
}

/* Take the lowest bit of *@bits off.  Return: its number. */
static uint32_t next(uint64_t *bits)
{
	uint32_t n = (uint32_t)__builtin_ctzll(*bits);

	*bits &= *bits - 1;
	return n;
}

static void take_leaf(struct marks *m, uint32_t leaf, void (*fn)(uint32_t n))
{
	/* TK5 acquire: pairs with TK1.  What was done before each was marked. */
	uint64_t bits = pawl_xchg_(&m->leaf[leaf], 0, acquire);

	while (bits != 0)
		fn(leaf * MARKS_FAN + next(&bits));
}

void pawl_i_marks_take(struct marks *m, void (*fn)(uint32_t n))
{
	/* TK6 acquire: pairs with TK3.  The bits in the middle. */
	uint64_t top = pawl_xchg_(&m->top, 0, acquire);

	while (top != 0) {
		uint32_t middle = next(&top);
		/* TK4 acquire: pairs with TK2.  The leaves. */
		uint64_t leaves = pawl_xchg_(&m->middle[middle], 0, acquire);

		while (leaves != 0)
			take_leaf(m, middle * MARKS_FAN + next(&leaves), fn);
	}
}
