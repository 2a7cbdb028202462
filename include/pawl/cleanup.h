/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/cleanup.h - what has to be done however a block is left.
 *
 *	{
 *		PAWL_CLEANUP(close_file) FILE *f = fopen(...);
 *
 *		PAWL_GUARD(&lock);
 *		if (...)
 *			return EIO;		unlocked, closed
 *		PAWL_SHIELDED(PAWL_S(1), rc = say_goodbye(f));
 *	}					unlocked, closed
 *
 * It is done at the end of the block, in the reverse order of the declarations: also on the way
 * of a return, break, continue or goto, of a C++ exception and, where the C library unwinds as
 * glibc, of pthread_exit() and thread cancellation; in C these three need -fexceptions.
 * Not on the way of a longjmp() or exit().
 *
 * Threads, Memory, Progress, Signals, Misuse: those of the calls that are made.
 */
#ifndef PAWL_CLEANUP_H
#define PAWL_CLEANUP_H

#include <pawl/base.h>
#include <pawl/mutex.h>
#include <pawl/scope.h>

PAWL_BEGIN_DECLS

/* For a variable: at the end of its block call @fn, which takes a pointer to it, and whose
 * result is lost. */
#define PAWL_CLEANUP(fn) __attribute__((__cleanup__(fn)))

/*
 * A declaration: hold @mutex, a pawl_mutex *, until the end of the block, and unlock it there.
 * Locks it, as pawl_mutex_lock(), unless the caller has it already, for instance from
 * pawl_mutex_lock_until().
 */
#define PAWL_GUARD(mutex) \
	PAWL_CLEANUP(pawl_guard_end_) __attribute__((__unused__)) \
	pawl_mutex *PAWL_NAME_(pawl_guard_, __COUNTER__) = pawl_guard_begin_(mutex)

/*
 * An expression: the statement, which may be a block or an expression, inside a scope that
 * cancels and deadlines from outside do not reach into, and that has a deadline @duration from
 * now.  It is no function: return, break and so on leave it.  Its value is that of an
 * expression; ECANCELED, from a call inside, means that @duration was over.
 */
#define PAWL_SHIELDED(duration, ...) \
	PAWL_SHIELDED_(PAWL_NAME_(pawl_shield_, __COUNTER__), duration, __VA_ARGS__)

/* Private from here on. */
#define PAWL_NAME_(stem, n) PAWL_NAME_2_(stem, n)
#define PAWL_NAME_2_(stem, n) stem##n

#define PAWL_SHIELDED_(shield, duration, ...) \
	__extension__ ({ \
		PAWL_CLEANUP(pawl_shield_end_) pawl_scope shield; \
		\
		pawl_scope_enter(&shield, pawl_after(duration), NULL, PAWL_SHIELD); \
		__VA_ARGS__; \
	})

static inline pawl_mutex *pawl_guard_begin_(pawl_mutex *m)
{
	if (!pawl_mutex_is_mine(m))
		pawl_mutex_lock(m);
	return m;
}

static inline void pawl_guard_end_(pawl_mutex **m)
{
	pawl_mutex_unlock(*m);
}

static inline void pawl_shield_end_(pawl_scope *s)
{
	(void)pawl_scope_leave(s, 0);
}

PAWL_END_DECLS
#endif
