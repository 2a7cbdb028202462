/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_libevent.c - wait for a mutex in a libevent loop; see op_work.h.
 *
 * Build: cc op_libevent.c $(pkg-config --cflags --libs pawl libevent_core)
 */
#include <event2/event.h>

#include "op_work.h"

static void readable(evutil_socket_t fd, short events, void *base)
{
	(void)fd;
	(void)events;
	work_dispatch();
	if (work_is_over())
		event_base_loopbreak(base);
}

int main(void)
{
	struct event_base *base = event_base_new();
	struct event *event;

	if (!base)
		return 1;
	event = event_new(base, work_begin(), EV_READ | EV_PERSIST, readable, base);
	if (!event || event_add(event, NULL) != 0)
		return 1;
	if (!work_is_over())
		event_base_dispatch(base);
	event_free(event);
	event_base_free(base);
	return work_end();
}
