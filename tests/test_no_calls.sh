#!/bin/sh
# test_no_calls.sh - the inline fast paths: no call, and no more locked instructions than promised.
# SPDX-License-Identifier: BSD-2-Clause
#
# A program's use of the headers is compiled and disassembled; test_no_calls.awk looks for a
# way from its first instruction to its return that calls nothing.  x86-64 only.
set -u
LC_ALL=C
export LC_ALL

srcdir=${srcdir:-.} CC=${CC:-cc} AWK=${AWK:-awk}
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT TERM

skip() {
	echo "1..0 # SKIP $1"
	exit 0
}

cat >"$tmp/uses.c" <<'END'
#include <pawl/pawl.h>

void mutex_pair(pawl_mutex *m)
{
	pawl_mutex_lock(m);
	pawl_mutex_unlock(m);
}

int mutex_try(pawl_mutex *m)
{
	return pawl_mutex_trylock(m);
}

bool mutex_mine(const pawl_mutex *m)
{
	return pawl_mutex_is_mine(m);
}

int64_t counter_add(pawl_counter *c, int64_t n)
{
	return pawl_counter_add(c, n);
}

int64_t counter_get(const pawl_counter *c)
{
	return pawl_counter_get(c);
}

int sem_pair(pawl_sem *s)
{
	int rc = pawl_sem_acquire(s);

	pawl_sem_release(s, 1);
	return rc;
}

int sem_try(pawl_sem *s)
{
	return pawl_sem_tryacquire(s);
}

int sem_until(pawl_sem *s, pawl_time deadline)
{
	return pawl_sem_acquire_until(s, deadline);
}

void sem_release(pawl_sem *s, int64_t n)
{
	pawl_sem_release(s, n);
}

int64_t sem_value(const pawl_sem *s)
{
	return pawl_sem_value(s);
}

bool once_done(const pawl_once *o)
{
	return pawl_once_is_done(o);
}
END

# disassemble NAME OPTION...
disassemble() {
	name=$1
	shift
	# shellcheck disable=SC2086 # CC may have options
	$CC -O2 "$@" -I"$srcdir/include" -c -o "$tmp/$name.o" "$tmp/uses.c" 2>"$tmp/errors" &&
		objdump -dr --no-show-raw-insn "$tmp/$name.o" >"$tmp/$name"
}

# free_of_calls FILE FUNCTION LOCKED: 0 if it is, with so many locked instructions
free_of_calls() {
	"$AWK" -v function_name="$2" -v locked="$3" -f "$srcdir/tests/test_no_calls.awk" "$1"
}

printf '#ifndef __x86_64__\n#error\n#endif\n' >"$tmp/cpu.c"
# shellcheck disable=SC2086 # as above
$CC -fsyntax-only "$tmp/cpu.c" 2>/dev/null || skip "not x86-64"
objdump --version >/dev/null 2>&1 || skip "no objdump here"

test=0 bad=0
result() {
	test=$((test + 1))
	if [ "$1" = 0 ]; then
		echo "ok $test - $2"
	else
		echo "not ok $test - $2"
		bad=1
	fi
}

echo 1..15
disassemble inline && disassemble twins -DPAWL_NO_INLINE
result $? "the headers compile"
sed 's/^/# /' "$tmp/errors"

while read -r name locked; do
	free_of_calls "$tmp/inline" "$name" "$locked" >"$tmp/path"
	result $? "$name: no call, $locked locked instructions"
	sed 's/^/# /' "$tmp/path"
done <<'END'
mutex_pair 2
mutex_try 1
mutex_mine 0
counter_add 1
counter_get 0
sem_pair 2
sem_try 1
sem_until 1
sem_release 1
sem_value 0
once_done 0
END

# The check can fail: a call is seen, and a locked instruction too many.
! free_of_calls "$tmp/twins" mutex_pair 2 >/dev/null
result $? "where nothing is inline, the call is seen"
! free_of_calls "$tmp/twins" sem_pair 2 >/dev/null
result $? "that of a semaphore too"
! free_of_calls "$tmp/inline" mutex_pair 1 >/dev/null
result $? "a locked instruction too many is seen"
exit $bad
