/* SPDX-License-Identifier: BSD-2-Clause */
/* mixed_verbs.c - see mixed_verbs.h. */
#include "config.h"

#include <errno.h>

#include <pawl/pawl.h>

#include "mixed_verbs.h"

/*** Mutex *************************************************************************************/

static pawl_mutex mutex;

static void open_mutex(unsigned waiters)
{
	(void)waiters;
	must(pawl_mutex_init(&mutex, 0) == 0);
	pawl_mutex_lock(&mutex);
}

static void open_fair_mutex(unsigned waiters)
{
	(void)waiters;
	must(pawl_mutex_init(&mutex, PAWL_FAIR) == 0);
	pawl_mutex_lock(&mutex);
}

static int lock(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	int rc = pawl_mutex_lock_until(&mutex, deadline);

	if (rc != 0)
		return rc;
	must(pawl_mutex_is_mine(&mutex));
	got(arg);
	pawl_mutex_unlock(&mutex);
	return 0;
}

static int lock_op(pawl_op *op)
{
	return pawl_mutex_lock_op(&mutex, op);
}

static void unlock(void)
{
	pawl_mutex_unlock(&mutex);
}

static void close_mutex(void)
{
	must(mutex.word_ == 0 && mutex.queue_ <= PAWL_FAIR);
	pawl_mutex_destroy(&mutex);
}

/*** Reader-writer lock: a writer has it ******************************************************/

static pawl_rwlock rwlock;

static void open_rwlock(unsigned waiters)
{
	(void)waiters;
	rwlock = (pawl_rwlock)PAWL_RWLOCK_INIT;
	pawl_rwlock_wrlock(&rwlock);
}

static int rdlock(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	int rc = pawl_rwlock_rdlock_until(&rwlock, deadline);

	if (rc != 0)
		return rc;
	got(arg);
	pawl_rwlock_rdunlock(&rwlock);
	return 0;
}

static int rdlock_op(pawl_op *op)
{
	return pawl_rwlock_rdlock_op(&rwlock, op);
}

static void rdunlock(void)
{
	pawl_rwlock_rdunlock(&rwlock);
}

static int wrlock(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	int rc = pawl_rwlock_wrlock_until(&rwlock, deadline);

	if (rc != 0)
		return rc;
	got(arg);
	pawl_rwlock_wrunlock(&rwlock);
	return 0;
}

static int wrlock_op(pawl_op *op)
{
	return pawl_rwlock_wrlock_op(&rwlock, op);
}

static void wrunlock(void)
{
	pawl_rwlock_wrunlock(&rwlock);
}

static void close_rwlock(void)
{
	must(rwlock.readers_ == 0 && rwlock.writers_ == 0);
	must(pawl_rwlock_trywrlock(&rwlock) == 0);
	pawl_rwlock_wrunlock(&rwlock);
}

/*** Condition *********************************************************************************/

static pawl_cond cond;

static void open_cond(unsigned waiters)
{
	(void)waiters;
	must(pawl_mutex_init(&mutex, 0) == 0);
	cond = (pawl_cond)PAWL_COND_INIT;
}

static int wait_cond(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	int rc;

	pawl_mutex_lock(&mutex);
	rc = pawl_cond_wait_until(&cond, &mutex, deadline);
	must(pawl_mutex_is_mine(&mutex));
	if (rc == 0)
		got(arg);
	pawl_mutex_unlock(&mutex);
	return rc;
}

static void signal_cond(void)
{
	pawl_mutex_lock(&mutex);
	pawl_cond_signal(&cond);
	pawl_mutex_unlock(&mutex);
}

static void broadcast_cond(void)
{
	pawl_mutex_lock(&mutex);
	pawl_cond_broadcast(&cond);
	pawl_mutex_unlock(&mutex);
}

static void close_cond(void)
{
	must(cond.queue_ == 0);
	close_mutex();
}

