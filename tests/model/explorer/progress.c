/* SPDX-License-Identifier: BSD-2-Clause */
/* progress.c - see progress.h. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wait/context.h"

#include "explorer/engine.h"
#include "explorer/explore.h"
#include "explorer/progress.h"
#include "explorer/shrink.h"
#include "explorer/symbols.h"

enum {
	SUBJECT = 1,
	FINDINGS = 256,
	DOUBLINGS = 3,		/* peers make 1, 2 and 4 rounds */
	STEP_RUNS = 500,	/* random ones, to see the most steps */
	CLIMB_RUNS = 5000,	/* from the best of them upwards */
	FREEZE_RUNS = 60,	/* random ones at each point where a peer is frozen */
	FREEZE_CLIMB_RUNS = 60
};

/* How the subject's call waits. */
enum wait {
	IN_A_LOOP,		/* for ever: for who stands in its way */
	FOR_A_SIGNAL,		/* for ever: for who took it over */
	IN_ITS_SLEEP,		/* for ever, for what it called for */
	UNTIL_DEADLINE,		/* it ended, but only because time passed */
	WAITS
};

struct witness {
	bool there;
	unsigned frozen;	/* thread */
	uintptr_t frozen_pc, subject_pc;
	const char *kind;	/* of the object that the subject sleeps for; NULL: unknown */
};

/* A row of the table; there may be several cases of one. */
struct finding {
	const struct progress *row;	/* its first case */
	const struct model *model;	/* the case under way */
	uint32_t most[DOUBLINGS];	/* own steps of the subject, of all cases */
	bool grows;		/* in some case */
	unsigned points;	/* peers' steps at which they were frozen */
	uint64_t runs;
	struct witness witness[WAITS];
	char failure[REASON_MAX];
};

/* Of the exploration under way. */
struct look {
	struct finding *finding;
	unsigned frozen;	/* thread; 0: none */
	unsigned doublings;	/* index of most[] */
	bool happened;		/* it was frozen in some run */
	bool exact;		/* time passes only when nobody can go on */
};

static struct finding findings[FINDINGS];
static unsigned finding_count;
static unsigned rounds = 1;

static uint32_t most[DOUBLINGS];	/* own steps of the subject, of this case */
static struct schedule best;		/* in which it took the last of them */
static uint64_t random_state;

static bool time_passed;		/* during the call of this run */
static bool freezing;			/* a thread, at one of its steps */

unsigned progress_rounds(void)
{
	return rounds;
}

void progress_enter(unsigned who)
{
	time_passed = false;
	if (!engine.model->progress->unattached)
		model_attach(who);
}

/* With somebody frozen the run is over by its end: what follows cannot delay it. */
static void call_it(const struct progress *p)
{
	struct thread *t = engine.current;
	int64_t began = engine.now;

	t->subject = true;
	p->call();
	t->subject = false;
	time_passed = engine.now > began;
	if (freezing)
		leave_run(PASSED);
}

void progress_thread(unsigned who)
{
	const struct progress *p = engine.model->progress;

	if (who == SUBJECT) {
		if (p->before)
			p->before();
		call_it(p);
		if (p->after)
			p->after();
		return;
	}
	for (unsigned i = 0; i < rounds; i++)
		p->peer(who);
}

static void note_witness(const struct look *l, enum wait wait, const char *kind)
{
	struct witness *w = &l->finding->witness[wait];

	if (!w->there)
		*w = (struct witness){
			true, l->frozen, engine.thread[l->frozen].pc, engine.thread[SUBJECT].pc, kind
		};
}

static void note_stuck(const struct look *l)
{
	const struct thread *t = &engine.thread[SUBJECT];
	const struct context *c = t->local.tls.context;

	if (t->state != ASLEEP)
		note_witness(l, IN_A_LOOP, NULL);
	else if (engine.model->progress->timed && c && c->kind && strcmp(c->kind, "cond") == 0)
		note_witness(l, FOR_A_SIGNAL, NULL);	/* else it could give up */
	else
		note_witness(l, IN_ITS_SLEEP, c ? c->kind : NULL);
}

