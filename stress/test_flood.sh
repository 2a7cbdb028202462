#!/bin/sh
# test_flood.sh - pawl-flood, briefly; and its judge sees what a queue never does.
# SPDX-License-Identifier: BSD-2-Clause
set -u
flood=${top_builddir:-.}/stress/pawl-flood
tmp=$(mktemp -d "${TMPDIR:-/tmp}/pawl-flood.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM
number=0

# result STATUS NAME
result() {
	number=$((number + 1))
	if [ "$1" = 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		sed 's/^/# /' "$tmp/out" "$tmp/err"
	fi
}

# run STATUS ARGUMENT...: whether it ends with that
run() {
	wanted=$1
	shift
	timeout 300 "$flood" "$@" >"$tmp/out" 2>"$tmp/err"
	[ $? = "$wanted" ]
}

run 0 --items=1400000 && [ "$(grep -c '^ok' "$tmp/out")" = 8 ] &&
	tail -n 1 "$tmp/out" | grep -q '^# pawl-flood: PASS 1400000 items,'
result $? "1,400,000 items: none is lost, none is there twice, all are in order"
grep '^#' "$tmp/out"

run 0 --items=3 && [ "$(grep -c '^ok' "$tmp/out")" = 8 ]
result $? "a few"

for plant in lose double swap alter; do
	run 1 --items=400000 --plant=$plant && [ "$(grep -c '^not ok' "$tmp/out")" = 8 ] &&
		[ "$(wc -l <"$tmp/err")" = 8 ]
	result $? "one of them to $plant is seen in all eight"
done

run 2 --items=x && grep -q "^pawl-flood: 'x' is not right" "$tmp/err" && run 2 --plant=nothing &&
	run 2 --nonsense && run 2 more && run 0 --help && grep -q '^usage: pawl-flood' "$tmp/out"
result $? "options"

echo "1..$number"
