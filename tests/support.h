/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * support.h - what the unit tests share.  Plain pthreads and the public interface of
 * pawl only, so that a bug of the library cannot hide in its own tests' helpers.
 *
 * A program:
 *
 *	static void a_free_mutex_can_be_locked(void **state) { (void)state; ... }
 *
 *	int main(void)
 *	{
 *		const struct CMUnitTest tests[] = { TEST(a_free_mutex_can_be_locked) };
 *
 *		return test_main(tests);
 *	}
 *
 * TEST() puts the case under a watchdog: after WATCH_SECONDS it names the case, dumps
 * who waits for what, and aborts.  CMocka's assertions jump and so belong to the main
 * thread; other threads and child processes use must().
 */
#ifndef TESTS_SUPPORT_H
#define TESTS_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <semaphore.h>
#include <sys/types.h>

#include <pawl/time.h>

/* Whether this build is slowed by a sanitizer, and which. */
#if defined __has_feature
# if __has_feature(thread_sanitizer)
#  define UNDER_TSAN 1
# endif
# if __has_feature(address_sanitizer)
#  define UNDER_ASAN 1
# endif
#endif
#if defined __SANITIZE_THREAD__ && !defined UNDER_TSAN
# define UNDER_TSAN 1
#endif
#if defined __SANITIZE_ADDRESS__ && !defined UNDER_ASAN
# define UNDER_ASAN 1
#endif
#ifndef UNDER_TSAN
# define UNDER_TSAN 0
#endif
#ifndef UNDER_ASAN
# define UNDER_ASAN 0
#endif

/* How often a loop that looks for rare interleavings runs: fewer when each is slow. */
#define ROUNDS(n) (UNDER_TSAN || UNDER_ASAN ? (n) / 5 : (n))

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

enum { WATCH_SECONDS = 100 };

/* A case whose name is its function's. */
#define TEST(fn) { #fn, fn, watch_setup, watch_teardown, (void *)(uintptr_t)#fn }
int watch_setup(void **state);
int watch_teardown(void **state);

/* Return: the exit status. */
#define test_main(tests) (cmocka_run_group_tests(tests, NULL, NULL) != 0)

/* A line of comment in the TAP output. */
void note(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));

/* For threads and children: if it does not hold, say where, and abort. */
#define must(condition) ((condition) ? (void)0 : must_fail(__FILE__, __LINE__, #condition))
_Noreturn void must_fail(const char *file, int line, const char *condition);

/* Sleep, really, for @ns or longer. */
void nap(pawl_ns ns);

/* The calling thread runs on one CPU only, as will those it starts; or on all again. */
void pin_to_one_cpu(void);
void unpin(void);

/*** Threads ***********************************************************************************/

struct worker {
	pthread_t pthread;
	pid_t tid;
	void (*fn)(void *arg);
	void *arg;
	sem_t started, frozen, thaw, thawed;
};

/* Run @fn(@arg) on a new thread; returns when the thread's tid is known. */
void worker_start(struct worker *w, void (*fn)(void *arg), void *arg);
void worker_join(struct worker *w);

/*
 * Return when the worker sleeps in a wait that pawl_dump() shows for @object, which is
 * a @kind ("mutex", "cond", "once", "counter").
 */
void worker_await_wait(const struct worker *w, const char *kind, const void *object);

/* The same, whatever it sleeps for, if pawl_dump() shows it at all. */
void worker_await_sleep(const struct worker *w);

/*
 * Stop a worker where it is (in a signal handler), and let it go on.  It stays on the
 * lists it is on, can be signalled, but does not answer: for the windows between two
 * steps of a wait.  Return when it has stopped, or left the handler.
 */
void worker_freeze(struct worker *w);
void worker_thaw(struct worker *w);

/* Return: whether the dump of all threads has a line with @a and, behind it, @b. */
bool dump_shows(const char *a, const char *b);

/* Write pawl_dump() into @text, which has @size bytes; zero-terminated. */
void dump_read(char *text, size_t size);

/* Opened once, by anybody; until then those who pass wait.  All-zero is no valid gate. */
struct gate {
	pthread_mutex_t lock;
	pthread_cond_t opened;
	bool open;
};
#define GATE_INIT { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false }
void gate_open(struct gate *g);
void gate_pass(struct gate *g);

/*** A thread that locks a mutex once ************************************************************/

enum { ORDER_MAX = 8 };

/* Who got the mutex, in order; guarded by it. */
struct order {
	int count;
	int who[ORDER_MAX];
};

struct locker {
	struct worker worker;
	struct pawl_mutex *mutex;
	pawl_time deadline;
	int id, result;
	struct order *order;	/* may be NULL */
};

/* Start it, while @m is held; returns when it sleeps. */
void locker_start(struct locker *l, int id, struct pawl_mutex *m, pawl_time deadline,
	struct order *order);

/* Return: the result of its attempt.  It has unlocked, if it was 0. */
int locker_join(struct locker *l);

/* The caller holds the default mutex that @l sleeps for: let it lose a race after more
 * than 1 ms, so that it sleeps again, starving.  The caller holds it again. */
void locker_starve(struct locker *l);

/*** Child processes ***************************************************************************/

struct child {
	int exit_status;	/* -1 if a signal ended it */
	int signal;		/* 0 if it exited */
	size_t lines;		/* written to standard error */
	char text[8192];	/* the same, cut */
};

/* Run @fn(@arg) in a child process of its own; 0 is its status if it returns.  To be
 * called while the caller is the only thread. */
void child_run(struct child *c, void (*fn)(void *arg), void *arg);

/* Run this program again with @argument and the environment variable @name = @value. */
void child_exec(struct child *c, const char *argument, const char *name, const char *value);

/* It returned, and said nothing. */
void child_assert_silent(const struct child *c);

/* It was ended by abort() after one line on standard error, which begins with "pawl: "
 * and contains @words. */
void child_assert_misuse(const struct child *c, const char *words);

#endif
