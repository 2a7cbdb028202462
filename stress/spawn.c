/* SPDX-License-Identifier: BSD-2-Clause */
/* spawn.c - runs a variant in a process of its own and reads what it says. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

enum { LOG_MAX = 1 << 20, TICK_MS = 50 };

extern char **environ;

volatile int interrupted_by;

struct stream {
	int fd;		/* -1: at its end */
	char *text;
	size_t length;
};

struct process {
	pid_t pid;
	bool running;
	int status;
	struct stream out, err;
};

static _Noreturn void die(const char *what, int err)
{
	progress_clear();
	fprintf(stderr, "pawl-stress: %s: %s\n", what, strerror(err));
	exit(STRESS_EXIT_VIOLATION);
}

/* Options that make ThreadSanitizer blind are put right; others of the user's stay. */
static char *tsan_options(enum stress_mode mode)
{
	static const char common[] = "exitcode=66:log_path=stderr:suppressions=:atexit_sleep_ms=0:"
				     "report_atomic_races=1:force_seq_cst_atomics=0:";
	static const char *const of_mode[] = {
		[STRESS_BROKEN] = "report_bugs=1:halt_on_error=0",
		[STRESS_NATURAL] = "report_bugs=0",	/* only the invariant counts there */
		[STRESS_RIGHT] = "report_bugs=1:halt_on_error=1:second_deadlock_stack=1",
	};
	const char *user = getenv("TSAN_OPTIONS");
	char *text;

	if (asprintf(&text, "TSAN_OPTIONS=%s:%s%s", user ? user : "", common, of_mode[mode]) < 0)
		die("TSAN_OPTIONS", ENOMEM);
	return text;
}

static char **child_environment(enum stress_mode mode)
{
	size_t n = 0, used = 0;
	char **copy;

	while (environ[n])
		n++;
	copy = calloc(n + 2, sizeof *copy);
	if (!copy)
		die("environment", ENOMEM);
	copy[used++] = tsan_options(mode);
	for (size_t i = 0; i < n; i++)
		if (strncmp(environ[i], "TSAN_OPTIONS=", 13) != 0 &&
		    strncmp(environ[i], "PAWL_STRESS_", 12) != 0)
			copy[used++] = environ[i];
	return copy;
}

static void start(const struct options *o, const struct stress_case *c, enum stress_mode mode,
	uint64_t seed, struct process *p)
{
	char child[128], threads[32], duration[48], watchdog[48], seed_text[48];
	char *argv[] = { (char *)(uintptr_t)o->runner, (char *)(uintptr_t)o->program, child, threads,
		duration, watchdog, seed_text, NULL };
	int out[2], err[2], error;
	char **environment = child_environment(mode);
	posix_spawn_file_actions_t actions;

	snprintf(child, sizeof child, "--child=%s:%s", c->name, mode_name(mode));
	snprintf(threads, sizeof threads, "--threads=%u", o->threads);
	snprintf(duration, sizeof duration, "--duration=%.9g", o->duration);
	snprintf(watchdog, sizeof watchdog, "--watchdog=%.9g", o->watchdog);
	snprintf(seed_text, sizeof seed_text, "--seed=%" PRIu64, seed);
	if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
		die("pipe", errno);
	fflush(NULL);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, err[1], STDERR_FILENO);
	if (o->runner) {
		error = posix_spawnp(&p->pid, o->runner, &actions, NULL, argv, environment);
		if (error != 0)
			die("cannot run what --runner names", error);
	} else {
		error = posix_spawn(&p->pid, "/proc/self/exe", &actions, NULL, argv + 1, environment);
		if (error != 0)
			die("cannot run /proc/self/exe (is /proc mounted?)", error);
	}
	posix_spawn_file_actions_destroy(&actions);
	free(environment[0]);
	free(environment);
	close(out[1]);
	close(err[1]);
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	p->out.fd = out[0];
	p->err.fd = err[0];
	p->running = true;
}

