/* SPDX-License-Identifier: BSD-2-Clause */
/* judge.c - whether a variant did what it should: go wrong, or be right. */
#include "config.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/wait.h>

#include "suite.h"

static bool exited_with(const struct run *r, int status)
{
	return WIFEXITED(r->status) && WEXITSTATUS(r->status) == status;
}

/* How it ended, if not as it should. */
static void say_end(const struct run *r, char *text, size_t size)
{
	if (r->killed)
		snprintf(text, size, "did not end, not even by its watchdog");
	else if (exited_with(r, STRESS_EXIT_STUCK))
		snprintf(text, size, "is stuck: see the watchdog's lines");
	else if (exited_with(r, TSAN_EXIT) || r->tsan.reports > 0)
		snprintf(text, size, "was reported by ThreadSanitizer");
	else if (WIFSIGNALED(r->status))
		snprintf(text, size, "was ended by signal %d (%s)", WTERMSIG(r->status),
			strsignal(WTERMSIG(r->status)));
	else
		snprintf(text, size, "ended with status %d", WEXITSTATUS(r->status));
}

/* Remember the first reason; there is one, so it is not good. */
static bool no(struct tally *t, uint64_t seed, const char *format, ...)
	__attribute__((__format__(__printf__, 3, 4)));

static bool no(struct tally *t, uint64_t seed, const char *format, ...)
{
	va_list args;

	if (!t->why[0]) {
		va_start(args, format);
		vsnprintf(t->why, sizeof t->why, format, args);
		va_end(args);
		t->why_seed = seed;
	}
	return false;
}

static bool judge_right(const struct stress_case *c, const struct run *r, uint64_t seed,
	struct tally *t)
{
	char end[128];

	if (r->error[0])
		return no(t, seed, "%s", r->error);
	if (!exited_with(r, 0) || !r->ended || r->tsan.reports > 0) {
		say_end(r, end, sizeof end);
		return no(t, seed, "%s", end);
	}
	if (r->ops == 0)
		return no(t, seed, "did nothing");
	if (!c->never_waits && r->waits < STRESS_WAITS)
		return no(t, seed, "was seen asleep only %" PRIu64 " times", r->waits);
	if (r->switches < r->waits)
		return no(t, seed,
			"was seen asleep %" PRIu64 " times, but the kernel counted only %"
			PRIu64 " switches", r->waits, r->switches);
	return true;
}

/* The line of pawl_dump() that names the cycle has all objects that the case named. */
static bool names_the_cycle(const struct run *r)
{
	const char *line = r->log ? strstr(r->log, "pawl: deadlock: thread ") : NULL;
	size_t length = line ? strcspn(line, "\n") : 0;

	if (!line || r->name_count == 0 || !strstr(r->log, "stress: watchdog: "))
		return false;
	for (unsigned i = 0; i < r->name_count; i++) {
		char object[64];
		const char *at;

		snprintf(object, sizeof object, "mutex 0x%" PRIxPTR " -> thread ",
			r->names[i].address);
		at = strstr(line, object);
		if (!at || (size_t)(at - line) >= length)
			return false;
	}
	return true;
}

static bool judge_deadlock(const struct run *r, uint64_t seed, struct tally *t)
{
	if (!exited_with(r, STRESS_EXIT_STUCK))
		return no(t, seed, "did not deadlock");
	if (!names_the_cycle(r))
		return no(t, seed,
			"deadlocked, but the watchdog did not name the threads and mutexes");
	t->invariant++;
	t->bad++;
	t->of++;
	return true;
}

/* The address is checked always, the name where there are names. */
static bool judge_tsan(const struct stress_case *c, const struct run *r, uint64_t seed,
	struct tally *t)
{
	if (!tsan_is_on())
		return true;
	if (!c->symbol)
		return r->tsan.reports == 0 ||
		       no(t, seed, "ThreadSanitizer reported what is no data race");
	if (r->tsan.reports == 0)
		return no(t, seed, "ThreadSanitizer did not report it");
	if (r->tsan.at_racy < r->tsan.reports)
		return no(t, seed, "ThreadSanitizer reported something else than %s", c->symbol);
	if (!r->tsan.symbolized)
		t->nameless++;
	else if (r->tsan.named == 0)
		return no(t, seed, "ThreadSanitizer did not name %s", c->symbol);
	t->tsan++;
	return true;
}

static bool judge_broken(const struct stress_case *c, const struct run *r, uint64_t seed,
	struct tally *t)
{
	char end[128];
	bool seen;

	if (c->deadlocks)
		return judge_tsan(c, r, seed, t) && judge_deadlock(r, seed, t);
	if (!r->ended || !(exited_with(r, 0) || (tsan_is_on() && exited_with(r, TSAN_EXIT)))) {
		say_end(r, end, sizeof end);
		return no(t, seed, "%s", end);
	}
	t->bad += r->outcome.bad;
	t->of += r->outcome.of;
	seen = r->outcome.least > 0 && r->outcome.bad >= r->outcome.least;
	t->invariant += seen;
	if (!seen)
		no(t, seed, "%" PRIu64 " of %" PRIu64 " %s, and not %" PRIu64 " or more",
			r->outcome.bad, r->outcome.of, c->bad, r->outcome.least);
	return judge_tsan(c, r, seed, t) && seen;
}

static bool judge_time(const struct options *o, const struct run *r, uint64_t seed, struct tally *t)
{
	return o->slowest <= 0 || r->seconds <= o->slowest ||
	       no(t, seed, "took %.2f s", r->seconds);
}

/* Not judged, but it must have come to an end to be shown. */
static bool judge_natural(const struct run *r, struct tally *t)
{
	t->bad += r->outcome.bad;
	t->of += r->outcome.of;
	return r->ended;
}

bool judge(const struct options *o, const struct stress_case *c, enum stress_mode mode,
	const struct run *r, uint64_t seed, struct tally *t)
{
	bool good = false;

	t->runs++;
	t->total += r->seconds;
	t->ops += r->ops;
	t->waits += r->waits;
	if (r->seconds > t->slowest)
		t->slowest = r->seconds;
	memcpy(t->notes, r->notes, sizeof t->notes);
	switch (mode) {
	case STRESS_BROKEN:
		good = judge_broken(c, r, seed, t) && judge_time(o, r, seed, t);
		break;
	case STRESS_NATURAL:
		good = judge_natural(r, t);
		break;
	case STRESS_RIGHT:
		good = judge_right(c, r, seed, t);
		break;
	}
	if (!good && (r->killed || exited_with(r, STRESS_EXIT_STUCK)))
		t->stuck++;
	t->good += good;
	return good;
}
