/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_poll.c - wait for a mutex in a plain poll(2) loop; see op_work.h.
 *
 * Build: cc op_poll.c $(pkg-config --cflags --libs pawl)
 */
#include <poll.h>

#include "op_work.h"

int main(void)
{
	struct pollfd p = { .fd = work_begin(), .events = POLLIN };

	while (!work_is_over())
		if (poll(&p, 1, -1) == 1)
			work_dispatch();
	return work_end();
}