/*** Semaphore *********************************************************************************/

enum { SEVERAL = 3 };

static pawl_sem sem;

static void open_sem(unsigned waiters)
{
	(void)waiters;
	must(pawl_sem_init(&sem, 0, 0) == 0);
}

static void open_fair_sem(unsigned waiters)
{
	(void)waiters;
	must(pawl_sem_init(&sem, 0, PAWL_FAIR) == 0);
}

static int acquire(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	int rc = pawl_sem_acquire_until(&sem, deadline);

	if (rc != 0)
		return rc;
	got(arg);
	pawl_sem_release(&sem, 1);
	return 0;
}

static int acquire_several(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	int rc = pawl_sem_acquire_n(&sem, SEVERAL, deadline);

	if (rc != 0)
		return rc;
	got(arg);
	pawl_sem_release(&sem, SEVERAL);
	return 0;
}

static int acquire_op(pawl_op *op)
{
	return pawl_sem_acquire_op(&sem, op);
}

static void release(void)
{
	pawl_sem_release(&sem, 1);
}

static void release_several(void)
{
	pawl_sem_release(&sem, SEVERAL);
}

static void close_sem_of(int64_t permits)
{
	must(pawl_sem_value(&sem) == permits && sem.queue_ <= PAWL_FAIR);
	for (; permits > 0; permits--)
		must(pawl_sem_tryacquire(&sem) == 0);
	must(pawl_sem_tryacquire(&sem) == EAGAIN);
	pawl_sem_destroy(&sem);
}

static void close_sem(void)
{
	close_sem_of(1);
}

static void close_sem_of_several(void)
{
	close_sem_of(SEVERAL);
}

/*** Those that are opened for all *************************************************************/

static pawl_event event;
static pawl_notify notify;
static pawl_latch latch;
static pawl_future future;
static pawl_barrier barrier;
static pawl_counter counter;

static void open_gates(unsigned waiters)
{
	event = (pawl_event)PAWL_EVENT_INIT;
	must(pawl_notify_init(&notify) == 0);
	latch = (pawl_latch)PAWL_LATCH_INIT(1);
	future = (pawl_future)PAWL_FUTURE_INIT;
	barrier = (pawl_barrier)PAWL_BARRIER_INIT(waiters + 1);
	counter = (pawl_counter)PAWL_COUNTER_INIT(1);
}

static int passed(int rc, void (*got)(void *arg), void *arg)
{
	if (rc == 0)
		got(arg);
	return rc;
}

static int wait_event(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	return passed(pawl_event_wait_until(&event, deadline), got, arg);
}

static int wait_notify(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	return passed(pawl_notify_wait_until(&notify, deadline), got, arg);
}

static int wait_latch(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	return passed(pawl_latch_wait_until(&latch, deadline), got, arg);
}

static int wait_future(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	return passed(pawl_future_wait_until(&future, deadline, NULL), got, arg);
}

static int wait_barrier(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	return passed(pawl_barrier_wait_until(&barrier, deadline), got, arg);
}

static int wait_counter(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	return passed(pawl_counter_wait_zero(&counter, deadline), got, arg);
}

static int event_op(pawl_op *op)
{
	return pawl_event_wait_op(&event, op);
}

static int notify_op(pawl_op *op)
{
	return pawl_notify_wait_op(&notify, op);
}

static int latch_op(pawl_op *op)
{
	return pawl_latch_wait_op(&latch, op);
}

static int future_op(pawl_op *op)
{
	return pawl_future_wait_op(&future, NULL, op);
}

static void set_event(void)
{
	pawl_event_set(&event);
}

static void notify_one(void)
{
	pawl_notify_one(&notify);
}

static void notify_all(void)
{
	pawl_notify_all(&notify);
}

static void arrive_at_latch(void)
{
	pawl_latch_arrive(&latch);
}

static void set_future(void)
{
	must(pawl_future_set(&future, 0, NULL) == 0);
}

