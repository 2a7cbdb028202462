/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * list_give_up.c - waiters that give up meet who takes them off: each is signalled once, or
 * is gone, and never both.  Straight on wait/list.h and wait/park.h.
 *
 * The list is an object of its own here: when it is closed nobody joins any more, so that the
 * last to take waiters off gets them all.
 */
#include "explorer/model.h"
#include "wait/list.h"

enum sight { ANSWERED, GAVE_UP, SIGNAL_UNDER_WAY };

static uint64_t word;
static uintptr_t queue;
static bool closed;		/* guarded by the list */
static unsigned joined, popped;	/* the same: numbers in line */

/* A waiter's key leads to its thread's. */
static struct place {
	unsigned number;
	unsigned signals;	/* written by who signals, read by who was signalled */
	bool gone;
} places[MODEL_THREADS + 1];

static void setup(void)
{
	model_name(&word, sizeof word, "word");
	model_name(&queue, sizeof queue, "queue");
}

/* Return: false: it is closed. */
static bool join(struct waiter *w, unsigned who)
{
	struct place *p = &places[who];
	bool had;

	pawl_i_waiter_arm(w);
	w->key = p;
	pawl_i_list_lock(&word);
	if (closed) {
		pawl_i_list_unlock(&word, 0);
		return false;
	}
	p->number = ++joined;
	had = list_first(queue) != NULL;
	pawl_i_list_push_back(&queue, w);
	pawl_i_list_unlock(&word, pawl_i_list_mark(queue, had));
	return true;
}

/* Return: the answer; 0: it gave up. */
static uint32_t park_until(struct waiter *w, pawl_time deadline)
{
	struct wait_for what = { "list", &queue, NULL };
	uint32_t answer = pawl_i_park(w, &what, deadline);

	if (answer != 0)
		return answer;
	if (pawl_i_list_give_up(&word, &queue, w))
		return 0;
	model_saw(SIGNAL_UNDER_WAY);
	return pawl_i_park_signal(w);
}

/* The waiter is on the list, or was. */
static void wait_until(struct waiter *w, unsigned who, pawl_time deadline)
{
	struct place *p = &places[who];
	uint32_t answer = park_until(w, deadline);

	if (answer == 0) {
		model_saw(GAVE_UP);
		p->gone = true;
		return;
	}
	model_saw(ANSWERED);
	MODEL_CHECK(answer == GRANT || answer == RETRY);
	MODEL_CHECK(p->signals == 1);
}

/* Return: the place of @w, which is first in line. */
static struct place *place_of(const struct waiter *w)
{
	struct place *p = &places[(const struct place *)w->key - places];

	MODEL_CHECK(p->number > popped);
	popped = p->number;
	return p;
}

static void signal_first(void)
{
	struct place *p = NULL;
	struct waiter *w;

	pawl_i_list_lock(&word);
	w = pawl_i_list_pop(&queue);
	if (w)
		p = place_of(w);
	pawl_i_list_unlock(&word, pawl_i_list_mark(queue, w != NULL));
	if (!w)
		return;
	p->signals++;
	pawl_i_signal(w, GRANT);
}

static void close_and_signal_all(void)
{
	struct waiter *all;
	bool had;

	pawl_i_list_lock(&word);
	had = list_first(queue) != NULL;
	all = pawl_i_list_take(&queue, NULL);
	closed = true;
	pawl_i_list_unlock(&word, pawl_i_list_mark(queue, had));
	for (struct waiter *w = all; w; w = w->next)
		place_of(w)->signals++;
	pawl_i_list_signal_chain(all, RETRY);
}

static void two_give_up(unsigned who)
{
	struct waiter w;

	if (who < 3) {
		if (join(&w, who))
			wait_until(&w, who, model_soon());
		return;
	}
	signal_first();
	close_and_signal_all();
}

static void nobody_is_left(void)
{
	MODEL_CHECK(word == 0 && queue == 0);
	for (struct place *p = places; p <= &places[MODEL_THREADS]; p++)
		MODEL_CHECK(p->signals == (p->number > 0 && !p->gone));
}

MODEL(list_give_up, .about = "two have deadlines, one signals the first, and then all",
      .threads = 3, .enter = model_attach, .setup = setup, .thread = two_give_up,
      .finish = nobody_is_left,
      .sights = { "a waiter was answered", "a waiter gave up",
		  "a deadline passed while the signal was under way" });

/* Three waiters, as it takes a middle one to leave a list by its links; and since that is
 * much, they are in line from the beginning. */
static struct waiter *in_line[4];

static void join_line(unsigned who)
{
	model_attach(who);
	if (who == 4)
		return;
	in_line[who] = model_alloc(sizeof **in_line);
	MODEL_CHECK(join(in_line[who], who));
}

static void three_give_up(unsigned who)
{
	if (who == 4) {
		close_and_signal_all();
		return;
	}
	wait_until(in_line[who], who, who == 1 ? PAWL_FOREVER : model_soon());
	model_free(in_line[who]);
}

MODEL(list_three, .about = "two of three in line have deadlines, one signals all", .threads = 4,
      .enter = join_line, .setup = setup, .thread = three_give_up, .finish = nobody_is_left,
      .sights = { "a waiter was answered", "a waiter gave up",
		  "a deadline passed while the signal was under way" });
