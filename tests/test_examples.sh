#!/bin/sh
# test_examples.sh - the small programs of examples/ do what their first lines say.
# SPDX-License-Identifier: BSD-2-Clause
#
# Prints TAP.  treesum has a test of its own.
set -u
LC_ALL=C; export LC_ALL

examples=${top_builddir-.}/examples
sources=${srcdir-.}/examples
tmp=$(mktemp -d "${TMPDIR:-/tmp}/examples.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM
number=0

result()
{
	number=$((number + 1))
	if test "$1" -eq 0; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		sed 's/^/# /' "$tmp/out"
	fi
}

# The number behind "name:" in the output.
value()
{
	sed -n "s/^$1: *\([0-9-]*\).*/\1/p" "$tmp/out"
}

check_counter()
{
	test "$(value mutex)" -eq 1000 && test "$(value counter)" -eq 1000
}

check_session()
{
	test $(($(value accepted) + $(value refused))) -eq 800 &&
		test "$(value accepted)" -ge 400 && test "$(value 'after logout')" -eq 0
}

check_transfer()
{
	test $(($(value "done") + $(value refused))) -eq 32000 &&
		test "$(value "done")" -gt 0 && test "$(value refused)" -gt 0 &&
		test "$(value 'bad audits')" -eq 0 && test "$(value sum)" -eq 800
}

check_getorfetch()
{
	test "$(value answers)" -eq 639 && test "$(value errors)" -eq 1 &&
		test "$(value fetches)" -eq 5
}

check_timelimit()
{
	test "$(value answers)" -eq 16 && test "$(value nothing)" -eq 4 &&
		test "$(value errors)" -eq 0 && test "$(value connections)" -eq 2
}

check_bounded_work()
{
	test "$(cat "$tmp/out")" = "10000 done, at most 100 at a time: 100"
}

# All of it, and never more than the bound, of which it came near.
check_backpressure()
{
	test "$(value messages)" -eq 1000 &&
		test "$(value 'at most in memory')" -le "$(value bound)" &&
		test "$(value 'at most in memory')" -gt $(($(value bound) / 2)) &&
		test "$(value bytes)" -gt $((10 * $(value bound))) &&
		test "$(value 'the producer waited')" -gt 0
}

check_cleanup()
{
	test "$(value canceled)" -eq 8 && test "$(value saved)" -eq 8 &&
		test "$(value closed)" -eq 8
}

# The same for each event loop.
check_op()
{
	test "$(value requests)" -eq 3000 &&
		test $(($(value served) + $(value late))) -eq 3000 &&
		test "$(value callbacks)" -gt 0
}
check_op_poll() { check_op; }
check_op_libuv() { check_op; }
check_op_libevent() { check_op; }
check_op_glib() { check_op; }

# The library that an example needs beside pawl.
needed()
{
	case $1 in
	op_libuv) echo libuv ;;
	op_libevent) echo libevent_core ;;
	op_glib) echo glib-2.0 ;;
	esac
}

skip()
{
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

# run name how command...
run()
{
	name=$1 how=$2
	shift 2
	if test -n "$(needed "$name")" && test ! -e "$examples/$name"; then
		skip "$name, $how" "configure did not find $(needed "$name")"
		return
	fi
	timeout -k 5 120 "$@" "$examples/$name" >"$tmp/out" 2>&1
	status=$?
	test $status -ne 124 || echo "# $name: still running after two minutes"
	test $status -eq 0 && check_$name
	result $? "$name, $how"
}

for example in counter session transfer getorfetch timelimit bounded_work backpressure cleanup \
	op_poll op_libuv op_libevent op_glib; do
	for round in 1 2 3; do
		run $example "round $round" env
	done
	if command -v taskset >/dev/null 2>&1 && taskset -c 0 true 2>/dev/null; then
		run $example "on one CPU" taskset -c 0
	else
		skip "$example, on one CPU" "no taskset, or no CPU 0"
	fi
done

# As a user compiles them: without our flags and config.h.
for source in "$sources"/*.c; do
	library=$(needed "$(basename "$source" .c)") flags=
	if test -n "$library"; then
		flags=$(${PKG_CONFIG-pkg-config} --cflags "$library" 2>/dev/null) ||
			{ skip "$(basename "$source") compiles" "no $library"; continue; }
	fi
	# shellcheck disable=SC2086 # flags are words
	${CC-cc} -fsyntax-only -Wall -Wextra -Werror -I"${srcdir-.}/include" $flags "$source" \
		>"$tmp/out" 2>&1
	result $? "$(basename "$source") compiles without flags of ours"
done
echo "1..$number"