static void arrive_at_barrier(void)
{
	must(pawl_barrier_wait_until(&barrier, PAWL_FOREVER) == PAWL_BARRIER_SERIAL);
}

static void make_zero(void)
{
	(void)pawl_counter_add(&counter, -1);
}

static void close_gates(void)
{
	must(event.queue_ == 0 && latch.queue_ == 0);
	must(future.queue_ == 0 && barrier.queue_ == 0);
}

/*** Once, and the cache: somebody else is at it ********************************************/

static struct worker first;
static struct gate let_go;
static sem_t is_at_it;

static int takes_long(void *arg)
{
	sem_post(&is_at_it);
	gate_pass(&let_go);
	return *(int *)arg;
}

static void start_first(void (*fn)(void *arg))
{
	let_go = (struct gate)GATE_INIT;
	sem_init(&is_at_it, 0, 0);
	worker_start(&first, fn, NULL);
	while (sem_wait(&is_at_it) != 0)
		must(errno == EINTR);
}

static void let_first_go(void)
{
	gate_open(&let_go);
	worker_join(&first);
}

static pawl_once once;

static void fail_once(void *arg)
{
	(void)arg;
	must(pawl_once_do(&once, takes_long, &(int){ EIO }) == EIO);
}

static void open_once(unsigned waiters)
{
	(void)waiters;
	once = (pawl_once)PAWL_ONCE_INIT;
	start_first(fail_once);
}

struct role {
	void (*got)(void *arg);
	void *arg;
};

/* Who waits gets the initialiser's role, and passes it on by failing. */
static int take_role(void *arg)
{
	const struct role *r = arg;

	r->got(r->arg);
	return EIO;
}

static int do_once(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	struct role role = { got, arg };
	int rc = pawl_once_do_until(&once, take_role, &role, deadline);

	return rc == EIO ? 0 : rc;
}

static void close_once(void)
{
	must(once.queue_ == 0 && once.word_ == 0);
}

static pawl_cache *cache;
static pawl_cache_ref *op_refs[64];
static uint32_t op_ref_count;

static int fetch(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	(void)key, (void)len, (void)user;
	ret->value = &cache;
	return takes_long(&(int){ 0 });
}

static int get(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	pawl_cache_ref *ref;
	int rc = pawl_cache_get_or_fetch(cache, "key", 3, deadline, &ref);

	if (rc != 0)
		return rc;
	must(pawl_cache_ref_value(ref) == &cache);
	got(arg);
	pawl_cache_release(cache, ref);
	return 0;
}

static void fetch_first(void *arg)
{
	pawl_cache_ref *ref;

	(void)arg;
	must(pawl_cache_get_or_fetch(cache, "key", 3, PAWL_FOREVER, &ref) == 0);
	pawl_cache_release(cache, ref);
}

static void open_cache(unsigned waiters)
{
	const pawl_cache_config config = { .size = sizeof config, .fetch = fetch };

	(void)waiters;
	op_ref_count = 0;
	must(pawl_cache_open(&config, &cache) == 0);
	start_first(fetch_first);
}

static int get_op(pawl_op *op)
{
	return pawl_cache_get_or_fetch_op(cache, "key", 3, &op_refs[op_ref_count++], op);
}

static void close_cache(void)
{
	pawl_cache_stats_t stats;

	for (uint32_t i = 0; i < op_ref_count; i++)
		if (op_refs[i])
			pawl_cache_release(cache, op_refs[i]);
	pawl_cache_stats(cache, &stats);
	must(stats.fetches == 1 && stats.entries == 1);
	pawl_cache_close(cache);
	for (uint32_t i = 0; i < op_ref_count; i++)
		op_refs[i] = NULL;
}

/*** Any of several ****************************************************************************/

static void open_any(unsigned waiters)
{
	open_gates(waiters);
	open_fair_sem(waiters);
}

