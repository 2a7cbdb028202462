/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_tbb.cc - tbb::mutex as a subject. */
#include "config.h"

#include "bench.h"

#ifdef BENCH_TBB
#include <new>

#include <oneapi/tbb/mutex.h>

#include "lock_subject.h"

static int mutex_open(tbb::mutex *lock)
{
	new (lock) tbb::mutex;
	return 0;
}

static void mutex_close(tbb::mutex *lock)
{
	lock->~mutex();
}

#define TBB_LOCK(lock) (lock)->lock()
#define TBB_TRYLOCK(lock) (lock)->try_lock()
#define TBB_UNLOCK(lock) (lock)->unlock()

LOCK_SUBJECTS(tbb, "tbb", tbb::mutex, mutex_open, mutex_close, TBB_LOCK, TBB_TRYLOCK, TBB_UNLOCK)
#endif
