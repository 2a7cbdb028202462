/* SPDX-License-Identifier: BSD-2-Clause */
/* any_kinds.c - see any_kinds.h. */
#include "config.h"

#include <errno.h>

#include "any_kinds.h"

static void *the_sem(struct things *t)
{
	return &t->sem;
}

static void *the_event(struct things *t)
{
	return &t->event;
}

static void *the_notify(struct things *t)
{
	return &t->notify;
}

static void *the_future(struct things *t)
{
	return &t->future;
}

static void *the_cancel(struct things *t)
{
	return t->cancel;
}

static void *the_latch(struct things *t)
{
	return &t->latch;
}

static void *the_queue(struct things *t)
{
	return t->queue;
}

static void grant_sem(struct things *t)
{
	pawl_sem_release(&t->sem, 1);
}

static void grant_event(struct things *t)
{
	pawl_event_set(&t->event);
}

static void grant_notify(struct things *t)
{
	pawl_notify_one(&t->notify);
}

static void grant_future(struct things *t)
{
	must(pawl_future_set(&t->future, EIO, NULL) == 0);
}

static void grant_cancel(struct things *t)
{
	pawl_cancel_fire(t->cancel, 1);
}

static void grant_latch(struct things *t)
{
	pawl_latch_arrive(&t->latch);
}

static void grant_queue(struct things *t)
{
	must(pawl_queue_trypush(t->queue, &(int){ 7 }) == 0);
}

const struct any_kind any_kinds[KINDS] = {
	[SEM] = { "semaphore", PAWL_ANY_SEM, true, the_sem, grant_sem },
	[EVENT] = { "event", PAWL_ANY_EVENT, false, the_event, grant_event },
	[NOTIFY] = { "notify", PAWL_ANY_NOTIFY, true, the_notify, grant_notify },
	[FUTURE] = { "future", PAWL_ANY_FUTURE, false, the_future, grant_future },
	[CANCEL] = { "cancel", PAWL_ANY_CANCEL, false, the_cancel, grant_cancel },
	[LATCH] = { "latch", PAWL_ANY_LATCH, false, the_latch, grant_latch },
	[QUEUE] = { "queue", PAWL_ANY_QUEUE, false, the_queue, grant_queue },
};

pawl_queue *things_queue(unsigned flags)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg, .capacity = 4, .item_size = sizeof(int), .flags = flags,
	};
	pawl_queue *q;

	must(pawl_queue_open(&cfg, &q) == 0);
	return q;
}

void things_open(struct things *t)
{
	*t = (struct things){ .latch = PAWL_LATCH_INIT(1), .queue = things_queue(0) };
	must(pawl_cancel_open(NULL, &t->parent) == 0);
	must(pawl_cancel_open(t->parent, &t->cancel) == 0);
}

void things_close(struct things *t)
{
	must(t->sem.queue_ == 0);
	must(t->event.queue_ == 0);
	must(t->notify.queue_ == 0);
	must(t->future.queue_ == 0);
	must(t->latch.queue_ == 0);
	pawl_sem_destroy(&t->sem);
	pawl_queue_free(t->queue);	/* which looks for itself */
	pawl_cancel_close(t->cancel);
	pawl_cancel_close(t->parent);
}

pawl_any things_one(struct things *t, size_t kind)
{
	return (pawl_any){ any_kinds[kind].kind, any_kinds[kind].object(t) };
}

void things_list(struct things *t, size_t first, pawl_any list[KINDS])
{
	for (size_t i = 0; i < KINDS; i++)
		list[i] = things_one(t, (first + i) % KINDS);
}

int any_poll(const pawl_any *list, size_t n, size_t *ret_which)
{
	return pawl_wait_any(list, n, 0, ret_which);
}

static void wait_any(void *arg)
{
	struct any_waiter *w = arg;
	pawl_scope s;

	if (w->scoped)
		pawl_scope_enter(&s, w->scope_deadline, w->source, 0);
	w->rc = pawl_wait_any(w->list, w->n, w->deadline, &w->which);
	if (w->scoped)
		w->left = pawl_scope_leave(&s, w->rc);
}

void any_waiter_start(struct any_waiter *w)
{
	worker_start(&w->worker, wait_any, w);
}

void any_waiter_park(struct any_waiter *w)
{
	any_waiter_start(w);
	worker_await_wait(&w->worker, "any", w->list);
}

void any_waiter_assert_takes(struct any_waiter *w, size_t which)
{
	worker_join(&w->worker);
	must(w->rc == 0);
	must(w->which == which);
}

void any_waiter_assert_fails(struct any_waiter *w, int rc)
{
	worker_join(&w->worker);
	must(w->rc == rc);
	must(w->which == UNTOUCHED);
}
