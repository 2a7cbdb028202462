/* SPDX-License-Identifier: BSD-2-Clause */
/* test_switch.c - lib/runtime/switch.h: what a flow finds when it starts and goes on. */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

#include "runtime/switch.h"

#include "support.h"

enum { STACK = 256 * 1024, MARGIN = 256, PAINT = 0xa5 };

/* A flow, what it shares with its test, and its stack between two painted margins. */
struct flow {
	void *sp;
	struct flow *next;
	uint64_t count;
	uintptr_t frame, frame_above;
	char text[32];
	unsigned char *memory;
};

/* The flow of the test itself, while it is left. */
static void *test_sp;

/* The stack may start anywhere in memory and have any size. */
static void flow_make_at(struct flow *f, size_t shift, size_t size, void (*entry)(void *arg))
{
	memset(f, 0, sizeof *f);
	f->memory = malloc(MARGIN + STACK + MARGIN);
	assert_non_null(f->memory);
	memset(f->memory, PAINT, MARGIN + STACK + MARGIN);
	f->sp = pawl_i_switch_make(f->memory + MARGIN + shift, size, entry, f);
}

static void flow_make(struct flow *f, void (*entry)(void *arg))
{
	flow_make_at(f, 0, STACK, entry);
}

/* Nothing was written beside a stack of @size bytes that began @shift bytes late. */
static void flow_free_at(struct flow *f, size_t shift, size_t size)
{
	for (size_t i = 0; i < MARGIN + shift; i++)
		assert_int_equal(f->memory[i], PAINT);
	for (size_t i = MARGIN + shift + size; i < MARGIN + STACK + MARGIN; i++)
		assert_int_equal(f->memory[i], PAINT);
	free(f->memory);
}

static void flow_free(struct flow *f)
{
	flow_free_at(f, 0, STACK);
}

static bool is_on_stack(const struct flow *f, uintptr_t address)
{
	uintptr_t lowest = (uintptr_t)f->memory + MARGIN;

	return address >= lowest && address < lowest + STACK;
}

/*** The start; a second switch to these would trap **********************************************/

static void says_where_it_is(void *arg)
{
	struct flow *f = arg;

	f->frame = (uintptr_t)__builtin_frame_address(0);
	f->frame_above = *(uintptr_t *)f->frame;
	f->count++;
	pawl_i_switch(&f->sp, test_sp);
}

static void an_entry_runs_on_its_stack_with_its_argument(void **state)
{
	struct flow f;

	(void)state;
	flow_make(&f, says_where_it_is);
	assert_int_equal(f.count, 0);
	pawl_i_switch(&test_sp, f.sp);
	assert_int_equal(f.count, 1);
	assert_true(is_on_stack(&f, f.frame));
	assert_false(is_on_stack(&f, (uintptr_t)&f));
	assert_true(f.frame_above == 0);	/* the chain of frame pointers ends */
	flow_free(&f);
}

typedef float four_floats __attribute__((__vector_size__(16)));

/* Crashes, on x86-64, where the compiler's idea of the stack is wrong. */
static void uses_aligned_locals(void *arg)
{
	struct flow *f = arg;
	volatile four_floats v = { 1, 2, 3, 4 };

	f->frame = (uintptr_t)__builtin_frame_address(0);
	v += v;
	snprintf(f->text, sizeof f->text, "%.2Lf %.1f", 1.25L, (double)v[3]);
	pawl_i_switch(&f->sp, test_sp);
}

static void the_stack_is_aligned_at_entry_wherever_it_lies(void **state)
{
	(void)state;
	for (size_t shift = 0; shift < 32; shift++) {
		for (size_t less = 0; less < 32; less += 5) {
			size_t size = STACK - 32 - less;
			struct flow f;

			flow_make_at(&f, shift, size, uses_aligned_locals);
			pawl_i_switch(&test_sp, f.sp);
			assert_int_equal(f.frame % 16, 0);
			assert_string_equal(f.text, "1.25 8.0");
			flow_free_at(&f, shift, size);
		}
	}
}

static void returns(void *arg)
{
	(void)arg;
}

static void switch_once(void *arg)
{
	struct flow *f = arg;

	pawl_i_switch(&test_sp, f->sp);
}

/* In a child, which inherits the handlers of CMocka. */
static void start_without_handlers(void *arg)
{
	signal(SIGILL, SIG_DFL);
	signal(SIGTRAP, SIG_DFL);
	switch_once(arg);
}

static void an_entry_that_returns_traps(void **state)
{
	struct flow f;
	struct child c;

	(void)state;
	flow_make(&f, returns);
	child_run(&c, start_without_handlers, &f);
	assert_int_equal(c.exit_status, -1);
	assert_true(c.signal == SIGILL || c.signal == SIGTRAP);
	flow_free(&f);
}

/*** What is kept ********************************************************************************/

/*
 * Switch with the registers that a callee must keep taken from @in, and store in @out
 * what they are when the flow goes on.
 */
