# include/local.mk - the installed headers, one per line.
# SPDX-License-Identifier: BSD-2-Clause

pkginclude_HEADERS += %D%/pawl/any.h
pkginclude_HEADERS += %D%/pawl/atomic.h
pkginclude_HEADERS += %D%/pawl/barrier.h
pkginclude_HEADERS += %D%/pawl/base.h
pkginclude_HEADERS += %D%/pawl/cache.h
pkginclude_HEADERS += %D%/pawl/cleanup.h
pkginclude_HEADERS += %D%/pawl/cond.h
pkginclude_HEADERS += %D%/pawl/counter.h
pkginclude_HEADERS += %D%/pawl/debug.h
pkginclude_HEADERS += %D%/pawl/event.h
pkginclude_HEADERS += %D%/pawl/future.h
pkginclude_HEADERS += %D%/pawl/latch.h
pkginclude_HEADERS += %D%/pawl/mutex.h
pkginclude_HEADERS += %D%/pawl/notify.h
pkginclude_HEADERS += %D%/pawl/once.h
pkginclude_HEADERS += %D%/pawl/op.h
pkginclude_HEADERS += %D%/pawl/pawl.h
pkginclude_HEADERS += %D%/pawl/scope.h
pkginclude_HEADERS += %D%/pawl/queue.h
pkginclude_HEADERS += %D%/pawl/rwlock.h
pkginclude_HEADERS += %D%/pawl/sem.h
pkginclude_HEADERS += %D%/pawl/stream.h
pkginclude_HEADERS += %D%/pawl/tally.h
pkginclude_HEADERS += %D%/pawl/thread.h
pkginclude_HEADERS += %D%/pawl/time.h
