/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * line.c - see line.h.
 *
 * queue field = USERS << 24 | handle of the root << 1 | the object's bit
 *
 *	0 --Q1 join--> root, 1 user --Q1--> more --Q2 leave--> fewer ... --Q2--> 0
 *
 * A queue is a list of segments, each with SEGMENT_CELLS cells that are filled in order and
 * never emptied.  The root is a segment, the first one, and has the ends of the list.
 *
 *	     root: head ------> segment --next--> segment --next--> 0
 *	           tail ----------------------------^
 *
 *	cell:      empty (no handle) --Q3 join--> ref of a wait, which is over some day
 *	segment:   in the list --Q4--> marked: next is final --Q5--> unlinked --Q6--> free
 *
 * I1  cells are filled in order: who fills one comes after (happens-before) those who filled
 *     the ones before it.  So the order of Q3 is the order of the queue, and who sees an
 *     empty cell has seen all of it.
 * I2  nothing is written to a cell or to next but by compare-and-swap from a value that
 *     cannot come again when the segment is another's.  An empty cell has the generation in
 *     which it was emptied: for a joiner who comes too late all are later than its own, as
 *     the segment was full when it was given back; or nobody could join any more.
 * I3  what is read of a segment counts only if its generation is the same after it.
 * I4  a segment is marked only if no wait in it is under way, it is full, and the tail is
 *     past it; the tail never comes back.  Who unlinks it was the only one.
 * I5  `left` counts the cells whose waiter left, and one more when it is unlinked: who
 *     makes it SEGMENT_CELLS + 1 gives it back.  The root is given back with the queue.
 * I6  users: whoever joined and did not leave.  The queue is given back by the last one,
 *     so that no user can see it, or its last segment, become another's.  Its waiter keeps
 *     the root for the next queue it has to make.
 *
 * Source: Koval, Khalanskiy, Alistarh, "CQS" (PLDI 2023), for an array of cells per segment
 * and waits that give up in place; Michael (2002) for marked lists.  Different from CQS: a
 * cell is taken by the compare-and-swap that fills it, not by a fetch-and-add before,
 * so that no cell stands empty between others, a release has nothing to leave in one, and
 * needs no segment for that.
 */
#include "config.h"

#include <errno.h>
#include <stddef.h>

#include <pawl/atomic.h>

#include "wait/lobby.h"
#include "wait/line.h"

struct segment {
	_Alignas(CACHE_LINE) struct node node;
	uint32_t left;
	uint64_t generation;	/* how often it was given back */
	uint64_t next;		/* ref, perhaps marked; empty: of its own generation, no handle */
	uint64_t filled;	/* ref-like: GENERATION, and a number of cells that are */
	uint64_t over;		/* the same: of cells whose wait is over */
	/* Of a root: */
	uint64_t head, tail;	/* refs */
	uint64_t words[3];	/* the object's */
	uint32_t deaths;	/* counts segments that died, see died() */
	uint32_t clean_at;
	uint64_t cells[SEGMENT_ROOM];
};

enum { UNLINKED = 1 };
#define USER ((uint64_t)1 << 24)

static struct nodes segments = { .size = sizeof(struct segment) };

static struct segment *segment_at(uint64_t ref)
{
	return nodes_at(&segments, ref_handle(ref), sizeof(struct segment));
}

static uint32_t root_of(uint64_t queue)
{
	return (uint32_t)(queue >> 1) & (REF_HANDLES - 1);
}

/* Whether what was read of @s, before this, was of the segment @ref (I3). */
static bool is_still(const struct segment *s, uint64_t ref)
{
	/* Q7 relaxed: what was read before this was read with acquire, from who had seen
	 * the generation: if that was a later one, so is this. */
	return pawl_load_(&s->generation, relaxed) == ref_generation(ref);
}

