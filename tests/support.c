/* SPDX-License-Identifier: BSD-2-Clause */
/* support.c - see support.h. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <pawl/debug.h>
#include <pawl/mutex.h>

#include "support.h"

/* Async-signal-safe. */
static void say(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(99);
}

/*** Watchdog **********************************************************************************/

static const char *watched = "nothing";

static void watch_expired(int signal_number)
{
	(void)signal_number;
	say("watchdog: ");
	say(watched);
	say(": not finished in time; who waits:\n");
	pawl_dump(STDERR_FILENO);
	abort();
}

int watch_setup(void **state)
{
	struct sigaction action = { .sa_handler = watch_expired };

	watched = *state;
	*state = NULL;
	sigaction(SIGALRM, &action, NULL);
	alarm(WATCH_SECONDS);
	return 0;
}

int watch_teardown(void **state)
{
	(void)state;
	alarm(0);
	return 0;
}

/*** Small things ******************************************************************************/

void note(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("# ");
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
	fflush(stdout);
}

_Noreturn void must_fail(const char *file, int line, const char *condition)
{
	char text[512];

	snprintf(text, sizeof text, "%s:%d: in %s: this does not hold: %s\n", file, line, watched,
		 condition);
	say(text);
	abort();
}

void nap(pawl_ns ns)
{
	struct timespec left = { ns / PAWL_S(1), ns % PAWL_S(1) };

	while (nanosleep(&left, &left) != 0)
		must(errno == EINTR);
}

static cpu_set_t all_cpus;

void pin_to_one_cpu(void)
{
	cpu_set_t one;
	size_t cpu = 0;

	must(sched_getaffinity(0, sizeof all_cpus, &all_cpus) == 0);
	while (!CPU_ISSET(cpu, &all_cpus))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	must(sched_setaffinity(0, sizeof one, &one) == 0);
}

void unpin(void)
{
	must(sched_setaffinity(0, sizeof all_cpus, &all_cpus) == 0);
}

/*** Threads ***********************************************************************************/

static __thread struct worker *this_worker;

static void wait_posted(sem_t *s)
{
	while (sem_wait(s) != 0)
		must(errno == EINTR);
}

static void freeze_here(int signal_number)
{
	int saved = errno;

	(void)signal_number;
	sem_post(&this_worker->frozen);
	wait_posted(&this_worker->thaw);
	sem_post(&this_worker->thawed);
	errno = saved;
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	this_worker = w;
	w->tid = (pid_t)syscall(SYS_gettid);
	sem_post(&w->started);
	w->fn(w->arg);
	return NULL;
}

void worker_start(struct worker *w, void (*fn)(void *arg), void *arg)
{
	w->fn = fn;
	w->arg = arg;
	sem_init(&w->started, 0, 0);
	sem_init(&w->frozen, 0, 0);
	sem_init(&w->thaw, 0, 0);
	sem_init(&w->thawed, 0, 0);
	must(pthread_create(&w->pthread, NULL, worker_main, w) == 0);
	wait_posted(&w->started);
}

void worker_join(struct worker *w)
{
	must(pthread_join(w->pthread, NULL) == 0);
}

void worker_freeze(struct worker *w)
{
	struct sigaction action = { .sa_handler = freeze_here };

	must(sigaction(SIGUSR2, &action, NULL) == 0);
	must(pthread_kill(w->pthread, SIGUSR2) == 0);
	wait_posted(&w->frozen);
}

void worker_thaw(struct worker *w)
{
	sem_post(&w->thaw);
	wait_posted(&w->thawed);
}

/* Return: the state letter of thread @tid. */
static char state_of(pid_t tid)
{
	char path[64], text[512];
	const char *after_name;
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/self/task/%d/stat", (int)tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0);
	n = read(fd, text, sizeof text - 1);
	must(n > 0);
	text[n] = '\0';
	close(fd);
	after_name = strrchr(text, ')');
	must(after_name != NULL);
	return after_name[2];
}

void dump_read(char *text, size_t size)
{
	size_t length = 0;
	int fds[2];
	ssize_t n;

	must(pipe(fds) == 0);
	must(fcntl(fds[1], F_SETFL, O_NONBLOCK) == 0);	/* what does not fit is cut */
	pawl_dump(fds[1]);
	close(fds[1]);
	while (length < size - 1 && (n = read(fds[0], text + length, size - 1 - length)) > 0)
		length += (size_t)n;
	text[length] = '\0';
	close(fds[0]);
}

bool dump_shows(const char *a, const char *b)
{
	static char text[65536];
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	bool found = false;

	pthread_mutex_lock(&lock);
	dump_read(text, sizeof text);
	for (char *rest = text, *line; !found && (line = strsep(&rest, "\n")) != NULL;) {
		const char *place = strstr(line, a);

		found = place && strstr(place, b);
	}
	pthread_mutex_unlock(&lock);
	return found;
}

static bool sleeps_for(pid_t tid, const char *object)
{
	char who[64];

	snprintf(who, sizeof who, "(tid %d) waits ", (int)tid);
	return state_of(tid) == 'S' && dump_shows(who, object);
}

