/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * op_glib.c - wait for a mutex in a GLib main loop; see op_work.h.
 *
 * Build: cc op_glib.c $(pkg-config --cflags --libs pawl glib-2.0)
 */
#include <glib-unix.h>
#include <glib.h>

#include "op_work.h"

static gboolean readable(gint fd, GIOCondition condition, gpointer loop)
{
	(void)fd;
	(void)condition;
	work_dispatch();
	if (work_is_over())
		g_main_loop_quit(loop);
	return G_SOURCE_CONTINUE;
}

int main(void)
{
	GMainLoop *loop = g_main_loop_new(NULL, FALSE);
	guint source = g_unix_fd_add(work_begin(), G_IO_IN, readable, loop);

	if (!work_is_over())
		g_main_loop_run(loop);
	g_source_remove(source);
	g_main_loop_unref(loop);
	return work_end();
}