/* A number of cells noted for this generation, else 0. */
static unsigned noted(const uint64_t *note, uint64_t ref)
{
	/* Q8 acquire: pairs with Q9.  Those who filled these cells; a lower number only costs
	 * looks. */
	uint64_t n = pawl_load_(note, acquire);

	return ref_generation(n) == ref_generation(ref) ? ref_handle(n) : 0;
}

static void make_note(uint64_t *note, uint64_t ref, unsigned cells)
{
	/* Q9 release: pairs with Q8.  True for ever of this generation, and of no other; and
	 * who goes by it comes after those who filled them (I1). */
	pawl_store_(note, ref_make(ref_generation(ref), cells), release);
}

static bool is_filled(const struct segment *s, unsigned cell)
{
	/* Q47 relaxed: of a segment of the caller's. */
	return ref_handle(pawl_load_(&s->cells[cell], relaxed)) != 0;
}

/* Make it an empty segment of the caller's.  Return: its ref. */
static uint64_t segment_begin(uint32_t handle)
{
	struct segment *s = segment_at(ref_make(0, handle));
	/* Q10 relaxed: it is the caller's. */
	uint64_t generation = pawl_load_(&s->generation, relaxed);

	for (unsigned i = 0; i < SEGMENT_CELLS && is_filled(s, i); i++)
		/* Q11 release: pairs with Q27.  The generation: who sees an empty cell knows
		 * whose it is (I3). */
		pawl_store_(&s->cells[i], ref_make(generation, 0), release);
	/* Q12 release: pairs with Q17, Q19, Q40.  The same, of an empty next. */
	pawl_store_(&s->next, ref_make(generation, 0), release);
	/* Q13 relaxed: who links it publishes it. */
	pawl_store_(&s->left, 0, relaxed);
	return ref_make(generation, handle);
}

/* Return: the ref of a new one; 0: no memory. */
static uint64_t segment_get(void)
{
	uint32_t handle = pawl_i_nodes_get(&segments);

	return handle != 0 ? segment_begin(handle) : 0;
}

/* It is nobody's any more. */
static void segment_end(uint64_t ref)
{
	/* Q14 release: pairs with Q38.  Who sees it sees that it hangs nowhere any more. */
	pawl_store_(&segment_at(ref)->generation, ref_generation(ref) + 1, release);
}

static void segment_put(uint64_t ref)
{
	segment_end(ref);
	pawl_i_nodes_put(&segments, ref_handle(ref));
}

/* One more cell left, or the unlinking (I5). */
static uint32_t count_left(uint64_t root, uint64_t ref)
{
	struct segment *s = segment_at(ref);
	/* Q15 seq_cst: pairs with Q15, Q16.  What all who used it did, before it is another's.
	 * w[left] r[tail] against w[tail] r[left], see is_dead(). */
	uint32_t left = pawl_fetch_add_(&s->left, 1, seq_cst) + 1;

	if (left == SEGMENT_CELLS + UNLINKED && ref != root)
		segment_put(ref);
	return left;
}

static bool is_dead(struct segment *s)
{
	/* Q16 seq_cst: pairs with Q15.  Who left last looks where the tail is, who moves the
	 * tail looks whether all left: one of them sees both. */
	return pawl_load_(&s->left, seq_cst) >= SEGMENT_CELLS;
}

static bool is_marked(struct segment *s)
{
	/* Q42 relaxed: who unlinks it looks again; who overlooks it comes to its marked next. */
	return pawl_load_(&s->next, relaxed) & REF_MARK;
}

/*
 * Take the segment @at out of the list, to which *@prev leads.  The tail is past it.
 *
 * Return: whether this did; else another has, or *@prev leads elsewhere.
 */
