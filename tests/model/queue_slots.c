/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Reserved slots: one that nobody commits costs one slot, and nobody's wait; a commit that comes
 * when the queue is closed leaves the item to its owner.  Several items at once.
 */
#include "queue_model.h"

/* What only makes more schedules of three, and is in the models of two. */
enum { NOISE = NO_MEMORY | CLOCK_JUMPS | SPINS | SPURIOUS_WAKES };

static int *slot;
static int kept, got[ITEMS];

static void make_one(void)
{
	make_queue(1);
}

static void make_two(void)
{
	make_queue(2);
}

static void reserve(void)
{
	void *room = NULL;

	MODEL_CHECK(pawl_queue_reserve(jobs, PAWL_FOREVER, &room) == 0);
	slot = room;
}

static void take(int item)
{
	MODEL_CHECK(item < ITEMS);
	if (item > 0)
		got[item]++;
}

/* Each of the items from 1 came once, or was @kept_one. */
static void judge(int items)
{
	int item;

	close_queue();
	while ((item = trypop()) > 0)
		take(item);
	for (int i = 1; i <= items; i++)
		MODEL_CHECK(got[i] + (i == kept) == 1);
	pawl_queue_free(jobs);
}

static void judge_one(void)
{
	judge(1);
}

static void judge_two(void)
{
	judge(2);
}

/* Return: as commit. */
static int commit(int item)
{
	int rc;

	*slot = item;
	model_invoke(PUSH, item);
	rc = pawl_queue_commit(jobs, slot);
	model_return(rc);
	if (rc != 0) {
		MODEL_CHECK(rc == EPIPE && *slot == item);
		kept = item;
		pawl_queue_abandon(jobs, slot);
	}
	return rc;
}

static void commit_close_pop(unsigned who)
{
	if (who == 1) {
		model_saw(commit(1) == 0 ? 0 : 1);
	} else if (who == 2) {
		close_queue();
	} else {
		int item = pop(PAWL_FOREVER);

		model_saw(item > 0 ? 2 : 3);
		take(item);
	}
}

static void make_reserved(void)
{
	make_one();
	reserve();
}

MODEL(queue_commit, .about = "T1 commits, T2 closes, T3 pops; capacity 1", .threads = 3,
      .setup = make_reserved, .thread = commit_close_pop, .finish = judge_one,
      .enter = model_attach, .spec = &fifo, .without = NOISE,
      .sights = { "committed", "too late", "popped", "nothing was left" });

/* A slot is reserved, for good: the other one goes round. */
static void make_held(void)
{
	make_two();
	reserve();
}

static void pass_by(unsigned who)
{
	for (int i = 1; i <= 2; i++)
		if (who == 1)
			MODEL_CHECK(push(i, PAWL_FOREVER) == 0);
		else
			take(pop(PAWL_FOREVER));
}

static void abandon_it(void)
{
	int item = 1;

	MODEL_CHECK(pawl_queue_trypush(jobs, &item) == 0);
	MODEL_CHECK(pawl_queue_trypush(jobs, &item) == EAGAIN);
	pawl_queue_abandon(jobs, slot);
	MODEL_CHECK(pawl_queue_trypush(jobs, &item) == 0);
	MODEL_CHECK(got[1] == 1 && got[2] == 1);
	pawl_queue_free(jobs);
}

MODEL(queue_reserved, .about = "one of two slots is reserved; T1 pushes two, T2 pops two",
      .threads = 2, .setup = make_held, .thread = pass_by, .finish = abandon_it,
      .enter = model_attach, .spec = &fifo);

/* Its place in the order is that of the commit; and what is given back is there for a push. */
static void commit_or_push(unsigned who)
{
	if (who == 1) {
		reserve();
		(void)commit(1);
		reserve();
		pawl_queue_abandon(jobs, slot);
	} else {
		MODEL_CHECK(push(2, PAWL_FOREVER) == 0);
		take(pop(PAWL_FOREVER));
	}
}

MODEL(queue_abandon, .about = "T1 commits, then abandons, T2 pushes and pops; capacity 2",
      .threads = 2, .setup = make_two, .thread = commit_or_push, .finish = judge_two,
      .enter = model_attach, .spec = &fifo);

/*** Several ***********************************************************************************/

static void push_many_pop_many(unsigned who)
{
	static const int items[] = { 1, 2, 3 };
	int taken[2];
	size_t n;

	if (who == 1) {
		for (size_t done = 0; done < 3; done += n) {
			MODEL_CHECK(pawl_queue_push_n(jobs, items + done, 3 - done, PAWL_FOREVER,
						      &n) == 0);
			MODEL_CHECK(n > 0 && n <= 3 - done);
			model_saw(n > 1 ? 0 : 1);
		}
		return;
	}
	for (size_t done = 0; done < 3; done += n) {
		MODEL_CHECK(pawl_queue_pop_n(jobs, taken, 2, PAWL_FOREVER, &n) == 0);
		MODEL_CHECK(n > 0 && n <= 2);
		for (size_t i = 0; i < n; i++) {
			MODEL_CHECK(taken[i] == (int)(done + i) + 1);
			take(taken[i]);
		}
		model_saw(n > 1 ? 2 : 3);
	}
}

static void judge_three(void)
{
	judge(3);
}

MODEL(queue_many, .about = "T1 pushes three, T2 pops two at a time; capacity 2", .threads = 2,
      .setup = make_two, .thread = push_many_pop_many, .finish = judge_three,
      .enter = model_attach,
      .sights = { "two pushed", "one pushed", "two popped", "one popped" });

static void push_many_or_close(unsigned who)
{
	static const int items[] = { 1, 2 };
	size_t n;
	int rc;

	if (who == 1) {
		pawl_queue_close(jobs);
		return;
	}
	rc = pawl_queue_push_n(jobs, items, 2, PAWL_FOREVER, &n);
	MODEL_CHECK(rc == (n > 0 ? 0 : EPIPE));
	model_saw((unsigned)n);
	for (size_t i = n; i < 2; i++)
		got[items[i]]++;
}

MODEL(queue_many_close, .about = "T1 closes, T2 pushes two; capacity 2", .threads = 2,
      .setup = make_two, .thread = push_many_or_close, .finish = judge_two,
      .enter = model_attach, .sights = { "too late", "one pushed", "two pushed" });
