/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several mutexes by one call: no deadlock whatever the order of the array, one that stands
 * there twice is locked once, and at a deadline none is kept.
 */
#include <errno.h>

#include "explorer/model.h"

static pawl_mutex m[2];
static int count[2];

static void make(void)
{
	model_name(m, sizeof m, "m");
}

static void destroy(void)
{
	for (int i = 0; i < 2; i++)
		pawl_mutex_destroy(&m[i]);
}

static void visit_both(pawl_mutex *const list[], size_t n)
{
	pawl_mutex_lock_all(list, n);
	MODEL_CHECK(pawl_mutex_is_mine(&m[0]) && pawl_mutex_is_mine(&m[1]));
	count[0]++;
	count[1]++;
	pawl_mutex_unlock_all(list, n);
	MODEL_CHECK(!pawl_mutex_is_mine(&m[0]) && !pawl_mutex_is_mine(&m[1]));
}

static void visit_one(int i)
{
	pawl_mutex_lock(&m[i]);
	count[i]++;
	pawl_mutex_unlock(&m[i]);
}

static void both_orders(unsigned who)
{
	pawl_mutex *const upwards[] = { &m[0], &m[1] };
	pawl_mutex *const downwards[] = { &m[1], &m[0], &m[1] };

	if (who == 1)
		visit_both(upwards, 2);
	else
		visit_both(downwards, 3);
}

static void beside_single(unsigned who)
{
	pawl_mutex *const downwards[] = { &m[1], &m[0] };

	if (who == 1) {
		visit_both(downwards, 2);
	} else {
		visit_one(1);
		visit_one(0);
	}
}

static void judge(void)
{
	MODEL_CHECK(count[0] == 2 && count[1] == 2);
	destroy();
}

MODEL(mutex_all, .about = "two mutexes in both orders", .threads = 2,
      .enter = model_attach, .setup = make, .thread = both_orders, .finish = judge);

MODEL(mutex_all_single, .about = "two mutexes, beside single locks", .threads = 2,
      .enter = model_attach, .setup = make, .thread = beside_single, .finish = judge);

static void enter(unsigned who)
{
	model_attach(who);
	if (who == 2)
		pawl_mutex_lock(&m[1]);
}

/* Thread 2 holds the second while it waits for the first, so it is the deadline of thread 1
 * that ends this where thread 1 was first. */
static void crosswise(unsigned who)
{
	pawl_mutex *const list[] = { &m[0], &m[1] };
	int err;

	if (who == 2) {
		pawl_mutex_lock(&m[0]);
		pawl_mutex_unlock_all(list, 2);
		return;
	}
	err = pawl_mutex_lock_all_until(list, 2, model_soon());
	MODEL_CHECK(err == 0 || err == ETIMEDOUT);
	for (int i = 0; i < 2; i++)
		MODEL_CHECK(pawl_mutex_is_mine(&m[i]) == (err == 0));
	if (err == 0)
		pawl_mutex_unlock_all(list, 2);
	model_saw(err != 0);
}

MODEL(mutex_all_until, .about = "all or none at a deadline", .threads = 2,
      .setup = make, .enter = enter, .thread = crosswise, .finish = destroy,
      .sights = { "all were locked", "the deadline passed" });