static bool unlink_segment(uint64_t root, uint64_t *prev, uint64_t at)
{
	struct segment *s = segment_at(at);
	uint64_t seen = at, next;

	do {
		/* Q17 acquire: pairs with Q4, Q5, Q12, Q18.  For is_still(), and what follows. */
		next = pawl_load_(&s->next, acquire);
		if (!is_still(s, at))
			return false;
		/* Q4 seq_cst: pairs with Q17, Q19.  Nobody unlinks what follows through it now. */
	} while (!(next & REF_MARK) &&
		 !pawl_cas_(&s->next, &next, next | REF_MARK, seq_cst, relaxed));
	/* Q5 seq_cst: pairs with Q17, Q19, Q20, Q34.  Leads to what follows. */
	if (!pawl_cas_(prev, &seen, next & ~(uint64_t)REF_MARK, seq_cst, relaxed))
		return false;
	if (at != root)
		(void)count_left(root, at);
	return true;
}

/* A place in the list: the segment @prev leads to the next one; 0: the root's head does. */
static uint64_t *link_of(uint64_t root, uint64_t prev)
{
	return prev != 0 ? &segment_at(prev)->next : &segment_at(root)->head;
}

/* What follows *@prev in the list; from the start again, with 0 there, if that can't be told. */
static uint64_t follow(uint64_t root, uint64_t *prev)
{
	for (;; *prev = 0) {
		/* Q19 seq_cst: pairs with Q4, Q5, Q12, Q18, Q29.  The list as it is; a mark if
		 * *prev left it; what it does not lead to any more, if it is another's. */
		uint64_t at = pawl_load_(link_of(root, *prev), seq_cst);

		if (*prev == 0 || (!(at & REF_MARK) && is_still(segment_at(*prev), *prev)))
			return at;
	}
}

/* Unlink what is dead.  The caller is a user.  Return: how many segments are left. */
static uint32_t clean(uint64_t root)
{
	uint64_t prev = 0, at;
	uint32_t alive = 0;

	/* Q21 seq_cst: pairs with Q22.  See is_dead(). */
	while ((at = follow(root, &prev)) != pawl_load_(&segment_at(root)->tail, seq_cst)) {
		struct segment *s = segment_at(at);

		if (prev == 0)
			alive = 0;
		if (!is_dead(s) && !is_marked(s)) {
			prev = at;
			alive++;
		} else if (!unlink_segment(root, link_of(root, prev), at)) {
			prev = 0;
		}
	}
	return alive;
}

/* One more segment is dead, and the tail past it.  Clean when that pays: then an eighth of the
 * queue at most is dead, and a give-up costs the same however long it is. */
static void died(uint64_t root)
{
	struct segment *r = segment_at(root);
	/* Q43 relaxed: counts only. */
	uint32_t deaths = pawl_fetch_add_(&r->deaths, 1, relaxed) + 1;

	/* Q44 relaxed: the same. */
	if ((int32_t)(deaths - pawl_load_(&r->clean_at, relaxed)) >= 0)
		/* Q45 relaxed: the same. */
		pawl_store_(&r->clean_at, deaths + clean(root) / 8, relaxed);
}

/* The tail is past @at then; @next follows it. */
static void move_tail(uint64_t root, uint64_t at, uint64_t next)
{
	/* Q22 seq_cst: pairs with Q21, Q25, Q46.  What follows; and see is_dead(). */
	(void)pawl_cas_(&segment_at(root)->tail, &at, next, seq_cst, relaxed);
}

/* Fill the first empty cell of the segment @at.  False: it is full. */
static bool fill(uint64_t at, struct waiter *w, uint64_t ref)
{
	struct segment *s = segment_at(at);
	unsigned i = noted(&s->filled, at);

	w->segment = at;
	for (; i < SEGMENT_CELLS; i++) {
		/* Q26 acquire: pairs with Q3.  Who filled it (I1). */
		uint64_t empty = pawl_load_(&s->cells[i], acquire);

		if (ref_handle(empty) != 0 || ref_generation(empty) > ref_generation(at))
			continue;	/* filled; or another's */
		/* Q3 seq_cst: pairs with Q3, Q26, Q27.  The wait; and that it stands here, before
		 * the caller looks again whether it has to wait.  The failure as Q26. */
		if (pawl_cas_(&s->cells[i], &empty, ref, seq_cst, acquire)) {
			make_note(&s->filled, at, i + 1);
			return true;
		}
	}
	return false;
}