void switch_with_registers(void **save, void *load, const uint64_t *in, uint64_t *out);

#if defined __x86_64__
enum { REGISTERS = 6 };
__asm__(
	".pushsection .text\n"
	".type switch_with_registers, @function\n"
	".globl switch_with_registers\n"
	"switch_with_registers:\n"
	"	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15; push %rcx\n"
	"	mov 0(%rdx), %rbx; mov 8(%rdx), %rbp; mov 16(%rdx), %r12\n"
	"	mov 24(%rdx), %r13; mov 32(%rdx), %r14; mov 40(%rdx), %r15\n"
	"	call pawl_i_switch\n"
	"	pop %rcx\n"
	"	mov %rbx, 0(%rcx); mov %rbp, 8(%rcx); mov %r12, 16(%rcx)\n"
	"	mov %r13, 24(%rcx); mov %r14, 32(%rcx); mov %r15, 40(%rcx)\n"
	"	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"	ret\n"
	".size switch_with_registers, . - switch_with_registers\n"
	".popsection\n");
#elif defined __aarch64__
enum { REGISTERS = 19 };
/* x19 to x29 and d8 to d15, all 19 to or from where @base points. */
# define ALL(store, base) \
	"	" store "p x19, x20, [" base "]; " store "p x21, x22, [" base ", #16]\n" \
	"	" store "p x23, x24, [" base ", #32]; " store "p x25, x26, [" base ", #48]\n" \
	"	" store "p x27, x28, [" base ", #64]; " store "r x29, [" base ", #80]\n" \
	"	" store "p d8, d9, [" base ", #88]; " store "p d10, d11, [" base ", #104]\n" \
	"	" store "p d12, d13, [" base ", #120]; " store "p d14, d15, [" base ", #136]\n"
__asm__(
	".pushsection .text\n"
	".type switch_with_registers, %function\n"
	".globl switch_with_registers\n"
	"switch_with_registers:\n"
	"	sub sp, sp, #176\n"
	ALL("st", "sp")
	"	stp x30, x3, [sp, #152]\n"
	ALL("ld", "x2")
	"	bl pawl_i_switch\n"
	"	ldp x30, x3, [sp, #152]\n"
	ALL("st", "x3")
	ALL("ld", "sp")
	"	add sp, sp, #176\n"
	"	ret\n"
	".size switch_with_registers, . - switch_with_registers\n"
	".popsection\n");
#endif

static void switch_and_compare(void **save, void *load, uint64_t seed)
{
	uint64_t in[REGISTERS], out[REGISTERS] = { 0 };

	for (unsigned i = 0; i < REGISTERS; i++)
		in[i] = (seed + i + 1) * 0x9e3779b97f4a7c15u;
	switch_with_registers(save, load, in, out);
	for (unsigned i = 0; i < REGISTERS; i++)
		must(out[i] == in[i]);
}

static void fills_the_registers(void *arg)
{
	struct flow *f = arg;

	for (;;) {
		f->count++;
		switch_and_compare(&f->sp, test_sp, f->count << 40);
	}
}

static void registers_of_the_caller_survive(void **state)
{
	struct flow f;

	(void)state;
	flow_make(&f, fills_the_registers);
	for (uint64_t i = 0; i < 100; i++)
		switch_and_compare(&test_sp, f.sp, i << 20);
	assert_int_equal(f.count, 100);
	flow_free(&f);
}

static void counts(void *arg)
{
	struct flow *f = arg;

	for (;;) {
		f->count++;
		pawl_i_switch(&f->sp, test_sp);
	}
}

static void two_flows_take_turns(void **state)
{
	struct flow f;

	(void)state;
	flow_make(&f, counts);
	for (uint64_t i = 1; i <= ROUNDS(1000000); i++) {
		pawl_i_switch(&test_sp, f.sp);
		assert_int_equal(f.count, i);
	}
	flow_free(&f);
}

enum { RING = 7, LAPS = 1000 };

/* Hands on to the next of the ring; its locals are its own. */
static void sums_up(void *arg)
{
	struct flow *f = arg;
	uint64_t sum = 0;
	double half_sum = 0;

	for (;;) {
		f->count++;
		sum += f->count * (uintptr_t)f;
		half_sum += (double)f->count / 2;
		pawl_i_switch(&f->sp, f->next ? f->next->sp : test_sp);
		must(sum == f->count * (f->count + 1) / 2 * (uintptr_t)f);
		must(half_sum * 4 == (double)(f->count * (f->count + 1)));
	}
}

static void many_flows_go_round(void **state)
{
	struct flow ring[RING];

	(void)state;
	for (size_t i = 0; i < RING; i++)
		flow_make(&ring[i], sums_up);
	for (size_t i = 0; i + 1 < RING; i++)
		ring[i].next = &ring[i + 1];
	for (uint64_t lap = 1; lap <= LAPS; lap++) {
		pawl_i_switch(&test_sp, ring[0].sp);
		for (size_t i = 0; i < RING; i++)
			assert_int_equal(ring[i].count, lap);
	}
	for (size_t i = 0; i < RING; i++)
		flow_free(&ring[i]);
}

