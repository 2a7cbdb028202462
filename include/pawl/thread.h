/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/thread.h - the calling thread as pawl sees it.
 *
 * Nothing has to be called: a thread gets its id at its first slow path and its
 * context (the word it parks on) at its first wait, and gives the context back
 * when it exits, after which another thread may adopt it.
 *
 * Lifetime:  contexts are never unmapped; their number is the highest number
 *            of threads that were attached at once (and of those whose last
 *            round of thread-specific destructors waited for something).
 * Fork:      in the child only the calling thread lives.  What other threads held
 *            stays held there; and an object that others waited for at that moment
 *            must be initialised anew there, not released, for a release would go to
 *            a thread that does not exist.
 */
#ifndef PAWL_THREAD_H
#define PAWL_THREAD_H

#include <pawl/base.h>

PAWL_BEGIN_DECLS

/* Private: owner id of the caller << 32, 0 before its first slow path.  Written
 * by its own thread only; the inline fast paths compare words with it. */
extern PAWL_API __thread uint64_t pawl_self_ __attribute__((__tls_model__("initial-exec")));

/*
 * Make the calling thread's context now.
 *
 * Optional: for a thread that must not find out at its first wait that memory
 * is short (it would then wait by polling with back-off, which is slow but loses
 * nothing).
 *
 * Return: 0, also if it was attached before; ENOMEM.
 * Progress: lock-free but for malloc.  Not async-signal-safe.
 */
PAWL_API int pawl_thread_attach(void) PAWL_MUST_CHECK_;

PAWL_END_DECLS
#endif