static void copy_schedule(struct schedule *to, const struct schedule *from)
{
	to->count = from->count;
	memcpy(to->picks, from->picks, from->count * sizeof from->picks[0]);
}

/* A run that froze somebody. */
static void look_at_frozen(struct look *l)
{
	const struct thread *t = &engine.thread[SUBJECT];

	l->happened = true;
	if (engine.outcome == STUCK && t->subject)
		note_stuck(l);
	else if (l->exact && engine.model->progress->timed && time_passed)
		note_witness(l, UNTIL_DEADLINE, NULL);
}

/* After a run. */
static void look_at(const struct model *m, void *arg)
{
	struct look *l = arg;
	struct finding *f = l->finding;
	uint32_t steps = engine.thread[SUBJECT].subject_steps;

	(void)m;
	f->runs++;
	if (l->frozen != 0) {
		if (engine.thread[l->frozen].state == FROZEN)
			look_at_frozen(l);
	} else if (steps >= most[l->doublings]) {
		most[l->doublings] = steps;
		copy_schedule(&best, &chooser.made);
	}
}

/* Return: false: a run failed. */
static bool explore_by(struct look *l, struct plan plan)
{
	struct finding *f = l->finding;
	struct result r;

	plan.seed = 1;
	plan.seconds = 300;
	l->exact = plan.strategy == SEARCH;
	r = explore(f->model, &plan, look_at, l);
	if (!r.exhausted)
		snprintf(f->failure, sizeof f->failure, "%s", r.failed ? r.reason : "out of time");
	return r.exhausted;
}

static uint32_t below(uint32_t n)
{
	random_state = mix(random_state, 1);
	return (uint32_t)((random_state >> 32) * n >> 32);
}

/* The best schedule, a few choices less and a few more. */
static void change(struct schedule *s, unsigned threads)
{
	s->count = 0;
	for (size_t i = 0; i < best.count; i++)
		if (below(16) != 0)
			s->picks[s->count++] = best.picks[i];
	for (uint32_t i = below(4); i > 0 && s->count < PICKS_MAX; i--) {
		uint32_t who = 1 + below(threads);

		s->picks[s->count++] = (struct pick){
			(uint16_t)who, (uint16_t)(1 + below(threads)),
			1 + below(engine.thread[who].decisions + 2)
		};
	}
}

/* An adversary: what delays the subject more is built upon. */
static bool climb(struct look *l, unsigned runs)
{
	static struct schedule s;
	struct finding *f = l->finding;

	l->exact = false;
	while (runs-- > 0) {
		change(&s, f->model->threads);
		replay_run(f->model, &s);
		if (engine.outcome == FAILED) {
			memcpy(f->failure, engine.reason, sizeof f->failure);
			return false;
		}
		look_at(f->model, l);
	}
	return true;
}

/* How many steps does it take?  Return: false: a run failed. */
static bool count_steps(struct finding *f, unsigned doublings)
{
	struct look l = { .finding = f, .doublings = doublings };

	rounds = 1u << doublings;
	best.count = 0;
	random_state = 1;
	return explore_by(&l, (struct plan){ .strategy = SEARCH, .bounds = { 1, 0 } }) &&
		explore_by(&l, (struct plan){ .strategy = RANDOM, .runs = STEP_RUNS }) &&
		explore_by(&l, (struct plan){ .strategy = PCT, .depth = 5, .runs = STEP_RUNS }) &&
		climb(&l, CLIMB_RUNS);
}

/* Freeze @who at its @step; by schedules near the best one too, which led into trouble.
 * Return: whether it takes that many, and no run failed. */
static bool freeze_at(struct finding *f, unsigned who, uint32_t step)
{
	struct look l = { .finding = f, .frozen = who };
	bool good;

	engine.thread[who].freeze_at = step;
	freezing = true;
	good = explore_by(&l, (struct plan){ .strategy = SEARCH, .bounds = { 1, 0 } }) &&
		explore_by(&l, (struct plan){ .strategy = RANDOM, .runs = FREEZE_RUNS }) &&
		climb(&l, FREEZE_CLIMB_RUNS);
	engine.thread[who].freeze_at = 0;
	freezing = false;
	f->points += l.happened;
	return good && l.happened;
}

