/* SPDX-License-Identifier: BSD-2-Clause */
/* patience.c - see patience.h. */
#include "config.h"

#include <errno.h>

#include "platform/cpu.h"
#include "reclaim/sizes.h"
#include "wait/park.h"
#include "wait/patience.h"

/* Pauses between two attempts: about 1 us.  Each takes a cache line away from those who are waited
 * for, and they are slowed down by it more than this saves; and who looks later finds more. */
enum { BETWEEN_LOOKS = 32 };

static int spin(struct limit *l, int (*attempt)(void *arg), bool (*others_wait)(void *arg),
	void *arg)
{
	uint32_t spins = pawl_i_park_spins(l);
	int rc;

	while ((rc = attempt(arg)) == EAGAIN && spins > 0 && !others_wait(arg)) {
		uint32_t n = spins < BETWEEN_LOOKS ? spins : BETWEEN_LOOKS;

		for (spins -= n; n > 0; n--)
			pawl_i_cpu_pause();
	}
	return rc;
}

int pawl_i_patience(struct limit *l, int (*attempt)(void *arg), bool (*others_wait)(void *arg),
	void *arg)
{
	int rc = spin(l, attempt, others_wait, arg);
	/* With more threads than CPUs who is waited for may wait for ours.  A line is dear: whoever
	 * is served from it has to be woken, and each that comes meanwhile must stand in it too.
	 * In a task the others that run here need a wait of ours, not of the thread's. */
	int yields = rc == EAGAIN && pawl_i_park_is_thread() ? YIELDS : 0;

	for (; yields > 0 && rc == EAGAIN && !pawl_i_limit_reached(l); yields--) {
		pawl_i_cpu_yield();
		rc = attempt(arg);
	}
	return rc;
}
