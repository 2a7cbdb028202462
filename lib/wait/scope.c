/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * scope.c - the scopes of pawl/scope.h.  Uses: platform, cancel, limit.
 *
 * A thread's scopes are a list from the innermost outwards, in its thread-locals.  Nobody else
 * looks at them.
 */
#include "config.h"

#include <errno.h>
#include <stddef.h>

#include "platform/fatal.h"
#include "platform/tls.h"
#include "wait/cancel.h"
#include "wait/limit.h"
#include "wait/scope.h"

/* The next one whose cancels and deadlines reach into what is inside @s; NULL: none. */
static pawl_scope *around(const pawl_scope *s)
{
	return s->flags_ & PAWL_SHIELD ? NULL : s->outer_;
}

bool pawl_i_scope_is_fired(const pawl_scope *s)
{
	for (; s; s = around(s))
		if (s->source_ && pawl_cancel_reason(s->source_) != 0)
			return true;
	return false;
}

void pawl_i_scope_expire(pawl_scope *s)
{
	pawl_time passed = s->limit_;

	for (; s; s = around(s))
		if (s->deadline_ == passed)
			s->expired_ = true;
}

uint64_t pawl_i_scope_cancels(const pawl_scope *s)
{
	uint64_t bits = 0;

	for (; s; s = around(s))
		if (s->source_)
			bits |= pawl_i_cancel_bits(s->source_);
	return bits;
}

void pawl_scope_enter(pawl_scope *s, pawl_time deadline, pawl_cancel *source, unsigned flags)
{
	const pawl_scope *outer;

	if (flags & ~(unsigned)PAWL_SHIELD)
		pawl_i_misuse("pawl_scope_enter", "scope", s, "has unknown flags", 0);
	if (pawl_i_tls.scope == s)
		pawl_i_misuse("pawl_scope_enter", "scope", s, "was entered before, and not left", 0);
	*s = (pawl_scope){
		.outer_ = pawl_i_tls.scope,
		.source_ = source ? pawl_cancel_ref(source) : NULL,
		.deadline_ = deadline, .limit_ = deadline, .flags_ = flags,
	};
	outer = around(s);
	if (outer && outer->limit_ < deadline)
		s->limit_ = outer->limit_;
	pawl_i_tls.scope = s;
}

int pawl_scope_leave(pawl_scope *s, int rc)
{
	if (pawl_i_tls.scope != s)
		pawl_i_misuse("pawl_scope_leave", "scope", s,
			      "is not the innermost of the calling thread", 0);
	pawl_i_tls.scope = s->outer_;
	if (s->source_)
		pawl_cancel_close(s->source_);
	return rc == ECANCELED && s->expired_ ? ETIMEDOUT : rc;
}

int pawl_scope_check(void)
{
	struct limit l = pawl_i_limit(PAWL_FOREVER);

	return pawl_i_limit_reached(&l) ? pawl_i_limit_error(&l) : 0;
}
