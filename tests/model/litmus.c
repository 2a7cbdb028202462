/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * litmus.c - what C11 allows and forbids, asked of the explorer itself.
 *
 * Allowed outcomes are sights: each must be seen in some run.  Forbidden ones are checks, and
 * litmus.orders weakens each label, which must let them through.
 */
#include <pawl/atomic.h>

#include "explorer/model.h"

static int x, y, data;
static int first[MODEL_THREADS + 1], second[MODEL_THREADS + 1];

static void name_all(void)
{
	model_name(&x, sizeof x, "x");
	model_name(&y, sizeof y, "y");
	model_name(&data, sizeof data, "data");
}

/* Store buffering, relaxed: all four. */

static void store_then_load(unsigned who)
{
	pawl_store_(who == 1 ? &x : &y, 1, relaxed);
	first[who] = pawl_load_(who == 1 ? &y : &x, relaxed);
}

static void see_all_four(void)
{
	model_saw((unsigned)(first[1] * 2 + first[2]));
}

MODEL(litmus_sb_relaxed, .about = "store buffering, relaxed: all is allowed", .threads = 2,
      .setup = name_all, .thread = store_then_load, .finish = see_all_four,
      .sights = { "both read 0", "the first read 0", "the second read 0", "both read 1" });

/* Store buffering, seq_cst: never both 0. */

static void store_then_load_in_order(unsigned who)
{
	/* L1 seq_cst: pairs with L2. */
	pawl_store_(who == 1 ? &x : &y, 1, seq_cst);
	/* L2 seq_cst: pairs with L1. */
	first[who] = pawl_load_(who == 1 ? &y : &x, seq_cst);
}

static void not_both_zero(void)
{
	MODEL_CHECK(first[1] + first[2] > 0);
	model_saw((unsigned)(first[1] * 2 + first[2] - 1));
}

MODEL(litmus_sb_seq_cst, .about = "store buffering, seq_cst: not both 0", .threads = 2,
      .setup = name_all, .thread = store_then_load_in_order, .finish = not_both_zero,
      .sights = { "the first read 0", "the second read 0", "both read 1" });

/* The same by fences. */

static void store_fence_load(unsigned who)
{
	pawl_store_(who == 1 ? &x : &y, 1, relaxed);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	first[who] = pawl_load_(who == 1 ? &y : &x, relaxed);
}

MODEL(litmus_sb_fences, .about = "store buffering with seq_cst fences: not both 0", .threads = 2,
      .setup = name_all, .thread = store_fence_load, .finish = not_both_zero,
      .sights = { "the first read 0", "the second read 0", "both read 1" });

/* Message passing, with plain data, through a chain of read-modify-writes. */

static void pass_message(unsigned who)
{
	switch (who) {
	case 1:
		data = 1;
		/* L3 release: pairs with L5. */
		pawl_store_(&x, 1, release);
		break;
	case 2:
		/* L4 relaxed: goes on with the release sequence of L3. */
		(void)pawl_fetch_add_(&x, 2, relaxed);
		break;
	default:
		/* L5 acquire: pairs with L3. */
		switch (pawl_load_(&x, acquire)) {
		case 1:
			model_saw(0);
			MODEL_CHECK(data == 1);
			break;
		case 3:
			model_saw(1);
			MODEL_CHECK(data == 1);
			break;
		}
	}
}

MODEL(litmus_mp, .about = "message passing, the flag counted on by a third", .threads = 3,
      .setup = name_all, .thread = pass_message,
      .sights = { "the flag was seen", "the flag was seen through another's addition" });

/* The same by fences. */

static void pass_by_fences(unsigned who)
{
	if (who == 1) {
		data = 1;
		__atomic_thread_fence(__ATOMIC_RELEASE);
		pawl_store_(&x, 1, relaxed);
	} else if (pawl_load_(&x, relaxed) == 1) {
		__atomic_thread_fence(__ATOMIC_ACQUIRE);
		MODEL_CHECK(data == 1);
		model_saw(0);
	}
}

MODEL(litmus_mp_fences, .about = "message passing by fences", .threads = 2, .setup = name_all,
      .thread = pass_by_fences, .sights = { "the flag was seen" });

/* Message passing, relaxed: the flag without the message. */