void worker_await_wait(const struct worker *w, const char *kind, const void *object)
{
	char what[64];

	snprintf(what, sizeof what, "s for %s %p", kind, object);
	/* Twice, as a thread that just woke may show its last wait for a moment. */
	for (int seen = 0; seen < 2; nap(PAWL_US(200)))
		seen = sleeps_for(w->tid, what) ? seen + 1 : 0;
}

void worker_await_sleep(const struct worker *w)
{
	for (int seen = 0; seen < 2; nap(PAWL_US(200)))
		seen = sleeps_for(w->tid, "s for ") ? seen + 1 : 0;
}

void gate_open(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->open = true;
	pthread_cond_broadcast(&g->opened);
	pthread_mutex_unlock(&g->lock);
}

void gate_pass(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	while (!g->open)
		pthread_cond_wait(&g->opened, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

/*** A thread that locks a mutex once ************************************************************/

static void lock_once(void *arg)
{
	struct locker *l = arg;

	if (l->deadline == PAWL_FOREVER) {
		pawl_mutex_lock(l->mutex);
		l->result = 0;
	} else {
		l->result = pawl_mutex_lock_until(l->mutex, l->deadline);
		must(l->result == 0 || pawl_now() >= l->deadline);
	}
	must(pawl_mutex_is_mine(l->mutex) == (l->result == 0));
	if (l->result != 0)
		return;
	if (l->order)
		l->order->who[l->order->count++] = l->id;
	pawl_mutex_unlock(l->mutex);
}

void locker_start(struct locker *l, int id, pawl_mutex *m, pawl_time deadline, struct order *order)
{
	l->mutex = m;
	l->deadline = deadline;
	l->id = id;
	l->order = order;
	worker_start(&l->worker, lock_once, l);
	worker_await_wait(&l->worker, "mutex", m);
}

int locker_join(struct locker *l)
{
	worker_join(&l->worker);
	return l->result;
}

void locker_starve(struct locker *l)
{
	nap(PAWL_MS(2));
	worker_freeze(&l->worker);
	pawl_mutex_unlock(l->mutex);
	must(pawl_mutex_trylock(l->mutex) == 0);
	worker_thaw(&l->worker);
	worker_await_wait(&l->worker, "mutex", l->mutex);
}

/*** Child processes ***************************************************************************/

/* In the child: its standard error is the pipe. */
static void become_child(const int fds[2])
{
	struct rlimit no_core = { 0, 0 };

	must(dup2(fds[1], STDERR_FILENO) == STDERR_FILENO);
	close(fds[0]);
	close(fds[1]);
	setrlimit(RLIMIT_CORE, &no_core);
	alarm(WATCH_SECONDS / 2);
}

static void collect(struct child *c, pid_t pid, const int fds[2])
{
	char scrap[512];
	size_t length = 0;
	ssize_t n;
	int status;

	close(fds[1]);
	while ((n = read(fds[0], scrap, sizeof scrap)) > 0 || (n < 0 && errno == EINTR))
		for (ssize_t i = 0; i < n; i++) {
			c->lines += scrap[i] == '\n';
			if (length < sizeof c->text - 1)
				c->text[length++] = scrap[i];
		}
	c->text[length] = '\0';
	close(fds[0]);
	while (waitpid(pid, &status, 0) != pid)
		must(errno == EINTR);
	c->exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	c->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static pid_t fork_with_pipe(struct child *c, int fds[2])
{
	pid_t pid;

	memset(c, 0, sizeof *c);
	fflush(NULL);
	must(pipe(fds) == 0);
	pid = fork();
	must(pid >= 0);
	if (pid == 0)
		become_child(fds);
	return pid;
}

void child_run(struct child *c, void (*fn)(void *arg), void *arg)
{
	int fds[2];
	pid_t pid = fork_with_pipe(c, fds);

	if (pid == 0) {
		fn(arg);
		_exit(0);
	}
	collect(c, pid, fds);
}

void child_exec(struct child *c, const char *argument, const char *name, const char *value)
{
	int fds[2];
	pid_t pid = fork_with_pipe(c, fds);

	if (pid == 0) {
		setenv(name, value, 1);
		execl("/proc/self/exe", "child", argument, (char *)NULL);
		must_fail(__FILE__, __LINE__, "the program can be run again");
	}
	collect(c, pid, fds);
}

void child_assert_silent(const struct child *c)
{
	if (c->exit_status != 0 || c->lines != 0)
		fail_msg("the child ended with status %d, signal %d, and said: %s", c->exit_status,
			 c->signal, c->text);
}

void child_assert_misuse(const struct child *c, const char *words)
{
	if (c->signal != SIGABRT || c->lines != 1 || strncmp(c->text, "pawl: ", 6) != 0 ||
	    !strstr(c->text, words))
		fail_msg("wanted SIGABRT and one line with '%s', but got status %d, signal %d: %s",
			 words, c->exit_status, c->signal, c->text);
}
