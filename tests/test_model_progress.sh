#!/bin/sh
# test_model_progress.sh - README's table of progress is what the explorer finds.
# SPDX-License-Identifier: BSD-2-Clause
#
# A point per function and condition.  That it can tell is shown by mistakes in the table, and by
# twins of the library (tests/model/twins/progress/) that wait where they should not.
set -u
explore=$top_builddir/tests/model/explore
[ -x "$explore" ] || { echo "1..0 # SKIP no explorer in this build"; exit 0; }
models=$srcdir/tests/model
tmp=$(mktemp -d "${TMPDIR:-/tmp}/pawl-progress.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM
n=0

point() {
	n=$((n + 1))
	echo "$1 $n - $2"
}

compare() { sh "$models/progress_check" "$@"; }

# sees TEXT README TABLE: the comparison says TEXT.
sees() {
	compare "$2" "$3" | grep -q -F -e "not ok - $1"
}

# planted TEXT SED-SCRIPT: a mistake in README is seen.
planted() {
	sed "$2" "$srcdir/README" >"$tmp/README"
	sees "$1" "$tmp/README" "$tmp/table" && ok=ok || ok="not ok"
	point "$ok" "a wrong README is seen: $1"
}

twin() {
	expected=$(sed -n 's/^# Expect: //p' "$1")
	names=$(sed -n 's/^# Models: //p' "$1")
	sed -n 's/^# What: /# /p' "$1"
	ok="not ok"
	if sh "$models/build" "$tmp/twin" "$1" >"$tmp/twin.out" 2>&1; then
		# shellcheck disable=SC2086 # words
		"$tmp/twin" --progress $names >"$tmp/twin.out" 2>&1
		! sees "$expected" "$srcdir/README" "$tmp/twin.out" || ok=ok
	fi
	[ "$ok" = ok ] || sed 's/^/# /' "$tmp/twin.out"
	point "$ok" "$(basename "$1" .patch) is seen: $expected"
}

"$explore" --progress >"$tmp/table" 2>&1
sed 's/^/# /' "$tmp/table"
compare "$srcdir/README" "$tmp/table" >"$tmp/points"
while read -r line; do
	point "${line%% - *}" "${line#* - }"
done <"$tmp/points"

planted "pawl_mutex_trylock: README says wait-free, the explorer finds lock-free" \
	'/^    pawl_mutex_trylock/s/lock-free/wait-free/'
planted "pawl_tally_add: README says lock-free, the explorer finds wait-free" \
	'/^    pawl_tally_add/s/wait-free/lock-free/'
planted "pawl_mutex_unlock, else: README says wait-free, the explorer finds lock-free" \
	'/^    pawl_mutex_unlock/,/^    pawl_cond/s/lock-free   else/wait-free   else/'
planted "pawl_cond_wait_until: README says blocking: sleep deadline, the explorer finds blocking: signal" \
	's/a signal under way; then the mutex/then the mutex/'
planted "pawl_dump|: README has no such row" '/^    pawl_dump/d'
planted "pawl_tally_mend: no model of this row" '/^    pawl_tally_add/s/_sum/_mend/'

if command -v patch >/dev/null; then
	for file in "$models"/twins/progress/*.patch; do
		twin "$file"
	done
else
	echo "# patch is not installed: no twins"
fi
echo "1..$n"
