/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tsan.c - what gcc and clang make of -fsanitize=thread, answered by the explorer.
 *
 * A plain access calls __tsan_readN() or __tsan_writeN() before it; an atomic one is replaced
 * by a call.  Functions report entry and exit.  memcpy() and its kin are called as they are; in
 * the object files of models and library they are renamed to those here (local.mk).
 */
#include "config.h"

#include <stdint.h>
#include <string.h>

#include "explorer/atomics.h"
#include "explorer/engine.h"
#include "explorer/shadow.h"

#define PC ((uintptr_t)__builtin_return_address(0))
#define A(p) ((uintptr_t)(p))

void __tsan_init(void);
void __tsan_func_entry(void *pc);
void __tsan_func_exit(void);
void __tsan_read_range(void *p, unsigned long size);
void __tsan_write_range(void *p, unsigned long size);

void __tsan_init(void)
{
}

void __tsan_func_entry(void *pc)
{
	struct thread *t = engine.current;

	(void)pc;
	if (!t)
		return;
	if (t->frame == &t->frames[sizeof t->frames / sizeof t->frames[0] - 1] ||
	    A(__builtin_frame_address(0)) < t->stack_low + OWN_FRAMES)
		fail(PC, "the stack is too deep");
#ifdef __clang__
	/* It reports no store to a local that nobody else can know of yet; so that one that
	 * lies where a frame was left must not look dead. */
	shadow_revive_frame(A(__builtin_frame_address(0)), *t->frame);
#endif
	*++t->frame = A(__builtin_frame_address(0));
	if (*t->frame < t->deepest)
		t->deepest = *t->frame;
}

/* A frame ends where its caller's began; so alloca() is not for models. */
void __tsan_func_exit(void)
{
	struct thread *t = engine.current;

	if (!t)
		return;
	t->frame--;
	shadow_leave_frame(A(__builtin_frame_address(0)), *t->frame);
}

#define PLAIN(size) \
	void __tsan_read##size(void *p); \
	void __tsan_write##size(void *p); \
	void __tsan_unaligned_read##size(void *p); \
	void __tsan_unaligned_write##size(void *p); \
	void __tsan_volatile_read##size(void *p); \
	void __tsan_volatile_write##size(void *p); \
	void __tsan_read##size(void *p) { shadow_read(A(p), size, PC); } \
	void __tsan_write##size(void *p) { shadow_write(A(p), size, PC); } \
	void __tsan_unaligned_read##size(void *p) { shadow_read(A(p), size, PC); } \
	void __tsan_unaligned_write##size(void *p) { shadow_write(A(p), size, PC); } \
	void __tsan_volatile_read##size(void *p) { shadow_read(A(p), size, PC); } \
	void __tsan_volatile_write##size(void *p) { shadow_write(A(p), size, PC); }

PLAIN(1)
PLAIN(2)
PLAIN(4)
PLAIN(8)
PLAIN(16)

void __tsan_read_range(void *p, unsigned long size)
{
	shadow_read(A(p), size, PC);
}

void __tsan_write_range(void *p, unsigned long size)
{
	shadow_write(A(p), size, PC);
}

#define RMW(bits, name, kind) \
	uint##bits##_t __tsan_atomic##bits##_##name(volatile uint##bits##_t *p, uint##bits##_t v, \
		int order); \
	uint##bits##_t __tsan_atomic##bits##_##name(volatile uint##bits##_t *p, uint##bits##_t v, \
		int order) \
	{ \
		return (uint##bits##_t)atomic_rmw(A(p), bits / 8, kind, v, order, PC); \
	}

#define CAS(bits, name, weak) \
	int __tsan_atomic##bits##_##name(volatile uint##bits##_t *p, uint##bits##_t *expected, \
		uint##bits##_t v, int success, int failure); \
	int __tsan_atomic##bits##_##name(volatile uint##bits##_t *p, uint##bits##_t *expected, \
		uint##bits##_t v, int success, int failure) \
	{ \
		uint64_t e = *expected; \
		bool done = atomic_cas(A(p), bits / 8, &e, v, success, failure, weak, PC); \
		*expected = (uint##bits##_t)e; \
		return done; \
	}

/* clang does not tell weak from strong. */
#define ATOMIC(bits) \
	uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *p, int order); \
	void __tsan_atomic##bits##_store(volatile uint##bits##_t *p, uint##bits##_t v, int order); \
	uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(volatile uint##bits##_t *p, \
		uint##bits##_t expected, uint##bits##_t v, int success, int failure); \
	uint##bits##_t __tsan_atomic##bits##_load(const volatile uint##bits##_t *p, int order) \
	{ \
		return (uint##bits##_t)atomic_load(A(p), bits / 8, order, PC); \
	} \
	void __tsan_atomic##bits##_store(volatile uint##bits##_t *p, uint##bits##_t v, int order) \
	{ \
		atomic_store(A(p), bits / 8, v, order, PC); \
	} \
	uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(volatile uint##bits##_t *p, \
		uint##bits##_t expected, uint##bits##_t v, int success, int failure) \
	{ \
		uint64_t e = expected; \
		(void)atomic_cas(A(p), bits / 8, &e, v, success, failure, false, PC); \
		return (uint##bits##_t)e; \
	} \
	CAS(bits, compare_exchange_strong, false) \
	CAS(bits, compare_exchange_weak, true) \
	RMW(bits, exchange, RMW_SET) \
	RMW(bits, fetch_add, RMW_ADD) \
	RMW(bits, fetch_sub, RMW_SUB) \
	RMW(bits, fetch_and, RMW_AND) \
	RMW(bits, fetch_or, RMW_OR) \
	RMW(bits, fetch_xor, RMW_XOR) \
	RMW(bits, fetch_nand, RMW_NAND)

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_signal_fence(int order);

void __tsan_atomic_thread_fence(int order)
{
	atomic_fence(order, PC);
}

void __tsan_atomic_signal_fence(int order)
{
	(void)order;
}

void *model_memset(void *to, int c, size_t n);
void *model_memcpy(void *to, const void *from, size_t n);
void *model_memmove(void *to, const void *from, size_t n);
int model_memcmp(const void *a, const void *b, size_t n);

void *model_memset(void *to, int c, size_t n)
{
	shadow_write(A(to), n, PC);
	return memset(to, c, n);
}

void *model_memcpy(void *to, const void *from, size_t n)
{
	shadow_read(A(from), n, PC);
	shadow_write(A(to), n, PC);
	return memcpy(to, from, n);
}

void *model_memmove(void *to, const void *from, size_t n)
{
	shadow_read(A(from), n, PC);
	shadow_write(A(to), n, PC);
	return memmove(to, from, n);
}

int model_memcmp(const void *a, const void *b, size_t n)
{
	shadow_read(A(a), n, PC);
	shadow_read(A(b), n, PC);
	return memcmp(a, b, n);
}