/* Down to three quarters of the stack, a switch there, and up again. */
static __attribute__((__noinline__)) unsigned go_down(struct flow *f, unsigned depth)
{
	volatile unsigned local[16];
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	unsigned deepest = depth;

	for (unsigned i = 0; i < COUNT_OF(local); i++)
		local[i] = depth + i;
	if (here > (uintptr_t)f->memory + MARGIN + STACK / 4)
		deepest = go_down(f, depth + 1);
	else
		pawl_i_switch(&f->sp, test_sp);
	for (unsigned i = 0; i < COUNT_OF(local); i++)
		must(local[i] == depth + i);
	return deepest;
}

static void goes_down(void *arg)
{
	struct flow *f = arg;

	for (;;) {
		f->count = go_down(f, 1);
		pawl_i_switch(&f->sp, test_sp);
	}
}

static void a_flow_is_left_in_a_deep_recursion(void **state)
{
	struct flow f[2];

	(void)state;
	flow_make(&f[0], goes_down);
	flow_make(&f[1], goes_down);
	for (int i = 0; i < 4; i++)
		pawl_i_switch(&test_sp, f[i % 2].sp);
	assert_in_range(f[0].count, 100, STACK / 64);
	assert_int_equal(f[1].count, f[0].count);
	flow_free(&f[0]);
	flow_free(&f[1]);
}

/*** The world around ****************************************************************************/

static void a_flow_goes_on_in_another_thread(void **state)
{
	struct flow f;

	(void)state;
	flow_make(&f, counts);
	for (uint64_t i = 0; i < 10; i++) {
		struct worker w;

		pawl_i_switch(&test_sp, f.sp);
		worker_start(&w, switch_once, &f);
		worker_join(&w);
		assert_int_equal(f.count, 2 * i + 2);
	}
	flow_free(&f);
}

static volatile uintptr_t handler_frame;

static void note_the_frame(int signal)
{
	(void)signal;
	handler_frame = (uintptr_t)__builtin_frame_address(0);
}

static void raises(void *arg)
{
	struct flow *f = arg;

	must(raise(SIGUSR1) == 0);
	f->count++;
	pawl_i_switch(&f->sp, test_sp);
}

static void a_handler_runs_on_the_stack_of_the_flow(void **state)
{
	struct sigaction action = { .sa_handler = note_the_frame }, before;
	struct flow f;

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	flow_make(&f, raises);
	pawl_i_switch(&test_sp, f.sp);
	assert_int_equal(f.count, 1);
	assert_true(is_on_stack(&f, handler_frame));
	assert_int_equal(sigaction(SIGUSR1, &before, NULL), 0);
	flow_free(&f);
}

enum { FRAMES = 32 };

struct walk {
	size_t count;
	uintptr_t function[FRAMES];
};

static _Unwind_Reason_Code note_function(struct _Unwind_Context *context, void *arg)
{
	struct walk *walk = arg;

	/* One more step with address 0 is how libgcc says that there was an end. */
	if (_Unwind_GetIP(context) == 0)
		return _URC_NO_REASON;
	if (walk->count == FRAMES)
		return _URC_END_OF_STACK;
	walk->function[walk->count++] = (uintptr_t)_Unwind_GetRegionStart(context);
	return _URC_NO_REASON;
}

static struct walk walk;

/* As backtrace() does, which not every libc has. */
static void walks_its_stack(void *arg)
{
	struct flow *f = arg;

	for (;;) {
		walk.count = 0;
		_Unwind_Backtrace(note_function, &walk);
		pawl_i_switch(&f->sp, test_sp);
	}
}

static void a_backtrace_ends_below_the_entry(void **state)
{
	struct flow f;

	(void)state;
	flow_make(&f, walks_its_stack);
	for (int i = 0; i < 2; i++) {
		pawl_i_switch(&test_sp, f.sp);
		assert_in_range(walk.count, 2, FRAMES - 1);
		assert_true(walk.function[walk.count - 2] == (uintptr_t)walks_its_stack);
	}
	flow_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_entry_runs_on_its_stack_with_its_argument),
		TEST(the_stack_is_aligned_at_entry_wherever_it_lies),
		TEST(an_entry_that_returns_traps),
		TEST(registers_of_the_caller_survive),
		TEST(two_flows_take_turns),
		TEST(many_flows_go_round),
		TEST(a_flow_is_left_in_a_deep_recursion),
		TEST(a_flow_goes_on_in_another_thread),
		TEST(a_handler_runs_on_the_stack_of_the_flow),
		TEST(a_backtrace_ends_below_the_entry),
	};

	return test_main(tests);
}
