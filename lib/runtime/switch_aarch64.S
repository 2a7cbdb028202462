/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * switch_aarch64.S - see switch.h.
 *
 * A flow that was left, from its stack pointer upwards, 8 bytes each:
 *
 *	x29  x30 (where it goes on)  x19 ... x28  d8 ... d15
 *
 * x30 is signed with the stack pointer above this frame, on CPUs with PAC.  A new flow
 * goes on at pawl_i_switch_start, has its entry in x19 and the argument in x20.
 */
#if defined __aarch64__ && defined __LP64__

#define X29	0
#define X30	8
#define X19	16
#define X20	24
#define FRAME	160

/* By number, as old assemblers do not know the names.  No-ops on CPUs without. */
#define PACIA1716	hint #8
#define PACIASP		hint #25	/* a landing pad as well */
#define AUTIASP		hint #29
#define BTI_C		hint #34

.macro SAVE first, second, offset
	stp	\first, \second, [sp, #\offset]
	.cfi_rel_offset \first, \offset
	.cfi_rel_offset \second, \offset + 8
.endm

.macro RESTORE first, second, offset
	ldp	\first, \second, [sp, #\offset]
	.cfi_restore \first
	.cfi_restore \second
.endm

.macro FUNCTION name
	.globl	\name
	.hidden	\name
	.type	\name, %function
	.p2align 4
.endm

	.text

/* void *pawl_i_switch_make(void *stack, size_t size, void (*entry)(void *arg), void *arg) */
FUNCTION pawl_i_switch_make
pawl_i_switch_make:
	.cfi_startproc
	BTI_C
	add	x16, x0, x1
	and	x16, x16, #-16		/* sp at the start, which must be aligned always */
	sub	x0, x16, #FRAME
	adr	x17, pawl_i_switch_start
	PACIA1716			/* as PACIASP in the switch would have signed it */
	stp	xzr, x17, [x0, #X29]	/* x29 = 0 ends the chain of frame pointers */
	stp	x2, x3, [x0, #X19]
	ret
	.cfi_endproc
	.size	pawl_i_switch_make, . - pawl_i_switch_make

/* void pawl_i_switch(void **save, void *load) */
FUNCTION pawl_i_switch
pawl_i_switch:
	.cfi_startproc
	PACIASP
	.cfi_negate_ra_state
	sub	sp, sp, #FRAME
	.cfi_adjust_cfa_offset FRAME
	SAVE	x29, x30, X29
	SAVE	x19, x20, 16
	SAVE	x21, x22, 32
	SAVE	x23, x24, 48
	SAVE	x25, x26, 64
	SAVE	x27, x28, 80
	SAVE	d8,  d9,  96
	SAVE	d10, d11, 112
	SAVE	d12, d13, 128
	SAVE	d14, d15, 144
	mov	x9, sp
	str	x9, [x0]
	mov	sp, x1			/* from here on the other's frame, of the same shape */
	RESTORE	x29, x30, X29
	RESTORE	x19, x20, 16
	RESTORE	x21, x22, 32
	RESTORE	x23, x24, 48
	RESTORE	x25, x26, 64
	RESTORE	x27, x28, 80
	RESTORE	d8,  d9,  96
	RESTORE	d10, d11, 112
	RESTORE	d12, d13, 128
	RESTORE	d14, d15, 144
	add	sp, sp, #FRAME
	.cfi_adjust_cfa_offset -FRAME
	AUTIASP
	.cfi_negate_ra_state
	ret
	.cfi_endproc
	.size	pawl_i_switch, . - pawl_i_switch

/* Where a new flow goes on, by a ret.  The outermost frame of its stack. */
FUNCTION pawl_i_switch_start
	.cfi_startproc
	.cfi_undefined x30
	nop				/* unwinders look up the byte before a return address */
pawl_i_switch_start:
	mov	x0, x20
	blr	x19
	brk	#0
	.cfi_endproc
	.size	pawl_i_switch_start, . - pawl_i_switch_start

/* The mark of objects that keep to BTI and sign return addresses:
 * NT_GNU_PROPERTY_TYPE_0, AARCH64_FEATURE_1_AND. */
	.section .note.gnu.property, "a", %note
	.p2align 3
	.long	4, 16, 5
	.asciz	"GNU"
	.long	0xc0000000, 4, 3, 0

#endif

/* The stack need not be executable; an object without this note would make it so. */
	.section .note.GNU-stack, "", %progbits
