/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hb.h - happens-before edges for the ThreadSanitizer of a program that uses an
 * uninstrumented libpawl.
 *
 * Its runtime does not see the atomics of a library compiled without it, and so
 * would call data races on what our locks protect.  __tsan_acquire and
 * __tsan_release are weak here: absent in other programs, at the price of one
 * load and branch.  In a library compiled with TSan they must not stand: there
 * the atomics themselves are judged, and an edge too many would hide a weak order.
 *
 * Every file of lib/ is compiled with `-include platform/hb.h`, for the public headers'
 * inline functions say what they order through PAWL_HB_..., which must not be empty in
 * here, wherever they are inlined.
 *
 * As it comes before config.h, it includes nothing: a system header would take away the
 * effect of _GNU_SOURCE.
 *
 * Rule: hb_release before the operation that releases, hb_acquire after the one
 * that acquires; the address is the object's, the same that inlined fast paths
 * access atomically.
 *
 * Why hb_acquire is an atomic load in the runtime's eyes: where an inlined fast path of
 * the program released, the runtime writes the word first and then its own clock, both
 * under a lock of its own.  __tsan_acquire looks whether there is a clock without that
 * lock, and so now and then misses the first release of an object; a load waits for it.
 * It reads the object's first 8 bytes, which must still be there.
 */
#if !defined PAWL_PLATFORM_HB_H && !defined __ASSEMBLER__
#define PAWL_PLATFORM_HB_H

#if defined __has_feature
# if __has_feature(thread_sanitizer)
#  define HB_INSTRUMENTED 1
# endif
#endif
#if defined __SANITIZE_THREAD__ && !defined HB_INSTRUMENTED
# define HB_INSTRUMENTED 1
#endif

enum { HB_ORDER_ACQUIRE = 2 };	/* the runtime's number for it */

#ifndef HB_INSTRUMENTED
/* As gcc knows it, which it does under any sanitizer. */
extern unsigned long __tsan_atomic64_load(const volatile void *address, int order)
	__attribute__((__weak__));
extern void __tsan_acquire(void *address) __attribute__((__weak__));
extern void __tsan_release(void *address) __attribute__((__weak__));

/* For the bodies of the public headers' inline functions; no static function may be
 * named in those, hence macros. */
# define PAWL_HB_ACQUIRE_(p) \
	do { \
		if (__tsan_atomic64_load) \
			(void)__tsan_atomic64_load((void *)(__UINTPTR_TYPE__)(p), HB_ORDER_ACQUIRE); \
	} while (0)
/* For an object that may be gone: of the address only. */
# define PAWL_HB_ACQUIRE_GONE_(p) \
	do { if (__tsan_acquire) __tsan_acquire((void *)(__UINTPTR_TYPE__)(p)); } while (0)
# define PAWL_HB_RELEASE_(p) \
	do { if (__tsan_release) __tsan_release((void *)(__UINTPTR_TYPE__)(p)); } while (0)
#else
# define PAWL_HB_ACQUIRE_(p) ((void)0)
# define PAWL_HB_ACQUIRE_GONE_(p) ((void)0)
# define PAWL_HB_RELEASE_(p) ((void)0)
#endif

/* Whether the two below do anything. */
static inline int hb_is_watched(void)
{
#ifndef HB_INSTRUMENTED
	return __tsan_release != 0;
#else
	return 0;
#endif
}

static inline void hb_acquire(const void *address)
{
	(void)address;
	PAWL_HB_ACQUIRE_(address);
}

static inline void hb_release(const void *address)
{
	(void)address;
	PAWL_HB_RELEASE_(address);
}

#endif
