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

# run name how command...
run()
{
	name=$1 how=$2
	shift 2
	timeout -k 5 120 "$@" "$examples/$name" >"$tmp/out" 2>&1
	status=$?
	test $status -ne 124 || echo "# $name: still running after two minutes"
	test $status -eq 0 && check_$name
	result $? "$name, $how"
}

for example in counter session transfer getorfetch; do
	for round in 1 2 3; do
		run $example "round $round" env
	done
	if command -v taskset >/dev/null 2>&1 && taskset -c 0 true 2>/dev/null; then
		run $example "on one CPU" taskset -c 0
	else
		number=$((number + 1))
		echo "ok $number - $example, on one CPU # SKIP no taskset, or no CPU 0"
	fi
done

# As a user compiles them: without our flags and config.h.
for source in "$sources"/*.c; do
	${CC-cc} -fsyntax-only -Wall -Wextra -Werror -I"${srcdir-.}/include" "$source" \
		>"$tmp/out" 2>&1
	result $? "$(basename "$source") compiles without flags of ours"
done
echo "1..$number"
