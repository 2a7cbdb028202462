/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/debug.h - who waits for what, and who holds it.
 */
#ifndef PAWL_DEBUG_H
#define PAWL_DEBUG_H

#include <pawl/base.h>

PAWL_BEGIN_DECLS

/*
 * Write one line per thread that has ever waited (or was attached, see thread.h) to
 * file descriptor @fd: its id, its
 * kernel id, whether it waits, for which kind of object at which address, since
 * when, and which thread holds that object; then a line for each cycle among them:
 *
 *	pawl: thread 2 (tid 4711) waits 1.204 s for mutex 0x55d0c0de held by thread 3
 *	pawl: deadlock: thread 2 -> mutex 0x55d0c0de -> thread 3 -> mutex 0x55d0c100 -> thread 2
 *
 * May be called at any time: objects are read through the kernel (where a sandbox
 * forbids process_vm_readv(2), holders are not shown).  Threads that run meanwhile may
 * show states of different moments; those in a deadlock do not run.
 *
 * Progress: wait-free but for write(2).  Async-signal-safe.
 */
PAWL_API void pawl_dump(int fd);

PAWL_END_DECLS
#endif
