/* SPDX-License-Identifier: BSD-2-Clause */
/* tls.h - what each thread has of its own. */
#ifndef PAWL_PLATFORM_TLS_H
#define PAWL_PLATFORM_TLS_H

#include <stdint.h>

#include <pawl/thread.h>

struct context;
struct pawl_op;
struct smr_record;
struct pawl_scope;

struct tls {
	struct context *context;	/* NULL before the first wait, and after it was given back */
	struct smr_record *smr;		/* the same, before the first section of reclaim/smr.h */
	struct pawl_scope *scope;	/* innermost that was entered */
	struct pawl_op *told, *told_last;	/* inline ops to be finished (wait/op.h) */
	uint32_t shares;	/* as a reader that was counted, since the last look (wait/slots.h) */
	unsigned held;		/* not yet, if > 0 */
	enum tls_inline { NOT_INLINE, FINISHING, IN_DONE } stage;	/* of the one of now */
};

extern __thread struct tls pawl_i_tls
	__attribute__((__tls_model__("initial-exec"), __visibility__("hidden")));

/* Those above stand for other things than threads (wait/owner.h). */
#define TLS_LAST_ID UINT32_C(0xffffffef)

/* Make an owner id, which no other thread of this process ever had (they start to
 * repeat after 2^32 threads).  Needs no memory, cannot fail. */
uint64_t pawl_i_self_make(void);

/* Return: the owner id of the calling thread << 32. */
static inline uint64_t pawl_i_self(void)
{
	return pawl_self_ != 0 ? pawl_self_ : pawl_i_self_make();
}

/* Return: the kernel's id of the calling thread. */
uint32_t pawl_i_tls_tid(void);

/* What wants to know when a thread exits: called in this order. */
enum tls_exit { TLS_EXIT_SMR, TLS_EXIT_CONTEXT, TLS_EXITS };

/* Have @fn(@arg) called when the calling thread exits; replaces an earlier call for
 * the same @slot.  If destructors of other libraries call in again after that, they
 * may register again.  Return: 0; ENOMEM. */
int pawl_i_tls_at_exit(enum tls_exit slot, void (*fn)(void *arg), void *arg);

#endif
