/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smr.h - safe memory reclamation by epochs, for tables that are read without a lock.
 *
 * A reader stays inside a section while it uses what it found.  A writer unlinks an
 * object and retires it; it is given back when every section that was open then has
 * been left.  One domain for the whole library.
 *
 * Readers write only a line of their own.  The price: a thread that stops inside a
 * section stops all reclamation; what was retired meanwhile is kept, without bound.
 * So a section may not span a wait.
 *
 * Fork:  in the child, sections of other threads are forgotten; what they were just
 *	  giving back may be lost.
 *
 * Source: Fraser 2004, as in CK's ck_epoch (Al Bahra).
 */
#ifndef PAWL_RECLAIM_SMR_H
#define PAWL_RECLAIM_SMR_H

#include <stdbool.h>
#include <stddef.h>

#include <ck_epoch.h>

/* Part of each object that is retired. */
struct smr_entry {
	ck_epoch_entry_t ck;
	void (*fn)(struct smr_entry *entry);
	struct smr_entry *next;
	size_t size;
};

/*
 * Open a section; they nest.  False: no memory for the thread's record, no section
 * was opened, and the caller must lock out writers instead.
 */
bool pawl_i_smr_enter(void);
void pawl_i_smr_leave(void);

/* Return: whether the calling thread is inside a section. */
bool pawl_i_smr_is_inside(void);

/*
 * Have @fn(@entry) called when no section that is open now can still use it.
 *
 * Callbacks: @fn runs in a later poll() or at the exit of this or any other thread,
 * with nothing of pawl held; it may do nothing but give memory back.
 *
 * @entry:	was unlinked by the caller, if pawl_i_smr_enter() works within the same
 *		section
 * @size:	of the object in bytes, for poll() to know when it pays
 */
void pawl_i_smr_retire(struct smr_entry *entry, void (*fn)(struct smr_entry *), size_t size);

/* Call back for what can be reclaimed, once the thread has retired enough for it to
 * pay.  Not inside a section. */
void pawl_i_smr_poll(void);

/* The same, also for little: all of the thread's, if no section is open anywhere. */
void pawl_i_smr_drain(void);

#endif