static void end_stream(struct stream *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* Take what is there; beyond LOG_MAX it is read and forgotten. */
static void drain(struct stream *s)
{
	char block[4096];
	ssize_t n;

	while (s->fd >= 0 && (n = read(s->fd, block, sizeof block)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n < 0)
			break;
		if (s->length + (size_t)n > LOG_MAX)
			continue;
		s->text = realloc(s->text, s->length + (size_t)n + 1);
		if (!s->text)
			die("output of a variant", ENOMEM);
		memcpy(s->text + s->length, block, (size_t)n);
		s->length += (size_t)n;
		s->text[s->length] = '\0';
	}
	end_stream(s);
}

static void reap(struct process *p)
{
	if (p->running && waitpid(p->pid, &p->status, WNOHANG) == p->pid)
		p->running = false;
}

static void attend(struct process *p)
{
	struct pollfd fds[] = { { p->out.fd, POLLIN, 0 }, { p->err.fd, POLLIN, 0 } };

	(void)poll(fds, 2, TICK_MS);
	drain(&p->out);
	drain(&p->err);
	reap(p);
	progress_tick();
}

/* Longer than any watchdog inside would let it. */
static double longest(const struct options *o)
{
	return 2 * o->watchdog + 20 * o->duration + 60;
}

static void finish(struct process *p, const struct options *o, struct run *ret)
{
	double begin = stress_now();

	while (p->running) {
		attend(p);
		ret->interrupted = ret->interrupted || interrupted_by != 0;
		ret->killed = ret->killed || stress_now() - begin > longest(o);
		if (p->running && (ret->interrupted || ret->killed))
			kill(p->pid, SIGKILL);
	}
	drain(&p->out);	/* what a symbolizer that lives on holds open is not waited for */
	drain(&p->err);
	end_stream(&p->out);
	end_stream(&p->err);
	ret->seconds = stress_now() - begin;
	ret->status = p->status;
}

static void add_name(struct run *r, const char *value)
{
	char *rest;
	uintptr_t address = (uintptr_t)strtoull(value, &rest, 16);

	if (r->name_count == RUN_NAMES)
		return;
	r->names[r->name_count].address = address;
	snprintf(r->names[r->name_count++].name, sizeof r->names[0].name, "%s",
		rest + (*rest == ' '));
}

static void add_note(struct run *r, const char *value)
{
	size_t used = strlen(r->notes);

	snprintf(r->notes + used, sizeof r->notes - used, "%s%s", used ? ", " : "", value);
}

/* One "key value" line of child.c. */
static void read_line(struct run *r, char *line)
{
	char *value = strchr(line, ' ');
	const struct {
		const char *key;
		uint64_t *number;
	} numbers[] = {
		{ "ops", &r->ops }, { "waits", &r->waits }, { "switches", &r->switches },
		{ "bad", &r->outcome.bad }, { "of", &r->outcome.of }, { "least",
			&r->outcome.least }, };

	if (strcmp(line, "end") == 0)
		r->ended = true;
	if (!value)
		return;
	*value++ = '\0';
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (strcmp(line, numbers[i].key) == 0)
			*numbers[i].number = strtoull(value, NULL, 10);
	if (strcmp(line, "name") == 0)
		add_name(r, value);
	if (strcmp(line, "note") == 0)
		add_note(r, value);
	if (strcmp(line, "error") == 0 && !r->error[0])
		snprintf(r->error, sizeof r->error, "%s", value);
	if (strcmp(line, "racy") == 0) {
		char *rest;

		r->racy = (uintptr_t)strtoull(value, &rest, 16);
		r->racy_size = (size_t)strtoull(rest, NULL, 10);
	}
}

void run_variant(const struct options *o, const struct stress_case *c, enum stress_mode mode,
	uint64_t seed, struct run *ret)
{
	struct process p = { 0 };
	char *rest, *line;

	memset(ret, 0, sizeof *ret);
	start(o, c, mode, seed, &p);
	finish(&p, o, ret);
	rest = p.out.text;
	while (rest && (line = strsep(&rest, "\n")))
		read_line(ret, line);
	free(p.out.text);
	ret->log = p.err.text;
	tsan_read(c, ret);
}

void run_free(struct run *r)
{
	free(r->log);
	r->log = NULL;
}
