/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * task.h - tasks: flows of control that wait as threads do.  Uses: platform, wait, flow, marks.
 *
 * A task runs on the one thread that has called pawl_i_tasks_run(), from its start to its end, and
 * is never interrupted for another: only its waits let others run.  All waits of the library do;
 * what else blocks (read(), a pthread mutex) blocks them all.
 *
 * Of its own:	the stack, the context, the owner id, the scopes, errno over a wait, and what
 *		inline ops are to be finished.
 *		The id is that of an ended one, if there is such: a new one for each would come round
 *		to those of threads in hours.  So a mutex that a task keeps at its end may be taken for
 *		a later one's.
 * Shared:	the thread-locals of the program, the signal mask, the floating point modes; and the
 *		thread's record of reclaim/smr.h, so that a task may not wait inside a section.
 * Ends:	by return.  Exceptions, longjmp() and pthread_exit() may not leave it.
 * Fork:	a child that a task makes has all tasks.  In one that another thread makes they are
 *		gone, as threads are.
 */
#ifndef PAWL_RUNTIME_TASK_H
#define PAWL_RUNTIME_TASK_H

#include <stdbool.h>

/*
 * Have a task call @fn(@arg); from any thread or task.  Those that are ready run in no particular
 * order, but each before any of them for the second time.
 *
 * Return: 0; ENOMEM: also, there are 262,143 already.
 */
int pawl_i_task_spawn(void (*fn)(void *arg), void *arg);

/* Let all others run that are ready to.  In a thread: nothing. */
void pawl_i_task_yield(void);

/* Return: whether the caller is a task. */
bool pawl_i_task_is_one(void);

/*
 * Run tasks on the calling thread, until all have ended.  One that another thread spawns meanwhile
 * may be left to the next call.
 *
 * Return: 0; EBUSY: they are run already.
 */
int pawl_i_tasks_run(void);

#endif
