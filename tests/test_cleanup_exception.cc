/* SPDX-License-Identifier: BSD-2-Clause */
/* test_cleanup_exception.cc - pawl/cleanup.h and scope.h in C++: exceptions leave all of it. */
#include <cerrno>
#include <cstdio>
#include <stdexcept>

#include <unistd.h>

#include <pawl/cleanup.h>
#include <pawl/counter.h>

namespace {

int tests;
int failures;

void report(bool ok, const char *name)
{
	std::printf("%sok %d - %s\n", ok ? "" : "not ", ++tests, name);
	failures += !ok;
}

pawl_mutex lock = PAWL_MUTEX_INIT;
int cleanups;

bool lock_is_free()
{
	if (pawl_mutex_trylock(&lock) != 0)
		return false;
	pawl_mutex_unlock(&lock);
	return true;
}

void count(const int *by)
{
	cleanups += *by;
}

void leave(pawl_scope *s)
{
	(void)pawl_scope_leave(s, 0);
}

/* What C++ would write: a scope that an exception leaves. */
struct scope {
	pawl_scope inside;

	explicit scope(pawl_time deadline) { pawl_scope_enter(&inside, deadline, nullptr, 0); }
	~scope() { leave(&inside); }
	scope(const scope &) = delete;
	scope &operator=(const scope &) = delete;
};

int throw_it()
{
	throw std::runtime_error("from inside");
}

int guarded(int way)
{
	PAWL_CLEANUP(count) int one = 1;

	for (int i = 0; i < 2; i++) {
		PAWL_GUARD(&lock);

		if (!pawl_mutex_is_mine(&lock))
			return -1;
		if (way == 0)
			return one;
		if (way == 1)
			break;
		if (way == 2)
			return throw_it();
	}
	return 0;
}

int shielded(int way)
{
	for (int i = 0; i < 2; i++) {
		if (way == 0)
			PAWL_SHIELDED(PAWL_S(1), return 1);
		else if (way == 1)
			PAWL_SHIELDED(PAWL_S(1), break);
		else
			PAWL_SHIELDED(PAWL_S(1), throw_it());
	}
	return 0;
}

/* Return: what @fn does; 2: it throws. */
int outcome(int (*fn)(int way), int way)
{
	try {
		return fn(way);
	} catch (const std::runtime_error &) {
		return 2;
	}
}

int wait_in_vain()
{
	pawl_counter c = PAWL_COUNTER_INIT(1);

	return pawl_counter_wait_zero(&c, PAWL_FOREVER);
}

/* The order of the declarations is that of the scopes. */
int wait_in_scope(int way)
{
	scope outer(0);
	PAWL_CLEANUP(leave) pawl_scope inner;

	pawl_scope_enter(&inner, PAWL_FOREVER, nullptr, 0);
	if (wait_in_vain() != ECANCELED)
		return -1;
	return way == 2 ? throw_it() : way;
}

}

int main()
{
	alarm(100);
	report(outcome(guarded, 0) == 1 && lock_is_free(), "a_guard_unlocks_at_a_return");
	report(outcome(guarded, 1) == 0 && lock_is_free(), "a_guard_unlocks_at_a_break");
	report(outcome(guarded, 2) == 2 && lock_is_free(), "a_guard_unlocks_at_an_exception");
	report(outcome(guarded, 3) == 0 && lock_is_free(), "a_guard_unlocks_at_the_end");
	report(cleanups == 4, "a_cleanup_runs_on_each_way_out");
	{
		scope canceled(0);

		report(outcome(shielded, 0) == 1 && pawl_scope_check() == ECANCELED,
		       "a_shield_is_left_by_a_return");
		report(outcome(shielded, 1) == 0 && pawl_scope_check() == ECANCELED,
		       "a_shield_is_left_by_a_break");
		report(outcome(shielded, 2) == 2 && pawl_scope_check() == ECANCELED,
		       "a_shield_is_left_by_an_exception");
		report(PAWL_SHIELDED(PAWL_S(50), pawl_scope_check()) == 0, "a_shield_has_a_value");
		report(PAWL_SHIELDED(PAWL_MS(2), wait_in_vain()) == ECANCELED,
		       "a_shield_has_a_deadline");
	}
	report(pawl_scope_check() == 0 && outcome(wait_in_scope, 2) == 2 && pawl_scope_check() == 0,
	       "an_exception_leaves_scopes");
	report(outcome(wait_in_scope, 1) == 1 && pawl_scope_check() == 0, "a_return_leaves_scopes");
	std::printf("1..%d\n", tests);
	return failures != 0;
}
