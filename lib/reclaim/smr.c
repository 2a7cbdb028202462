/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smr.c - see smr.h.  Uses: atomic, platform, CK.
 *
 * A record per thread, made at its first section, given back when it exits, adopted by
 * a later thread with all that is still pending in it, and never unmapped.
 *
 * used:  1 (made) --E3 thread exit, E12 fork--> 0 --E2 adopt--> 1
 *
 * I1  the list of records only grows, and `older` never changes in it.
 * I2  only the owner touches ->ck, but for CK's own scan of it.  Records stay
 *     registered with CK while unused, as ck_epoch_unregister() drops what is pending.
 * I3  ck_epoch_poll() of CK 0.7 is right only if what is handed to ck_epoch_call() was
 *     unlinked, for all CPUs to see, before that call reads the epoch: E9.
 */
#include "config.h"

#include <pawl/atomic.h>

#include "platform/cpu.h"
#include "platform/fork.h"
#include "platform/hb.h"
#include "platform/memory.h"
#include "platform/tls.h"
#include "reclaim/annotate.h"
#include "reclaim/smr.h"

enum {
	POLL_BYTES = 16384,	/* what a thread may have pending without looking */
	DRAIN_POLLS = 4		/* two steps of the epoch and one to spare */
};

struct smr_record {
	_Alignas(CACHE_LINE) ck_epoch_record_t ck;
	struct smr_record *older;	/* constant once it is in the list */
	size_t retired;		/* bytes since nothing was pending */
	uint32_t used;		/* 1 while a live thread owns it */
	uint32_t barrier;	/* written by E9 only */
};

/* As ck_epoch_init() leaves it. */
static ck_epoch_t domain = { .epoch = 1, .records = CK_STACK_INITIALIZER };
static struct smr_record *newest;
static struct smr_entry *orphans;	/* retired by threads without a record */
static char section_end;		/* names the edge from sections to reclamation */

static struct smr_record *adopt(void)
{
	/* E1 acquire: pairs with E4.  The fields of what was pushed. */
	for (struct smr_record *r = pawl_load_(&newest, acquire); r; r = r->older) {
		uint32_t unused = 0;

		/* E2 acquire: pairs with E3.  What its last owner wrote. */
		if (pawl_cas_(&r->used, &unused, 1, acquire, relaxed)) {
			hb_acquire(r);
			return r;
		}
	}
	return NULL;
}

static void disown(struct smr_record *r)
{
	hb_release(r);
	/* E3 release: pairs with E2. */
	pawl_store_(&r->used, 0, release);
}

static struct smr_record *make(void)
{
	struct smr_record *r = pawl_i_memory_get(sizeof *r, CACHE_LINE);

	if (!r)
		return NULL;
	r->used = 1;
	ck_epoch_register(&domain, &r->ck, NULL);
	/* E5 relaxed: E4 looks again. */
	r->older = pawl_load_(&newest, relaxed);
	/* E4 acq_rel: pairs with E1.  Acquires the older ones, so that E1 needs to pair
	 * with the last push only. */
	while (!pawl_cas_weak_(&newest, &r->older, r, acq_rel, relaxed))
		;
	return r;
}

static void poll_record(struct smr_record *r)
{
	(void)ck_epoch_poll(&r->ck);
	if (r->ck.n_pending == 0)
		r->retired = 0;
}

static void drain_record(struct smr_record *r)
{
	for (int i = 0; i < DRAIN_POLLS && r->ck.n_pending != 0; i++)
		poll_record(r);
}

/* The thread exits.  What is still pending goes with the record. */
static void give_back(void *arg)
{
	struct smr_record *r = arg;

	drain_record(r);
	pawl_i_tls.smr = NULL;
	disown(r);
}

static struct smr_record *attach(void)
{
	struct smr_record *r = adopt();

	if (!r)
		r = make();
	if (!r)
		return NULL;
	if (pawl_i_tls_at_exit(TLS_EXIT_SMR, give_back, r) != 0) {
		disown(r);
		return NULL;
	}
	pawl_i_tls.smr = r;
	return r;
}

/* In the child of a fork: the sections of other threads have no end, and no reader. */
static void forget_others(void)
{
	/* E11 relaxed: no other thread lives, and fork() took what they had written. */
	for (struct smr_record *r = pawl_load_(&newest, relaxed); r; r = r->older) {
		if (r == pawl_i_tls.smr)
			continue;
		r->ck.active = 0;
		/* E12 relaxed: the same. */
		pawl_store_(&r->used, 0, relaxed);
	}
}

__attribute__((__constructor__)) static void prepare_for_fork(void)
{
	pawl_i_fork_child(forget_others);
}

bool pawl_i_smr_enter(void)
{
	struct smr_record *r = pawl_i_tls.smr;

	if (!r) {
		r = attach();
		if (!r)
			return false;
	}
	ck_epoch_begin(&r->ck, NULL);
	return true;
}

void pawl_i_smr_leave(void)
{
	annotate_release(&section_end);
	(void)ck_epoch_end(&pawl_i_tls.smr->ck, NULL);
}

bool pawl_i_smr_is_inside(void)
{
	const struct smr_record *r = pawl_i_tls.smr;

	return r && r->ck.active != 0;
}

/* Every section that could use it has been left. */
static void reclaim(ck_epoch_entry_t *ck)
{
	struct smr_entry *entry = (struct smr_entry *)(void *)
		((char *)ck - offsetof(struct smr_entry, ck));

	annotate_acquire(&section_end);
	entry->fn(entry);
}

static void defer(struct smr_record *r, struct smr_entry *entry)
{
	r->retired += entry->size;
	/* E9 seq_cst: pairs with E9.  Opponent: the exchange in CK's begin.  The writer:
	 * w[link] MB r[epoch]; a reader: w[active] MB r[epoch], r[link]: one that reads
	 * the old link has begun in the epoch read here or before (I3). */
	(void)pawl_fetch_add_(&r->barrier, 1, seq_cst);
	ck_epoch_call(&r->ck, &entry->ck, reclaim);
}

static void leave_to_others(struct smr_entry *entry)
{
	hb_release(&orphans);
	/* E8 relaxed: E6 looks again. */
	entry->next = pawl_load_(&orphans, relaxed);
	/* E6 release: pairs with E7.  The object as it was unlinked. */
	while (!pawl_cas_weak_(&orphans, &entry->next, entry, release, relaxed))
		;
}

static void take_orphans(struct smr_record *r)
{
	struct smr_entry *entry, *next;

	/* E10 relaxed: E7 looks again. */
	if (!pawl_load_(&orphans, relaxed))
		return;
	/* E7 acquire: pairs with E6. */
	entry = pawl_xchg_(&orphans, NULL, acquire);
	hb_acquire(&orphans);
	for (; entry; entry = next) {
		next = entry->next;
		defer(r, entry);
	}
}

void pawl_i_smr_retire(struct smr_entry *entry, void (*fn)(struct smr_entry *), size_t size)
{
	struct smr_record *r = pawl_i_tls.smr;

	entry->fn = fn;
	entry->size = size;
	if (r)
		defer(r, entry);
	else
		leave_to_others(entry);
}

void pawl_i_smr_poll(void)
{
	struct smr_record *r = pawl_i_tls.smr;

	if (!r)
		return;
	take_orphans(r);
	if (r->retired >= POLL_BYTES)
		poll_record(r);
}

void pawl_i_smr_drain(void)
{
	struct smr_record *r = pawl_i_tls.smr;

	if (!r)
		return;
	take_orphans(r);
	drain_record(r);
}
