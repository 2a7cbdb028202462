/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_mixed.c - threads, tasks and callbacks in one queue, for every wait that there is
 * (mixed_verbs.c).  In virtual time, so that all stand there before anything happens to them.
 */
#include "config.h"

#include <errno.h>
#include <string.h>

#include <pawl/pawl.h>

#include "runtime/task.h"

#include "mixed_verbs.h"

enum kind { THREAD, TASK, LOOP_OP, INLINE_OP, KINDS };
enum { EACH = 6, MOST = EACH * KINDS };

/* How a wait may end besides. */
enum end { BY_GRANT, BY_DEADLINE, BY_CANCEL, ENDS };

struct one {
	enum kind kind;
	enum end end;
	unsigned id;
	pawl_time deadline;
	struct worker worker;
	pawl_op op;
	int rc;
};

static const struct verb *verb;
static struct one all[MOST];
static unsigned count;			/* of them, in the order in which they came */
static pawl_cancel *source;
static pawl_cq *cq;
static uint32_t shown;			/* of those, threads and tasks, which dumps show */
static uint32_t passed_count, ended_count;
static unsigned passed[MOST];		/* ids, in the order in which they passed */

static uint32_t look(const uint32_t *p)
{
	return __atomic_load_n(p, __ATOMIC_ACQUIRE);
}

/*** A wait, by kind ***************************************************************************/

static void got_it(void *arg)
{
	const struct one *o = arg;

	passed[__atomic_fetch_add(&passed_count, 1, __ATOMIC_ACQ_REL)] = o->id;
}

static void end(struct one *o, int rc)
{
	o->rc = rc;
	__atomic_fetch_add(&ended_count, 1, __ATOMIC_RELEASE);
}

static void wait_once(void *arg)
{
	struct one *o = arg;
	pawl_scope scope;
	int rc;

	must(pawl_i_task_is_one() == (o->kind == TASK));
	pawl_scope_enter(&scope, PAWL_FOREVER, o->end == BY_CANCEL ? source : NULL, 0);
	rc = verb->wait(o->deadline, got_it, o);
	end(o, pawl_scope_leave(&scope, rc));
}

static void done(pawl_op *op, int rc)
{
	struct one *o = pawl_op_user(op);

	if (rc == 0) {
		got_it(o);
		if (verb->finish)
			verb->finish();
	}
	end(o, rc);
}

static void start_op(struct one *o)
{
	if (o->kind == LOOP_OP) {
		pawl_op_init(&o->op, cq, done, o);
		pawl_op_deadline(&o->op, o->deadline);
	} else {
		pawl_op_init_inline(&o->op, done, o);
	}
	must(verb->start(&o->op) == EINPROGRESS);
}

/* Return: how many waits a dump shows. */
static unsigned waits_shown(void)
{
	static char text[65536];
	unsigned n = 0;

	dump_read(text, sizeof text);
	for (const char *at = text; (at = strstr(at, " waits ")) != NULL; at++)
		n++;
	return n;
}

/* It stands in the queue when this returns. */
static void start(struct one *o)
{
	if (o->kind == LOOP_OP || o->kind == INLINE_OP) {
		start_op(o);
		return;
	}
	if (o->kind == THREAD)
		worker_start(&o->worker, wait_once, o);
	else
		must(pawl_i_task_spawn(wait_once, o) == 0);
	shown++;
	while (waits_shown() < shown)
		nap(PAWL_US(50));
	must(waits_shown() == shown);
}

/*** A crowd ***********************************************************************************/

static pawl_latch no_more_tasks;
static struct worker host;

static void holds_the_worker(void *arg)
{
	(void)arg;
	must(pawl_latch_wait_until(&no_more_tasks, PAWL_FOREVER) == 0);
}

static void run_tasks(void *arg)
{
	(void)arg;
	must(pawl_i_tasks_run() == 0);
}

static bool has_kind(enum kind kind)
{
	return kind == THREAD || kind == TASK || verb->start;
}

/* Kinds follow each other in another way each time. */
static void gather(unsigned shift, bool with_ends)
{
	count = 0;
	passed_count = ended_count = 0;
	must(pawl_cancel_open(NULL, &source) == 0);
	must(pawl_cq_open(&cq) == 0);
	no_more_tasks = (pawl_latch)PAWL_LATCH_INIT(1);
	must(pawl_i_task_spawn(holds_the_worker, NULL) == 0);
	worker_start(&host, run_tasks, NULL);
	worker_await_wait(&host, "latch", &no_more_tasks);
	verb->open(EACH * (verb->start ? KINDS : 2));
	shown = waits_shown();
	for (unsigned i = 0; i < MOST; i++) {
		struct one *o = &all[count];

		*o = (struct one){ .kind = (i + i / KINDS * shift) % KINDS, .id = count,
			.end = with_ends ? (i + i / KINDS + shift) % ENDS : BY_GRANT,
			.deadline = PAWL_FOREVER, .rc = -1 };
		if (!has_kind(o->kind))
			continue;
		if (o->end == BY_DEADLINE && o->kind == INLINE_OP)
			o->end = BY_CANCEL;	/* they have no deadlines */
		if (o->end == BY_DEADLINE)
			o->deadline = pawl_after(PAWL_S(1));
		count++;
		start(o);
	}
}

static void settle(void)
{
	(void)pawl_cq_dispatch(cq, 0);
	nap(PAWL_US(20));
}

