/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * switch_x86_64.S - see switch.h.
 *
 * A flow that was left, from its stack pointer upwards, 8 bytes each:
 *
 *	r15  r14  r13  r12  rbx  rbp  where it goes on
 *
 * A new one goes on at pawl_i_switch_start, has its entry in rbx and the argument in r12.
 */
#if defined __x86_64__ && defined __LP64__

#define R12	24
#define RBX	32
#define RBP	40
#define RIP	48
#define FRAME	56

.macro SAVE register
	pushq	%\register
	.cfi_adjust_cfa_offset 8
	.cfi_rel_offset %\register, 0
.endm

.macro RESTORE register
	popq	%\register
	.cfi_adjust_cfa_offset -8
	.cfi_restore %\register
.endm

.macro FUNCTION name
	.globl	\name
	.hidden	\name
	.type	\name, @function
	.p2align 4
.endm

	.text

/* void *pawl_i_switch_make(void *stack, size_t size, void (*entry)(void *arg), void *arg) */
FUNCTION pawl_i_switch_make
pawl_i_switch_make:
	.cfi_startproc
	endbr64
	leaq	(%rdi, %rsi), %rax
	andq	$-16, %rax		/* rsp at the start, as the ABI wants it at a call */
	subq	$FRAME, %rax
	leaq	pawl_i_switch_start(%rip), %rsi
	movq	%rsi, RIP(%rax)
	movq	%rdx, RBX(%rax)
	movq	%rcx, R12(%rax)
	movq	$0, RBP(%rax)		/* ends the chain of frame pointers */
	ret
	.cfi_endproc
	.size	pawl_i_switch_make, . - pawl_i_switch_make

/* void pawl_i_switch(void **save, void *load) */
FUNCTION pawl_i_switch
pawl_i_switch:
	.cfi_startproc
	endbr64
	SAVE	rbp
	SAVE	rbx
	SAVE	r12
	SAVE	r13
	SAVE	r14
	SAVE	r15
	movq	%rsp, (%rdi)
	movq	%rsi, %rsp		/* from here on the other's frame, of the same shape */
	RESTORE	r15
	RESTORE	r14
	RESTORE	r13
	RESTORE	r12
	RESTORE	rbx
	RESTORE	rbp
	popq	%rcx
	.cfi_adjust_cfa_offset -8
	.cfi_register %rip, %rcx
	notrack jmp *%rcx		/* return sites have no endbr64 */
	.cfi_endproc
	.size	pawl_i_switch, . - pawl_i_switch

/* Where a new flow goes on.  The outermost frame of its stack. */
FUNCTION pawl_i_switch_start
	.cfi_startproc
	.cfi_undefined %rip
	nop				/* unwinders look up the byte before a return address */
pawl_i_switch_start:
	movq	%r12, %rdi
	call	*%rbx
	ud2
	.cfi_endproc
	.size	pawl_i_switch_start, . - pawl_i_switch_start

/* The mark of objects that keep to IBT: NT_GNU_PROPERTY_TYPE_0, X86_FEATURE_1_AND. */
	.section .note.gnu.property, "a", @note
	.p2align 3
	.long	4, 16, 5
	.asciz	"GNU"
	.long	0xc0000002, 4, 1, 0

#endif

/* The stack need not be executable; an object without this note would make it so. */
	.section .note.GNU-stack, "", %progbits
