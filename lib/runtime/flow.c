/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * flow.c - see flow.h.
 *
 * The sanitizers' runtimes must know on which stack the program is.  Their functions are weak here,
 * as in platform/hb.h: absent in other programs.  A library without a sanitizer serves programs
 * that have one in the same way.
 */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "platform/stack.h"
#include "runtime/flow.h"
#include "runtime/switch.h"

#define WEAK __attribute__((__weak__))

extern WEAK void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t size);
extern WEAK void __sanitizer_finish_switch_fiber(void *save, const void **old_bottom,
	size_t *old_size);
extern WEAK void *__tsan_get_current_fiber(void);
extern WEAK void *__tsan_create_fiber(unsigned flags);
extern WEAK void __tsan_destroy_fiber(void *fiber);
extern WEAK void __tsan_switch_to_fiber(void *fiber, unsigned flags);

/* What is used of it: 20 KiB by regcomp(), 11 by getaddrinfo(), 6 by printf(), 3 by a signal
 * handler.  Frames are several times larger under a sanitizer. */
enum { STACK = 1 << 16, WATCHED = 4 };

static size_t stack_size(void)
{
	return __sanitizer_start_switch_fiber || __tsan_create_fiber ? WATCHED * STACK : STACK;
}

/* On @f, after a switch to it. */
static void arrive(struct flow *f)
{
	const void *bottom;
	size_t size;

	if (!__sanitizer_finish_switch_fiber)
		return;
	__sanitizer_finish_switch_fiber(f->fake, &bottom, &size);
	/* A thread's own: nobody else has said yet where it is. */
	if (!f->from->stack) {
		f->from->stack = (void *)(uintptr_t)bottom;
		f->from->size = size;
	}
}

/*
 * The only function that switches: ThreadSanitizer counts the frames of each fiber, so that which
 * one this frame is entered on and which one it returns on must be the same.
 */
__attribute__((__noinline__)) static void leave(struct flow *from, struct flow *to, bool for_ever)
{
	to->from = from;
	if (__sanitizer_start_switch_fiber)
		__sanitizer_start_switch_fiber(for_ever ? NULL : &from->fake, to->stack, to->size);
	if (__tsan_switch_to_fiber)
		__tsan_switch_to_fiber(to->fiber, 0);
	pawl_i_switch(&from->sp, to->sp);
	arrive(from);
}

static void begin(void *arg)
{
	struct flow *f = arg;

	arrive(f);
	leave(f, f->entry(f->arg), true);
}

void pawl_i_flow_here(struct flow *f)
{
	*f = (struct flow){
		.fiber = __tsan_get_current_fiber ? __tsan_get_current_fiber() : NULL,
	};
}

int pawl_i_flow_make(struct flow *f, struct flow *(*entry)(void *arg), void *arg)
{
	size_t size = stack_size();
	void *stack = pawl_i_stack_get(size);

	if (!stack)
		return ENOMEM;
	*f = (struct flow){
		.stack = stack, .size = size, .entry = entry, .arg = arg,
		.sp = pawl_i_switch_make(stack, size, begin, f),
		.fiber = __tsan_create_fiber ? __tsan_create_fiber(0) : NULL,
	};
	return 0;
}

void pawl_i_flow_free(struct flow *f)
{
	if (__tsan_destroy_fiber)
		__tsan_destroy_fiber(f->fiber);
	pawl_i_stack_put(f->stack, f->size);
}

void pawl_i_flow_switch(struct flow *from, struct flow *to)
{
	leave(from, to, false);
}