static void part(void)
{
	for (unsigned i = 0; i < count; i++)
		if (all[i].kind == THREAD)
			worker_join(&all[i].worker);
	pawl_latch_arrive(&no_more_tasks);
	worker_join(&host);
	pawl_cq_close(cq);
	pawl_cancel_close(source);
	verb->close();
}

static bool is_in_order(void)
{
	int last = -1;

	for (unsigned i = 0; i < passed_count; i++) {
		if (verb->serves == IN_TURN_OR_LATE && all[passed[i]].end != BY_GRANT)
			continue;
		if (last >= (int)passed[i])
			return false;
		last = (int)passed[i];
	}
	return true;
}

/*** All are granted it ************************************************************************/

static void serve_all(void)
{
	unsigned grants = verb->serves == ONE_BY_ONE ? count : 1;

	for (unsigned i = 1; i <= grants; i++) {
		verb->grant();
		while (look(&ended_count) < (grants == 1 ? count : i))
			settle();
	}
}

static void check_all_pass(unsigned shift)
{
	unsigned of_kind[KINDS] = { 0 };

	gather(shift, false);
	serve_all();
	part();
	assert_int_equal(passed_count, count);
	if (verb->serves != IN_ANY_ORDER && verb->serves != ALL_AT_ONCE)
		assert_true(is_in_order());
	for (unsigned i = 0; i < count; i++) {
		assert_int_equal(all[i].rc, 0);
		of_kind[all[i].kind]++;
	}
	/* Each of them was seen to wait. */
	for (enum kind kind = 0; kind < KINDS; kind++)
		assert_int_equal(of_kind[kind], has_kind(kind) ? EACH : 0);
}

static void all_kinds_stand_in_one_queue(void **state)
{
	(void)state;
	FOR_EACH_VERB(v) {
		note("%s", v->name);
		verb = v;
		for (unsigned shift = 0; shift < 3; shift++)
			check_all_pass(shift);
	}
}

/*** Some of them give up about then ***********************************************************/

static void cancel_some(void *arg)
{
	(void)arg;
	pawl_cancel_fire(source, 1);
	for (unsigned i = 0; i < count; i++)
		if (all[i].end == BY_CANCEL && all[i].kind >= LOOP_OP)
			(void)pawl_op_cancel(&all[i].op);
}

static void let_deadlines_pass(void *arg)
{
	(void)arg;
	must(pawl_clock_advance(PAWL_S(1)) == 0);
}

/* Who was not granted it, gave up. */
static void grant_until_all_ended(void)
{
	do {
		verb->grant();
		for (int i = 0; i < 20 && look(&ended_count) < count; i++)
			settle();
	} while (verb->serves == ONE_BY_ONE && look(&ended_count) < count);
	while (look(&ended_count) < count)
		settle();
}

static void check_rc(const struct one *o)
{
	if (o->rc == 0)
		return;
	assert_int_not_equal(o->end, BY_GRANT);
	assert_int_equal(o->rc, o->end == BY_DEADLINE ? ETIMEDOUT : ECANCELED);
}

/* Return: how many did not pass. */
static unsigned judge(void)
{
	unsigned passes = 0;

	for (unsigned i = 0; i < count; i++) {
		check_rc(&all[i]);
		passes += all[i].rc == 0;
	}
	assert_int_equal(passed_count, passes);
	if (verb->serves == IN_TURN || verb->serves == IN_TURN_OR_LATE)
		assert_true(is_in_order());
	return count - passes;
}

static uint32_t giving_up(void)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < count; i++)
		n += all[i].end != BY_GRANT;
	return n;
}

static void all_others_are_served_when_some_gave_up(void **state)
{
	(void)state;
	FOR_EACH_VERB(v) {
		unsigned failed[KINDS] = { 0 };

		if (v->breaks)
			continue;
		note("%s", v->name);
		verb = v;
		gather(1, true);
		cancel_some(NULL);
		let_deadlines_pass(NULL);
		while (look(&ended_count) < giving_up())
			settle();
		assert_int_equal(passed_count, 0);
		grant_until_all_ended();
		part();
		(void)judge();
		for (unsigned i = 0; i < count; i++) {
			assert_int_equal(all[i].rc == 0, all[i].end == BY_GRANT);
			failed[all[i].kind] += all[i].rc != 0;
		}
		for (enum kind kind = 0; kind < KINDS; kind++)
			assert_true(failed[kind] > 0 || !has_kind(kind));
	}
}

static void grants_deadlines_and_cancels_may_meet(void **state)
{
	(void)state;
	FOR_EACH_VERB(v) {
		unsigned gave_up = 0;

		if (v->breaks)
			continue;
		verb = v;
		for (unsigned round = 0; round < ROUNDS(10); round++) {
			struct worker w[2];

			gather(round, true);
			worker_start(&w[0], cancel_some, NULL);
			worker_start(&w[1], let_deadlines_pass, NULL);
			grant_until_all_ended();
			worker_join(&w[0]);
			worker_join(&w[1]);
			part();
			gave_up += judge();
		}
		note("%s: %u of %u gave up", v->name, gave_up, ROUNDS(10) * count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_kinds_stand_in_one_queue),
		TEST(all_others_are_served_when_some_gave_up),
		TEST(grants_deadlines_and_cancels_may_meet),
	};

	must(pawl_clock_set_virtual(PAWL_S(1)) == 0);
	return test_main(tests);
}
