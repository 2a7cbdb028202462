/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * atomics.h - atomic accesses under the memory model of C11.
 *
 * Each location remembers its stores.  A load may return any that it may see: not older than
 * one that happened before it, or that a thread whose past it knows has seen; a seq_cst load
 * not older than the last seq_cst store.  Compared with RC11 by brute force on random programs,
 * this is RC11 but for what is not covered: load buffering; modification orders, and orders of
 * seq_cst operations, other than the order in which they run here; stores more than HISTORY
 * back.  Fences of seq_cst are stronger among themselves (each knows those before) and weaker
 * against seq_cst accesses (a false alarm is possible); pawl has none.
 *
 * Source: CDSChecker (Norris, Demsky 2013) and loom, for the idea of a history per location.
 */
#ifndef EXPLORER_ATOMICS_H
#define EXPLORER_ATOMICS_H

#include "explorer/shadow.h"

enum { HISTORY = 8 };		/* stores that a load looks back */

struct store {
	vclock message;		/* what an acquire load of it gets to know */
	vclock seen;		/* when each thread first saw it; NEVER: not yet */
	struct store *older;
	uint64_t value;
	uint64_t hash;
	bool seq_cst;
};

enum rmw { RMW_SET, RMW_ADD, RMW_SUB, RMW_AND, RMW_OR, RMW_XOR, RMW_NAND };

/* Orders are the compiler's numbers (__ATOMIC_...). */
uint64_t atomic_load(uintptr_t address, uint8_t size, int order, uintptr_t pc);
void atomic_store(uintptr_t address, uint8_t size, uint64_t value, int order, uintptr_t pc);
uint64_t atomic_rmw(uintptr_t address, uint8_t size, enum rmw kind, uint64_t operand, int order,
	uintptr_t pc);
/* Return: whether it was *@expected; else that is what it was. */
bool atomic_cas(uintptr_t address, uint8_t size, uint64_t *expected, uint64_t value, int success,
	int failure, bool weak, uintptr_t pc);
void atomic_fence(int order, uintptr_t pc);

/* The newest store of a location that the caller looks at as the system does (futex). */
struct store *atomic_newest(struct atom *a);

/* The current thread waits in a loop: let it see the newest of what it looked at.  @timed: it
 * has a deadline, and waits even if it looked at nothing. */
void atomic_pause(bool timed);

/* Return: whether an access with the label was met. */
bool atomic_weaken_met(void);

/* Treat accesses labelled @label as if they had the order @order; NULL: none.  A compare-
 * exchange gets it for both, as far as a failure may have it. */
void atomic_weaken(const char *label, int order);

/* While on, accesses are noted, and nothing is weakened; then their labels are looked up. */
void atomic_learn(bool on);

/* Return: the order, -1 if @name is none. */
int atomic_order(const char *name);

#endif