/* See that something follows the full segment @at.  False: no memory. */
static bool append(uint64_t root, uint64_t at)
{
	struct segment *s = segment_at(at);
	uint64_t fresh;
	/* Q28 acquire: pairs with Q18.  What follows, if something does. */
	uint64_t next = pawl_load_(&s->next, acquire);

	if (next == ref_make(ref_generation(at), 0)) {
		fresh = segment_get();
		if (fresh == 0)
			return false;
		/* Q18 seq_cst: pairs with Q17, Q19, Q28, Q35, Q40.  The empty segment. */
		if (pawl_cas_(&s->next, &next, fresh, seq_cst, acquire))
			next = fresh;
		else
			segment_put(fresh);
	}
	move_tail(root, at, next & ~(uint64_t)REF_MARK);
	if (is_dead(s))
		died(root);
	return true;
}

/* Put @w in the list of @root, whose user the caller is.  False: no memory. */
static bool put_in(uint64_t root, struct waiter *w, uint64_t ref)
{
	for (;;) {
		/* Q25 acquire: pairs with Q22.  The segment there. */
		uint64_t at = pawl_load_(&segment_at(root)->tail, acquire);

		if (fill(at, w, ref))
			return true;
		if (!append(root, at))
			return false;
	}
}

/* Return: a root for @w to hang somewhere: its spare one, if it has that; 0: no memory. */
static uint64_t root_make(struct waiter *w)
{
	uint64_t root = w->spare != 0 ? segment_begin(w->spare) : segment_get();
	struct segment *r;

	if (root == 0)
		return 0;
	w->spare = ref_handle(root);
	r = segment_at(root);
	/* Q29 release: pairs with Q19, Q20.  That it begins anew, for those who took it for what
	 * it was (I3). */
	pawl_store_(&r->head, root, release);
	/* Q30 relaxed: as Q13. */
	pawl_store_(&r->tail, root, relaxed);
	/* Q49 relaxed: counts only. */
	pawl_store_(&r->deaths, 0, relaxed);
	/* Q50 relaxed: the same. */
	pawl_store_(&r->clean_at, 0, relaxed);
	return root;
}

/* The root that hangs there while the caller is a user. */
static uint64_t root_in(uint64_t queue)
{
	uint32_t handle = root_of(queue);
	struct segment *r = segment_at(ref_make(0, handle));

	/* Q31 relaxed: it came with the handle. */
	return ref_make(pawl_load_(&r->generation, relaxed), handle);
}

/* Become a user.  Return: the root; 0: no memory.  Inlined into join, as leave_queue() into leave:
 * a wait that is answered at once costs 3 ns of 32 less. */
static inline __attribute__((__always_inline__)) uint64_t enter(uint64_t *queue, struct waiter *w)
{
	/* Q32 relaxed: Q1 looks again. */
	uint64_t old = pawl_load_(queue, relaxed), next, fresh = 0;

	do {
		next = old + USER;
		if (root_of(old) == 0) {
			if (fresh == 0)
				fresh = root_make(w);
			if (fresh == 0)
				return 0;
			next |= (uint64_t)ref_handle(fresh) << 1;
		}
		/* Q1 seq_cst: pairs with N4, Q1, Q2, Q33, Q39, Q41.  The queue as its maker left
		 * it; that there are users, before the caller looks again whether it has to wait. */
	} while (!pawl_cas_weak_(queue, &old, next, seq_cst, relaxed));
	if (root_of(old) == 0)
		w->spare = 0;
	else if (fresh != 0)
		segment_end(fresh);
	return root_in(next);
}

