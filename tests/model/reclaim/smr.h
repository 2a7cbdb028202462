/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * smr.h - stands before lib/reclaim/smr.h when the library is compiled for models: epochs as
 * the explorer has them (explorer/sections.c), without Concurrency Kit, of which it would see
 * nothing.  What is retired is given back at the first moment at which it may be.
 */
#ifndef PAWL_RECLAIM_SMR_H
#define PAWL_RECLAIM_SMR_H

#include <stdbool.h>
#include <stddef.h>

struct smr_entry {
	void (*fn)(struct smr_entry *entry);
};

bool pawl_i_smr_enter(void);
void pawl_i_smr_leave(void);
bool pawl_i_smr_is_inside(void);
void pawl_i_smr_retire(struct smr_entry *entry, void (*fn)(struct smr_entry *), size_t size);
void pawl_i_smr_poll(void);
void pawl_i_smr_drain(void);

/* For the stub of the registry: something was unlinked, and may be retired in this section. */
void pawl_i_smr_unlinked(void);

#endif
