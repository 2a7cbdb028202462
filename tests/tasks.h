/* SPDX-License-Identifier: BSD-2-Clause */
/* tasks.h - what tests of tasks share. */
#ifndef TESTS_TASKS_H
#define TESTS_TASKS_H

#include "runtime/task.h"

#include "support.h"

static inline void spawn(void (*fn)(void *arg), void *arg)
{
	must(pawl_i_task_spawn(fn, arg) == 0);
}

static inline void run_all(void)
{
	must(pawl_i_tasks_run() == 0);
}

/* For worker_start(). */
static inline void run_in_thread(void *arg)
{
	(void)arg;
	run_all();
}

#endif
