#!/bin/sh
# test_models.sh - each model of tests/model under all schedules within 3/0 and 1/1.
# SPDX-License-Identifier: BSD-2-Clause
#
# A point per model; what each strategy did is a comment.  One process per CPU.  MODEL_ARGS go
# to the explorer.  make model-table, and make check-long, go on to 2/1, for minutes.
set -u
explore=$top_builddir/tests/model/explore
[ -x "$explore" ] || { echo "1..0 # SKIP no explorer in this build"; exit 0; }
dir=$(mktemp -d "${TMPDIR:-/tmp}/pawl-models.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
trap 'exit 99' HUP INT TERM

models=$("$explore" --list | sed 's/ .*//')
# Bugs are for twins to show; here the searches count, and random runs are few.  The small search
# is first: it finds what threads share, for which the large one would have to begin again.
MODEL_ARGS="--runs=500 --bounds=1/1,3/0 ${MODEL_ARGS:-}"
export MODEL_ARGS
# shellcheck disable=SC2016 # for the inner shell
printf '%s\n' "$models" | xargs -P "$(nproc 2>/dev/null || echo 1)" -I '{}' sh -c \
	'"$0" $MODEL_ARGS "$1" >"$2/$1" 2>&1; echo $? >"$2/$1.status"' "$explore" '{}' "$dir"
n=0
for model in $models; do
	n=$((n + 1))
	ok="not ok"
	[ "$(cat "$dir/$model.status")" != 0 ] || ok=ok
	sed 's/^/# /' "$dir/$model"
	echo "$ok $n - $model"
done

# What tests/README says meets what; there are at least a hundred.
awk '/^Ends\. /, /^Not covered\./ { if (/^    /) print }' "$srcdir/tests/README" |
	tr -cs 'a-z0-9_' '\n' | grep _ | sort -u >"$dir/named"
n=$((n + 1))
ok="not ok"
missing=$(printf '%s\n' "$models" | sort -u | comm -23 "$dir/named" -)
[ -n "$missing" ] || [ "$(wc -l <"$dir/named")" -lt 100 ] || ok=ok
[ -z "$missing" ] || printf '# not there: %s\n' $missing
echo "$ok $n - the models that README's table of ends names are there"
echo "1..$n"
