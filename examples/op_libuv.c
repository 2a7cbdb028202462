/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_libuv.c - wait for a mutex in a libuv loop; see op_work.h.
 *
 * Build: cc op_libuv.c $(pkg-config --cflags --libs pawl libuv)
 */
#include <uv.h>

#include "op_work.h"

static void readable(uv_poll_t *handle, int status, int events)
{
	(void)events;
	if (status != 0)
		abort();
	work_dispatch();
	if (work_is_over())
		uv_close((uv_handle_t *)handle, NULL);
}

int main(void)
{
	uv_loop_t *loop = uv_default_loop();
	int fd = work_begin();
	uv_poll_t handle;

	if (uv_poll_init(loop, &handle, fd) != 0 ||
	    uv_poll_start(&handle, UV_READABLE, readable) != 0)
		return 1;
	if (work_is_over())
		uv_close((uv_handle_t *)&handle, NULL);
	uv_run(loop, UV_RUN_DEFAULT);
	uv_loop_close(loop);
	return work_end();
}