static int wait_any(pawl_time deadline, void (*got)(void *arg), void *arg)
{
	const pawl_any list[] = {
		{ PAWL_ANY_LATCH, &latch }, { PAWL_ANY_SEM, &sem }, { PAWL_ANY_EVENT, &event },
	};
	size_t which;
	int rc = pawl_wait_any(list, COUNT_OF(list), deadline, &which);

	if (rc != 0)
		return rc;
	got(arg);
	if (which == 1)
		pawl_sem_release(&sem, 1);
	return 0;
}

static void close_any_sem(void)
{
	close_gates();
	close_sem_of(1);
}

static void close_any_event(void)
{
	close_gates();
	close_sem_of(0);
}

/**********************************************************************************************/

/* name, serves, open, wait; start, finish, grant, close, breaks */
static const struct verb verbs[] = {
	{ "mutex", IN_ANY_ORDER, open_mutex, lock,
	  lock_op, unlock, unlock, close_mutex, false },
	{ "fair mutex", IN_TURN, open_fair_mutex, lock,
	  lock_op, unlock, unlock, close_mutex, false },
	{ "rwlock, to read", ALL_AT_ONCE, open_rwlock, rdlock,
	  rdlock_op, rdunlock, wrunlock, close_rwlock, false },
	{ "rwlock, to write", IN_TURN, open_rwlock, wrlock,
	  wrlock_op, wrunlock, wrunlock, close_rwlock, false },
	{ "cond, signal", ONE_BY_ONE, open_cond, wait_cond,
	  NULL, NULL, signal_cond, close_cond, false },
	{ "cond, broadcast", ALL_AT_ONCE, open_cond, wait_cond,
	  NULL, NULL, broadcast_cond, close_cond, false },
	{ "sem", IN_ANY_ORDER, open_sem, acquire,
	  acquire_op, release, release, close_sem, false },
	{ "fair sem", IN_TURN, open_fair_sem, acquire,
	  acquire_op, release, release, close_sem, false },
	{ "sem, several", IN_TURN, open_fair_sem, acquire_several,
	  NULL, NULL, release_several, close_sem_of_several, false },
	{ "event", ALL_AT_ONCE, open_gates, wait_event,
	  event_op, NULL, set_event, close_gates, false },
	{ "notify one", ONE_BY_ONE, open_gates, wait_notify,
	  notify_op, NULL, notify_one, close_gates, false },
	{ "notify all", ALL_AT_ONCE, open_gates, wait_notify,
	  notify_op, NULL, notify_all, close_gates, false },
	{ "latch", ALL_AT_ONCE, open_gates, wait_latch,
	  latch_op, NULL, arrive_at_latch, close_gates, false },
	{ "future", ALL_AT_ONCE, open_gates, wait_future,
	  future_op, NULL, set_future, close_gates, false },
	{ "barrier", ALL_AT_ONCE, open_gates, wait_barrier,
	  NULL, NULL, arrive_at_barrier, close_gates, true },
	{ "counter", ALL_AT_ONCE, open_gates, wait_counter,
	  NULL, NULL, make_zero, close_gates, false },
	{ "once", IN_TURN, open_once, do_once,
	  NULL, NULL, let_first_go, close_once, false },
	{ "cache", ALL_AT_ONCE, open_cache, get,
	  get_op, NULL, let_first_go, close_cache, false },
	{ "any, sem", IN_TURN, open_any, wait_any,
	  NULL, NULL, release, close_any_sem, false },
	{ "any, event", ALL_AT_ONCE, open_any, wait_any,
	  NULL, NULL, set_event, close_any_event, false },
};

const struct verb *verb_after(const struct verb *v)
{
	if (!v)
		return verbs;
	if (v == verbs + COUNT_OF(verbs) - 1)
		return queue_verbs;
	return v == queue_verbs + QUEUE_VERBS - 1 ? NULL : v + 1;
}
