/* SPDX-License-Identifier: BSD-2-Clause */
/* platform.c - lib/platform for models, and what models may ask for (model.h). */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "platform/clock.h"
#include "platform/cpu.h"
#include "platform/fatal.h"
#include "platform/fork.h"
#include "platform/futex.h"
#include "platform/memory.h"
#include "platform/peek.h"
#include "platform/random.h"
#include "platform/tls.h"

#include "explorer/atomics.h"
#include "explorer/engine.h"
#include "explorer/heap.h"
#include "explorer/platform.h"
#include "explorer/system.h"

#define PC ((uintptr_t)__builtin_return_address(0))

__thread uint64_t pawl_self_;
__thread struct tls pawl_i_tls;

/* Thread-locals. */

void platform_save(struct thread_local_state *own)
{
	own->self = pawl_self_;
	own->tls = pawl_i_tls;
}

void platform_load(const struct thread_local_state *own)
{
	pawl_self_ = own->self;
	pawl_i_tls = own->tls;
}

int pawl_i_tls_at_exit(enum tls_exit slot, void (*fn)(void *arg), void *arg)
{
	struct thread_local_state *own = &engine.current->local;

	own->exits[slot].fn = fn;
	own->exits[slot].arg = arg;
	return 0;
}

void platform_exit(struct thread_local_state *own)
{
	for (unsigned slot = 0; slot < TLS_EXITS; slot++)
		if (own->exits[slot].fn)
			own->exits[slot].fn(own->exits[slot].arg);
}

uint64_t pawl_i_self_make(void)
{
	return pawl_self_ = (uint64_t)(engine.current->index + 1) << 32;
}

uint32_t pawl_i_tls_tid(void)
{
	return engine.current->index + 1000;
}

/* The system. */

void pawl_i_futex_wait(uint32_t *word, uint32_t expected, int64_t deadline)
{
	system_futex_wait(word, expected, UINT32_MAX, deadline, PC);
}

void pawl_i_futex_wait_bits(uint32_t *word, uint32_t expected, uint32_t bits, int64_t deadline)
{
	system_futex_wait(word, expected, bits, deadline, PC);
}

void pawl_i_futex_wake(uint32_t *word)
{
	system_futex_wake(word, PC);
}

void pawl_i_futex_wake_bits(uint32_t *word, uint32_t bits)
{
	system_futex_wake_bits(word, bits, PC);
}

void pawl_i_futex_wake_each(uint32_t *word, uint32_t bits)
{
	system_futex_wake_bits(word, bits, PC);
}

int64_t pawl_i_clock_real(void)
{
	return engine.current ? system_now() : CLOCK_START;
}

void pawl_i_clock_sleep(int64_t ns)
{
	system_sleep(ns);
}

void *pawl_i_memory_get(size_t size, size_t align)
{
	return heap_get(size, align, true);
}

void pawl_i_memory_put(void *p)
{
	heap_put(p, PC);
}

void pawl_i_cpu_pause(void)
{
	model_pause();
}

void pawl_i_cpu_yield(void)
{
	model_pause();
}

uint32_t pawl_i_cpu_spins(void)
{
	unsigned spins = choose(SPINS, 2);

	observe(spins);
	return spins;
}

int32_t pawl_i_cpu_index(void)
{
	return -1;
}

uint32_t pawl_i_cpu_count(void)
{
	return 1;
}

void pawl_i_random(void *p, size_t size)
{
	memset(p, 0x5a, size);
}

void pawl_i_fork_child(void (*fn)(void))
{
	(void)fn;
}

uint64_t pawl_i_peek(const uint64_t *p)
{
	point(PC, true);
	observe(*p);
	return *p;
}

/* Misuse. */

_Noreturn void pawl_i_fatal(const char *what, const char *detail, uint64_t n)
{
	fail(PC, "%s (%s %llu)", what, detail, (unsigned long long)n);
}

_Noreturn void pawl_i_misuse(const char *verb, const char *object, const void *address,
	const char *problem, uint64_t thread)
{
	(void)address;
	if (thread != 0)
		fail(PC, "misuse: %s: %s %s %llu", verb, object, problem, (unsigned long long)thread);
	fail(PC, "misuse: %s: %s %s", verb, object, problem);
}

void pawl_i_warn(const char *sentence)
{
	(void)sentence;
}

/* What models ask for. */

_Noreturn void model_failed(const char *what, const char *file, int line)
{
	fail(PC, "%s:%d: not so: %s", file, line, what);
}

void model_saw(unsigned index)
{
	engine.sights |= UINT64_C(1) << index;
}

void *model_alloc(size_t size)
{
	return heap_get(size, CACHE_LINE, false);
}

void model_free(void *p)
{
	heap_put(p, PC);
}

pawl_time model_soon(void)
{
	return CLOCK_START + CLOCK_JUMP;
}

pawl_time model_past(void)
{
	return CLOCK_START - 1;
}

void model_pause(void)
{
	point(engine.current->pc, true);	/* a pause belongs to what was looked at before */
	atomic_pause(false);
}
