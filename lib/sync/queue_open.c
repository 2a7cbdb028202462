/* SPDX-License-Identifier: BSD-2-Clause */
/* queue_open.c - pawl/queue.h: open and free.  Uses: platform, permits, ring, sem. */
#include "config.h"

#include <errno.h>
#include <stdint.h>

#include "platform/fatal.h"
#include "platform/hb.h"
#include "platform/memory.h"
#include "platform/sized.h"
#include "sync/queue.h"
#include "wait/line.h"

/* One block of memory: the queue, then these, in this order. */
struct plan {
	unsigned order;
	size_t cells, items, weights, bag, reserved, fast;	/* bytes */
	size_t size;
};

static bool is_valid(const pawl_queue_config *cfg)
{
	return config_is_known(cfg, cfg->size, sizeof *cfg) &&
		cfg->capacity > 0 && cfg->capacity <= PAWL_QUEUE_CAPACITY_MAX &&
		cfg->item_size > 0 && cfg->max_weight <= (size_t)PAWL_SEM_MAX &&
		(cfg->flags & ~(unsigned)(PAWL_QUEUE_FAST | PAWL_QUEUE_DROP_OLDEST)) == 0;
}

static size_t to_lines(size_t size)
{
	return (size + CACHE_LINE - 1) & ~(size_t)(CACHE_LINE - 1);
}

/* Return: false: so much memory there is not. */
static bool make_plan(struct plan *p, const pawl_queue_config *cfg)
{
	p->order = pawl_i_ring_order((uint32_t)cfg->capacity);
	p->cells = sizeof(struct ring_cell) << p->order;
	p->weights = cfg->max_weight != 0 ? cfg->capacity * sizeof(size_t) : 0;
	p->bag = sizeof(uint32_t) << (p->order - 1);
	p->reserved = cfg->capacity;
	/* Neither sum nor product wraps: the other parts are less than 2^38 bytes, but for the cells
	 * of a fast ring, which are less than that, or than three times the items. */
	if (cfg->item_size > PTRDIFF_MAX / 8 / cfg->capacity)
		return false;
	p->items = to_lines(cfg->capacity * cfg->item_size);
	p->fast = cfg->flags & PAWL_QUEUE_FAST ? to_lines(cfg->capacity * fast_stride(cfg->item_size)) : 0;
	p->size = sizeof(pawl_queue) + p->items + p->fast + p->cells + p->weights + p->bag +
		p->reserved;
	return true;
}

static void init(pawl_queue *q, const struct plan *p, const pawl_queue_config *cfg)
{
	unsigned char *at = (unsigned char *)(q + 1);

	q->items = at;
	at += p->items;
	if (p->fast != 0)
		pawl_i_fast_init(&q->fast, at, cfg->capacity, cfg->item_size,
				 cfg->max_weight == 0 && !hb_is_watched());
	at += p->fast;
	pawl_i_ring_init(&q->filled, (struct ring_cell *)(void *)at, p->order,
			 &q->pops.ticket, &q->pushes.ticket);
	at += p->cells;
	q->slots = (struct permits){ &q->pops.given, &q->pushes.taken };
	q->ready = (struct permits){ &q->pushes.given, &q->pops.taken };
	q->weights = cfg->max_weight != 0 ? (size_t *)(void *)at : NULL;
	at += p->weights;
	q->free.cells = (uint32_t *)(void *)at;
	q->free.mask = ((uint32_t)1 << (p->order - 1)) - 1;
	at += p->bag;
	q->reserved = at;
	q->item_size = cfg->item_size;
	q->max_weight = cfg->max_weight;
	q->capacity = (uint32_t)cfg->capacity;
	q->flags = cfg->flags;
	q->evicted = cfg->evicted;
	q->user = cfg->user;
	(void)pawl_sem_init(&q->room, (int64_t)cfg->max_weight, 0);
	for (uint32_t slot = 0; slot < q->capacity; slot++)
		bag_put(&q->free, slot, slot);
	permits_give(&q->slots, q->capacity);
}

int pawl_queue_open(const pawl_queue_config *cfg, pawl_queue **ret_q)
{
	struct plan p;
	pawl_queue *q;

	if (!is_valid(cfg))
		return EINVAL;
	if (!make_plan(&p, cfg))
		return ENOMEM;
	q = pawl_i_memory_get(p.size, CACHE_LINE);
	if (!q)
		return ENOMEM;
	init(q, &p, cfg);
	*ret_q = q;
	return 0;
}

static _Noreturn void refuse(const pawl_queue *q, const char *problem)
{
	pawl_i_misuse("pawl_queue_free", "queue", q, problem, 0);
}

static void drain(pawl_queue *q)
{
	uint32_t slot;

	if (queue_is_fast(q)) {
		pawl_i_fast_close(q);
		while (pawl_i_fast_drop(q) == 0)
			;
		return;
	}
	pawl_i_ring_close(&q->filled);
	while (item_take(q, &slot) == 0)
		if (q->evicted)
			q->evicted(slot_item(q, slot), q->user);
}

void pawl_queue_free(pawl_queue *q)
{
	uint32_t slot;

	if (!q)
		return;
	if (pawl_i_permits_have_line(&q->slots) || pawl_i_permits_have_line(&q->ready) ||
	    /* QU7 relaxed: as PM12. */
	    line_users(pawl_load_(&q->room.queue_, relaxed)) != 0)
		refuse(q, "is being waited for");
	for (slot = 0; slot < q->capacity; slot++)
		/* QU6 relaxed: as QU2. */
		if (pawl_load_(&q->reserved[slot], relaxed))
			refuse(q, "has a slot that is reserved");
	drain(q);
	pawl_sem_destroy(&q->room);
	pawl_i_memory_put(q);
}
