/* SPDX-License-Identifier: BSD-2-Clause */
/* bell.c - lib/platform/bell.h for models: a futex word and an instant instead of descriptors. */
#include "config.h"

#include <errno.h>

#include "platform/bell.h"
#include "platform/clock.h"
#include "platform/futex.h"
#include "platform/poll.h"

enum { BELLS = 4, FIRST_FD = 100 };

static struct {
	uint32_t rung;
	int64_t instant;
} bells[BELLS];
static int opened;

int pawl_i_bell_open(struct bell *b)
{
	int n = __atomic_fetch_add(&opened, 1, __ATOMIC_RELAXED);

	if (n >= BELLS)
		return EMFILE;
	b->poll = b->event = b->timer = FIRST_FD + n;
	bells[n].instant = INT64_MAX;
	return 0;
}

void pawl_i_bell_close(const struct bell *b)
{
	(void)b;
}

/* The kernel orders as much, by the lock of the descriptor. */
void pawl_i_bell_ring(const struct bell *b)
{
	__atomic_store_n(&bells[b->event - FIRST_FD].rung, 1, __ATOMIC_SEQ_CST);
	pawl_i_futex_wake(&bells[b->event - FIRST_FD].rung);
}

void pawl_i_bell_hush(const struct bell *b)
{
	(void)__atomic_exchange_n(&bells[b->event - FIRST_FD].rung, 0, __ATOMIC_SEQ_CST);
}

void pawl_i_bell_set(const struct bell *b, int64_t instant)
{
	__atomic_store_n(&bells[b->timer - FIRST_FD].instant, instant, __ATOMIC_RELAXED);
}

void pawl_i_bell_wait(const struct bell *b)
{
	pawl_i_futex_wait(&bells[b->event - FIRST_FD].rung, 0, INT64_MAX);
}

void model_poll(int fd)
{
	pawl_i_futex_wait(&bells[fd - FIRST_FD].rung, 0,
		__atomic_load_n(&bells[fd - FIRST_FD].instant, __ATOMIC_RELAXED));
}
