#!/bin/sh
# test_models.sh - each model of tests/model under all schedules within the usual bounds.
# SPDX-License-Identifier: BSD-2-Clause
#
# A point per model; what each strategy did is a comment.  MODEL_ARGS go to the explorer.
set -u
explore=$top_builddir/tests/model/explore
[ -x "$explore" ] || { echo "1..0 # SKIP no explorer in this build"; exit 0; }

models=$("$explore" --list | sed 's/ .*//')
out=$top_builddir/tests/model/models.tmp
n=0
for model in $models; do
	n=$((n + 1))
	# shellcheck disable=SC2086 # words
	"$explore" ${MODEL_ARGS:-} "$model" >"$out" 2>&1 && ok=ok || ok="not ok"
	sed 's/^/# /' "$out"
	echo "$ok $n - $model"
done
rm -f "$out"
echo "1..$n"
