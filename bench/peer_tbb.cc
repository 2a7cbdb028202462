/* SPDX-License-Identifier: BSD-2-Clause */
/* peer_tbb.cc - tbb::mutex and tbb::concurrent_bounded_queue as subjects. */
#include "config.h"

#include "bench.h"

#ifdef BENCH_TBB
#include <new>

#include <oneapi/tbb/concurrent_queue.h>
#include <oneapi/tbb/mutex.h>

#include "lock_subject.h"
#include "queue_subject.h"

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

template<typename T> static int tbb_queue_open(tbb::concurrent_bounded_queue<T> *q, size_t capacity)
{
	new (q) tbb::concurrent_bounded_queue<T>;
	q->set_capacity((std::ptrdiff_t)capacity);
	return 0;
}

template<typename T> static void tbb_queue_close(tbb::concurrent_bounded_queue<T> *q)
{
	q->~concurrent_bounded_queue<T>();
}

/* It leaves *item as it was if the queue is aborted, which the compiler knows. */
template<typename T> static inline void tbb_queue_pop(tbb::concurrent_bounded_queue<T> *q, T *item)
{
	*item = T();
	q->pop(*item);
}

#define TBB_PUSH(q, item) (q)->push(*(item))
#define TBB_TRYPUSH(q, item) (q)->try_push(*(item))
#define TBB_TRYPOP(q, item) (q)->try_pop(*(item))

QUEUE_SUBJECT(tbb_q_ptr, "tbb", tbb::concurrent_bounded_queue<queue_ptr>, queue_ptr,
	      tbb_queue_open, tbb_queue_close, TBB_PUSH, tbb_queue_pop, NULL)
QUEUE_SUBJECT(tbb_q_wide, "tbb", tbb::concurrent_bounded_queue<queue_wide>, queue_wide,
	      tbb_queue_open, tbb_queue_close, TBB_PUSH, tbb_queue_pop, NULL)
QUEUE_TRY(tbb_q_try, "tbb", tbb::concurrent_bounded_queue<queue_ptr>, queue_ptr,
	  tbb_queue_open, tbb_queue_close, TBB_TRYPUSH, TBB_TRYPOP)
#endif
