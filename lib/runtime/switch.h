/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * switch.h - flows of control with stacks of their own, and the switch between them.
 *
 * A thread runs one flow at a time and leaves it where it calls pawl_i_switch(), which
 * returns when somebody switches back.  A flow that nobody switches to again is
 * forgotten; there is nothing to free but its stack.
 *
 * Saved:    what the ABI makes a callee keep: on x86-64 rbx, rbp, r12 to r15; on
 *	     aarch64 x19 to x30, d8 to d15; and the stack pointer.  All else belongs to
 *	     the thread and stays: errno, thread-locals, the signal mask, and the floating
 *	     point control words (mxcsr, x87, fpcr).  The x86-64 ABI makes a callee keep
 *	     those too, but that would cost more than the switch.
 * Cost:     17 instructions (aarch64: 28) and no system call.  On x86-64 it leaves by an indirect
 *	     jump, as the CPU would predict a ret to go back to the caller, wrongly each
 *	     time: 2.5 ns against 7.3 ns where measured.  On aarch64 it has to be a ret:
 *	     return sites are no landing pads (BTI).
 * Threads:  a flow may go on in another thread than the one it left, but not before
 *	     that one runs on the stack it switched to.  Compilers keep addresses of
 *	     thread-locals, errno's for one, over a call: such a flow may use none
 *	     across a switch.
 * Signals:  one may arrive at any instruction; the handler runs on the stack of the flow
 *	     it interrupts, unless it has SA_ONSTACK.  Handlers do not switch themselves.
 * Unwind:   debuggers, profilers and backtrace() see a flow's frames up to its entry and
 *	     end there, at every instruction of the switch too.  Exceptions, longjmp() and
 *	     pthread_exit() may not leave a flow.
 * Tools:    nothing here tells valgrind or the sanitizers of the stacks; flow.h tells the latter.
 * CPU:      made for indirect branch tracking (IBT, BTI) and signed return addresses (PAC).
 *	     Shadow stacks (SHSTK, GCS) are not switched and the objects are not marked
 *	     for them, so that a libc leaves them off.
 *
 * Source: the procedure call standards of the CPUs (System V ABI, AAPCS64).
 */
#ifndef PAWL_RUNTIME_SWITCH_H
#define PAWL_RUNTIME_SWITCH_H

#include <stddef.h>

/*
 * Prepare a stack: the first switch to what this returns calls @entry(@arg), which
 * must not return (it would trap).  Async-signal-safe.
 *
 * @stack:	its lowest byte, of any alignment; up to 15 bytes of the stack go unused
 * @size:	in bytes, enough for what @entry calls, for handlers of signals, and for
 *		another 256
 */
__attribute__((__visibility__("hidden")))
void *pawl_i_switch_make(void *stack, size_t size, void (*entry)(void *arg), void *arg);

/*
 * Leave the calling flow and go on with another.
 *
 * @save:	set to what a later switch, one, loads to go on with the caller
 * @load:	from pawl_i_switch_make(), or what the switch that left that flow saved
 */
__attribute__((__visibility__("hidden")))
void pawl_i_switch(void **save, void *load);

#endif
