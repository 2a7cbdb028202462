/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/atomic.h - the one set of macros for every atomic access in pawl.
 *
 * Private: programs have <stdatomic.h> or std::atomic.  Headers of pawl must be
 * valid C11 and C++11, so that fields are plain integers and accesses are the
 * compiler's builtins, which ThreadSanitizer sees in the program that includes
 * them.  `order` is one of relaxed, acquire, release, acq_rel, seq_cst; there
 * are no fences, because ThreadSanitizer does not model them: an order belongs
 * to an operation.
 *
 * Every use carries a label and names its partner, which `make lint` checks:
 *	M2 acquire: pairs with M1.  What becomes visible, or what breaks.
 */
#ifndef PAWL_ATOMIC_H
#define PAWL_ATOMIC_H

#define PAWL_ORDER_relaxed_ __ATOMIC_RELAXED
#define PAWL_ORDER_acquire_ __ATOMIC_ACQUIRE
#define PAWL_ORDER_release_ __ATOMIC_RELEASE
#define PAWL_ORDER_acq_rel_ __ATOMIC_ACQ_REL
#define PAWL_ORDER_seq_cst_ __ATOMIC_SEQ_CST

#define pawl_load_(p, order) __atomic_load_n((p), PAWL_ORDER_##order##_)
#define pawl_store_(p, v, order) __atomic_store_n((p), (v), PAWL_ORDER_##order##_)
#define pawl_xchg_(p, v, order) __atomic_exchange_n((p), (v), PAWL_ORDER_##order##_)
#define pawl_fetch_add_(p, v, order) __atomic_fetch_add((p), (v), PAWL_ORDER_##order##_)
#define pawl_fetch_sub_(p, v, order) __atomic_fetch_sub((p), (v), PAWL_ORDER_##order##_)
#define pawl_fetch_or_(p, v, order) __atomic_fetch_or((p), (v), PAWL_ORDER_##order##_)
#define pawl_fetch_and_(p, v, order) __atomic_fetch_and((p), (v), PAWL_ORDER_##order##_)

/* True if *p was *expected and now is v; else *expected is what *p was. */
#define pawl_cas_(p, expected, v, success, failure) \
	__atomic_compare_exchange_n((p), (expected), (v), false, \
		PAWL_ORDER_##success##_, PAWL_ORDER_##failure##_)
/* The same, but may fail for no reason: for loops. */
#define pawl_cas_weak_(p, expected, v, success, failure) \
	__atomic_compare_exchange_n((p), (expected), (v), true, \
		PAWL_ORDER_##success##_, PAWL_ORDER_##failure##_)

/*
 * What an uninstrumented libpawl tells a program's ThreadSanitizer.  The twins
 * in lib/inline.c need it; a body inlined into the program does not.
 */
#ifndef PAWL_HB_ACQUIRE_
# define PAWL_HB_ACQUIRE_(p) ((void)0)
# define PAWL_HB_ACQUIRE_GONE_(p) ((void)0)	/* the object may be gone */
# define PAWL_HB_RELEASE_(p) ((void)0)
#endif

#endif
