/* SPDX-License-Identifier: BSD-2-Clause */
/* scope_source.c - sources go with their last reference; the first reason counts. */
#include <errno.h>

#include "explorer/model.h"

static pawl_cancel *source, *parent;
static int seen;

static void setup(void)
{
	MODEL_CHECK(pawl_cancel_open(NULL, &parent) == 0);
	MODEL_CHECK(pawl_cancel_open(parent, &source) == 0);
}

/* Each has a reference, and so has the scope. */
static void fire_and_close(unsigned who)
{
	pawl_scope s;

	if (who == 1) {
		pawl_cancel_fire(parent, 1);
		pawl_cancel_close(parent);
		return;
	}
	pawl_scope_enter(&s, PAWL_FOREVER, source, 0);
	pawl_cancel_close(source);
	seen = pawl_scope_check();
	MODEL_CHECK(pawl_scope_leave(&s, seen) == seen);
}

MODEL(scope_closed, .about = "one fires and closes a parent, one is in a scope of the child",
      .threads = 2, .setup = setup, .thread = fire_and_close);

static void close_own(unsigned who)
{
	if (who == 1) {
		pawl_cancel_fire(source, 1);
		pawl_cancel_close(source);
		return;
	}
	if (who == 3) {
		MODEL_CHECK(pawl_cancel_reason(parent) == 0);
		pawl_cancel_close(parent);
		return;
	}
	seen = pawl_cancel_reason(source);
	pawl_cancel_close(source);
}

static void setup_three(void)
{
	setup();
	(void)pawl_cancel_ref(source);
}

MODEL(scope_closed_by_last, .about = "two have a child, one of them fires, and one its parent",
      .threads = 3, .setup = setup_three, .thread = close_own);

static int gifts[3];

/* Who sees a reason sees what was done before it, and never another. */
static void see_reason(void)
{
	int reason = pawl_cancel_reason(source);

	if (reason == 0)
		return;
	MODEL_CHECK(gifts[reason] == 1);
	MODEL_CHECK(pawl_cancel_reason(source) == reason);
}

static void fire_or_look(unsigned who)
{
	if (who < 3) {
		gifts[who] = 1;
		pawl_cancel_fire(source, (int)who);
		MODEL_CHECK(pawl_cancel_reason(source) != 0);
	}
	see_reason();
}

static void close_both(void)
{
	pawl_cancel_close(source);
	pawl_cancel_close(parent);
}

MODEL(scope_reasons, .about = "two fire a source, one looks", .threads = 3, .setup = setup,
      .thread = fire_or_look, .finish = close_both);