/* Give back all but the root. */
static void give_back_list(uint64_t root)
{
	/* Q34 acq_rel: pairs with Q5.  Who unlinks the first one at this time takes that, we
	 * the others. */
	uint64_t at = pawl_xchg_(&segment_at(root)->head, 0, acq_rel), next;

	for (; ref_handle(at) != 0; at = next & ~(uint64_t)REF_MARK) {
		/* Q35 acquire: pairs with Q18. */
		next = pawl_load_(&segment_at(at)->next, acquire);
		if (at != root)
			segment_put(at);
	}
}

/* Nobody uses it any more, and it hangs nowhere: @w keeps it, if it has no spare one. */
static void root_put(uint64_t root, struct waiter *w)
{
	/* Q48 relaxed: as the last user; nobody links any more. */
	if (pawl_load_(&segment_at(root)->next, relaxed) != ref_make(ref_generation(root), 0))
		give_back_list(root);
	segment_end(root);
	if (w->spare != 0)
		pawl_i_nodes_put(&segments, ref_handle(root));
	else
		w->spare = ref_handle(root);
}

static inline __attribute__((__always_inline__)) void leave_queue(uint64_t *queue, uint64_t root,
	struct waiter *w)
{
	/* Q36 relaxed: Q2 looks again. */
	uint64_t old = pawl_load_(queue, relaxed), next;

	do {
		next = old - USER;
		if (line_users(next) == 0)
			next &= LINE_FLAG;
		/* Q2 acq_rel: pairs with Q1, Q2.  What each user did to the queue, for the one
		 * who gives it back. */
	} while (!pawl_cas_weak_(queue, &old, next, acq_rel, relaxed));
	if (line_users(next) == 0)
		root_put(root, w);
}

int pawl_i_line_join(uint64_t *queue, struct waiter *w, uint64_t ref)
{
	uint64_t root = enter(queue, w);

	if (root == 0)
		return ENOMEM;
	if (put_in(root, w, ref))
		return 0;
	leave_queue(queue, root, w);
	return ENOMEM;
}

void pawl_i_line_leave(uint64_t *queue, struct waiter *w)
{
	/* Q37 relaxed: the caller is a user, so the root does not change. */
	uint64_t root = root_in(pawl_load_(queue, relaxed));

	/* Q46 seq_cst: pairs with Q22.  See is_dead(). */
	if (count_left(root, w->segment) == SEGMENT_CELLS &&
	    pawl_load_(&segment_at(root)->tail, seq_cst) != w->segment)
		died(root);
	leave_queue(queue, root, w);
}

int pawl_i_line_enter(uint64_t *queue, struct waiter *w)
{
	return enter(queue, w) != 0 ? 0 : ENOMEM;
}

void pawl_i_line_exit(uint64_t *queue, struct waiter *w)
{
	/* Q52 relaxed: as Q37. */
	leave_queue(queue, root_in(pawl_load_(queue, relaxed)), w);
}

uint64_t pawl_i_line_root(uint64_t *queue)
{
	/* Q33 seq_cst: pairs with Q1.  Users that came before the caller's last step. */
	uint64_t old = pawl_load_(queue, seq_cst), seen, root;

	while (root_of(old) != 0) {
		struct segment *r = segment_at(ref_make(0, root_of(old)));

		/* Q38 acquire: pairs with Q14.  If it is a later one, Q39 sees that it hangs
		 * there no more. */
		root = ref_make(pawl_load_(&r->generation, acquire), root_of(old));
		/* Q39 acquire: pairs with Q1.  If it is the same, then that was its generation
		 * while it hung there. */
		seen = pawl_load_(queue, acquire);
		if (root_of(seen) == root_of(old))
			return root;
		old = seen;
	}
	return 0;
}

enum look { FOUND, NOBODY, ALL_OVER, STALE };

