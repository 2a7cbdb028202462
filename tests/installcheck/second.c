/* SPDX-License-Identifier: BSD-2-Clause */
/* second.c - a second file of the same program: the headers define nothing twice. */
#include <pawl/pawl.h>

int consumer_second(pawl_mutex *m);

int consumer_second(pawl_mutex *m)
{
	int rc = pawl_mutex_trylock(m);

	if (rc == 0)
		pawl_mutex_unlock(m);
	return rc;
}
