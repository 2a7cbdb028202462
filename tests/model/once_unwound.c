/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * once_unwound.c - an initialiser that does not return: it is unwound, as by pthread_exit() or a
 * C++ exception, and the role goes to who waits.
 */
#include <stdint.h>
#include <unwind.h>

#include "explorer/model.h"
#include "wait/owner.h"

enum sight { LEFT_OTHERS, TIMED_OUT };

#define UNSEEN __attribute__((__no_sanitize__("thread")))	/* it is left without a return */

static pawl_once o;
static int gone, value;

/* How far to unwind. */
struct landing {
	struct _Unwind_Exception exception;
	void *jump[5];
	uintptr_t frame;
};

static UNSEEN _Unwind_Reason_Code land(int version, _Unwind_Action actions,
	_Unwind_Exception_Class class, struct _Unwind_Exception *exception,
	struct _Unwind_Context *context, void *arg)
{
	struct landing *l = arg;

	(void)version, (void)actions, (void)class, (void)exception;
	if (_Unwind_GetCFA(context) > l->frame)
		__builtin_longjmp(l->jump, 1);
	return _URC_NO_REASON;
}

static int leave(void *arg)
{
	struct landing *l = arg;

	gone++;
	if (__atomic_load_n(&o.word_, __ATOMIC_RELAXED) & WAITERS)
		model_saw(LEFT_OTHERS);
	(void)_Unwind_ForcedUnwind(&l->exception, land, l);
	return 0;
}

static UNSEEN __attribute__((__noinline__)) void run_and_leave(void)
{
	struct landing l = { .frame = (uintptr_t)__builtin_frame_address(0) };

	if (__builtin_setjmp(l.jump) == 0)
		(void)pawl_once_do(&o, leave, &l);
}

static int make(void *arg)
{
	(void)arg;
	MODEL_CHECK(value == 0);
	value = 1;
	return 0;
}

static void setup(void)
{
	model_name(&o, sizeof o, "o");
}

static void leave_or_make(unsigned who)
{
	if (who == 1)
		run_and_leave();
	MODEL_CHECK(pawl_once_do(&o, make, NULL) == 0 && value == 1);
}

static void it_left_or_came_late(void)
{
	MODEL_CHECK(gone <= 1 && value == 1 && pawl_once_is_done(&o));
}

MODEL(once_unwound, .about = "one is unwound, and then makes it as another does", .threads = 2,
      .enter = model_attach, .setup = setup, .thread = leave_or_make,
      .finish = it_left_or_came_late, .sights = { "an initialiser left while others waited" });

static void leave_or_give_up(unsigned who)
{
	int err;

	if (who == 1) {
		run_and_leave();
		return;
	}
	err = pawl_once_do_until(&o, make, NULL, model_soon());
	if (err != 0)
		model_saw(TIMED_OUT);
}

static void nobody_runs(void)
{
	MODEL_CHECK(pawl_once_do_until(&o, make, NULL, model_past()) == 0 && value == 1);
}

MODEL(once_unwound_timed, .about = "one is unwound as another gives up", .threads = 2,
      .enter = model_attach, .setup = setup, .thread = leave_or_give_up, .finish = nobody_runs,
      .sights = { "an initialiser left while others waited", "a deadline passed" });