/* Find the first wait in the segment @at that is not over. */
static enum look look_through(uint64_t at, uint64_t *ret_ref)
{
	struct segment *s = segment_at(at);
	unsigned begin = noted(&s->over, at), i = begin;
	enum look found = ALL_OVER;

	while (i < SEGMENT_CELLS) {
		/* Q27 seq_cst: pairs with Q3, Q11.  The wait; or that there is none yet, after
		 * the caller's last step. */
		uint64_t ref = pawl_load_(&s->cells[i], seq_cst);

		if (!is_still(s, at))
			return STALE;
		*ret_ref = ref;
		if (ref_handle(ref) == 0)
			found = NOBODY;
		else if (waiter_waits(ref))
			found = FOUND;
		if (found != ALL_OVER)
			break;
		i++;
	}
	if (i > begin)
		make_note(&s->over, at, i);
	return found;
}

/* Go past the segment @at, the first, in which all is over.  False: it is the last. */
static bool pass(uint64_t root, uint64_t at)
{
	struct segment *s = segment_at(at);
	/* Q40 seq_cst: pairs with Q12, Q18.  That nothing follows, after the caller's last step. */
	uint64_t next = pawl_load_(&s->next, seq_cst);

	if (next == ref_make(ref_generation(at), 0))
		return false;
	if (is_still(s, at)) {
		move_tail(root, at, next & ~(uint64_t)REF_MARK);
		(void)unlink_segment(root, &segment_at(root)->head, at);
	}
	return true;
}

uint64_t pawl_i_line_first_of(uint64_t root)
{
	struct segment *r = root != 0 ? segment_at(root) : NULL;
	uint64_t ref = 0;

	while (r) {
		/* Q20 acquire: pairs with Q5, Q29.  The first segment, or a later queue's; or one
		 * that was, through which the list goes on. */
		uint64_t at = pawl_load_(&r->head, acquire);

		if (!is_still(r, root) || ref_handle(at) == 0)
			return 0;
		switch (look_through(at, &ref)) {
		case FOUND:
			return ref;
		case NOBODY:
			return 0;
		case ALL_OVER:
			if (!pass(root, at))
				return 0;
			break;
		case STALE:
			break;
		}
	}
	return 0;
}

uint64_t pawl_i_line_first(uint64_t *queue)
{
	uint64_t root, ref;

	do {
		root = pawl_i_line_root(queue);
		ref = pawl_i_line_first_of(root);
	} while (ref == 0 && root != 0 && !is_still(segment_at(root), root));
	return ref;
}

void pawl_i_line_tell_all(uint64_t root, uint32_t answer, uint64_t most)
{
	struct waiter *wake;
	uint64_t ref;

	while (most > 0 && (ref = pawl_i_line_first_of(root)) != 0)
		if (pawl_i_waiter_tell(ref, answer, &wake)) {
			most--;
			if (wake)
				pawl_i_waiter_wake(wake);
		}
}

void pawl_i_line_tell_before(uint64_t root, uint32_t answer, uint32_t note)
{
	struct waiter *wake;
	struct rooms rooms;
	uint64_t ref;

	rooms.in = 0;
	while ((ref = pawl_i_line_first_of(root)) != 0) {
		if ((int32_t)(pawl_i_waiter_note(ref) - note) < 0) {
			if (pawl_i_waiter_tell(ref, answer, &wake) && wake)
				pawl_i_waiter_wake_with(wake, &rooms);
		} else if (waiter_waits(ref)) {
			break;	/* so the note was of this wait */
		}
	}
	pawl_i_rooms_call(&rooms);
}

uint64_t *pawl_i_line_words(uint64_t *queue)
{
	/* Q41 acquire: pairs with Q1.  For who is not a user, and looks again after it. */
	uint32_t handle = root_of(pawl_load_(queue, acquire));

	return handle != 0 ? segment_at(ref_make(0, handle))->words : NULL;
}