static void freeze_each(struct finding *f)
{
	for (unsigned who = SUBJECT + 1; who <= f->model->threads; who++)
		for (uint32_t step = 1; freeze_at(f, who, step); step++)
			;
}

static bool is_blocking(const struct finding *f)
{
	for (unsigned i = 0; i < WAITS; i++)
		if (f->witness[i].there)
			return true;
	return false;
}

static struct finding *row_of(const struct progress *p)
{
	struct finding *f = findings;

	while (f < findings + finding_count && (strcmp(f->row->function, p->function) != 0 ||
						strcmp(f->row->when, p->when) != 0))
		f++;
	if (f == findings + finding_count) {
		if (finding_count++ == FINDINGS) {
			fprintf(stderr, "explorer: more rows of progress than FINDINGS\n");
			exit(99);
		}
		f->row = p;
	}
	return f;
}

bool progress_find(const struct model *m)
{
	struct finding *f = row_of(m->progress);

	if (f->failure[0])
		return false;
	f->model = m;
	memset(most, 0, sizeof most);
	if (!count_steps(f, 0))
		return false;
	freeze_each(f);
	for (unsigned i = 1; i < DOUBLINGS && !f->failure[0] && !is_blocking(f); i++)
		(void)count_steps(f, i);
	for (unsigned i = 0; i < DOUBLINGS; i++) {
		f->grows |= most[i] > most[0];
		f->most[i] = most[i] > f->most[i] ? most[i] : f->most[i];
	}
	return !f->failure[0];
}

static const char *class_of(const struct finding *f)
{
	if (f->failure[0])
		return "FAILED";
	if (is_blocking(f))
		return "blocking";
	if (f->grows || f->row->lock_free)
		return "lock-free";
	return "wait-free";
}

static void print_place(uintptr_t pc)
{
	const struct place *p = symbols_place(pc);

	if (p->label[0])
		printf("%s in ", p->label);
	printf("%s()", p->function);
}

static void print_witness(const struct witness *w, enum wait wait)
{
	static const char *const names[] = { "loop", "signal", "sleep", "deadline" };

	if (!w->there)
		return;
	printf("  %s: T%u stops at ", names[wait], w->frozen);
	print_place(w->frozen_pc);
	if (wait == IN_A_LOOP) {
		printf(", T1 looks at ");
		print_place(w->subject_pc);
	} else if (w->kind) {
		printf(", T1 sleeps for %s", w->kind);
	}
}

static void print_finding(const struct finding *f)
{
	const struct progress *p = f->row;

	printf("%-26s | %-38s | %-9s | %6u | %7llu | %3u %3u %3u |", p->function, p->when,
	       class_of(f), f->points, (unsigned long long)f->runs, f->most[0], f->most[1],
	       f->most[2]);
	for (unsigned i = 0; i < WAITS; i++)
		print_witness(&f->witness[i], i);
	if (p->lock_free)
		printf("  (%s)", p->lock_free);
	printf("%s%s\n", f->failure[0] ? "  " : "", f->failure);
}

static void load_symbols(void)
{
	static uintptr_t pcs[2 * WAITS * FINDINGS];
	size_t n = 0;

	for (unsigned i = 0; i < finding_count; i++)
		for (unsigned k = 0; k < WAITS; k++) {
			const struct witness *w = &findings[i].witness[k];

			if (w->there) {
				pcs[n++] = w->frozen_pc;
				pcs[n++] = w->subject_pc;
			}
		}
	symbols_load(pcs, n);
}

/* The order of the models is the linker's. */
static int by_name(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	int order = strcmp(x->row->function, y->row->function);

	return order != 0 ? order : strcmp(x->row->when, y->row->when);
}

void progress_print(void)
{
	load_symbols();
	qsort(findings, finding_count, sizeof findings[0], by_name);
	printf("%-26s | %-38s | %-9s | frozen |    runs |       steps | waits\n", "function",
	       "when", "class");
	for (unsigned i = 0; i < finding_count; i++)
		print_finding(&findings[i]);
}