static void pass_relaxed(unsigned who)
{
	if (who == 1) {
		pawl_store_(&y, 1, relaxed);
		pawl_store_(&x, 1, relaxed);
	} else if (pawl_load_(&x, relaxed) == 1) {
		model_saw((unsigned)pawl_load_(&y, relaxed));
	}
}

MODEL(litmus_mp_relaxed, .about = "message passing, relaxed: the flag may come alone",
      .threads = 2, .setup = name_all, .thread = pass_relaxed,
      .sights = { "the flag came alone", "both came" });

/* Coherence: one location never goes back, for one reader or from one to the next. */

static void read_in_turn(unsigned who)
{
	if (who == 1) {
		pawl_store_(&x, 1, relaxed);
		pawl_store_(&x, 2, relaxed);
		return;
	}
	if (who == 2) {
		first[2] = pawl_load_(&x, relaxed);
		/* L6 release: pairs with L7. */
		pawl_store_(&y, 1, release);
		return;
	}
	/* L7 acquire: pairs with L6. */
	if (pawl_load_(&y, acquire) == 1) {
		first[3] = pawl_load_(&x, relaxed);
		second[3] = pawl_load_(&x, relaxed);
		MODEL_CHECK(first[2] <= first[3] && first[3] <= second[3]);
		model_saw(first[2] < first[3] ? 0 : 1);
	}
}

MODEL(litmus_coherence, .about = "coherence of reads, in a thread and across happens-before",
      .threads = 3, .setup = name_all, .thread = read_in_turn,
      .sights = { "the second reader saw more", "both saw the same" });

/* Independent reads of independent writes. */

static void read_both(unsigned who)
{
	switch (who) {
	case 1:
		/* L8 seq_cst: pairs with L10, L11. */
		pawl_store_(&x, 1, seq_cst);
		break;
	case 2:
		/* L9 seq_cst: pairs with L10, L11. */
		pawl_store_(&y, 1, seq_cst);
		break;
	default:
		/* L10 seq_cst: pairs with L8, L9. */
		first[who] = pawl_load_(who == 3 ? &x : &y, seq_cst);
		/* L11 seq_cst: pairs with L8, L9. */
		second[who] = pawl_load_(who == 3 ? &y : &x, seq_cst);
	}
}

static void readers_agree(void)
{
	bool third = first[3] == 1 && second[3] == 0, fourth = first[4] == 1 && second[4] == 0;

	MODEL_CHECK(!(third && fourth));
	if (third || fourth)
		model_saw(0);
}

MODEL(litmus_iriw, .about = "independent reads of independent writes, seq_cst: readers agree",
      .threads = 4, .setup = name_all, .thread = read_both, .finish = readers_agree,
      .sights = { "one reader saw the writes one after the other" });

static void read_both_acquire(unsigned who)
{
	if (who <= 2) {
		pawl_store_(who == 1 ? &x : &y, 1, release);
	} else {
		first[who] = pawl_load_(who == 3 ? &x : &y, acquire);
		second[who] = pawl_load_(who == 3 ? &y : &x, acquire);
	}
}

static void readers_may_disagree(void)
{
	if (first[3] == 1 && second[3] == 0 && first[4] == 1 && second[4] == 0)
		model_saw(0);
}

MODEL(litmus_iriw_acquire, .about = "the same with acquire: they may disagree", .threads = 4,
      .setup = name_all, .thread = read_both_acquire, .finish = readers_may_disagree,
      .sights = { "the readers disagreed" });

/* Compare-exchange: one wins; the weak one may fail for no reason. */

static void compete(unsigned who)
{
	int expected = 0;

	/* L12 relaxed: one location. */
	first[who] = pawl_cas_weak_(&x, &expected, (int)who, relaxed, relaxed);
	if (!first[who] && expected == 0)
		model_saw(2);
}

static void one_won(void)
{
	MODEL_CHECK(first[1] + first[2] <= 1);
	MODEL_CHECK(first[1] ? x == 1 : first[2] ? x == 2 : x == 0);
	model_saw(first[1] ? 0 : 1);
}

MODEL(litmus_cas_weak, .about = "two weak compare-exchanges, at most one wins", .threads = 2,
      .setup = name_all, .thread = compete, .finish = one_won,
      .sights = { "the first won", "the second won, or none",
#ifndef __clang__	/* it makes strong ones of them for ThreadSanitizer */
		  "one failed for no reason"
#endif
      });
