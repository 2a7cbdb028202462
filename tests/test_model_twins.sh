#!/bin/sh
# test_model_twins.sh - each weakened twin of the library must make its models fail.
# SPDX-License-Identifier: BSD-2-Clause
#
# tests/model/twins/NAME.patch	says in its first lines which models, and how they fail
# tests/model/twins/NAME.orders	"LABEL ORDER MODEL": the access treated as if weaker;
#				"LABEL ORDER -  # why": a weaker one cannot be told apart
#
# Every access of lib/ and include/ that is not relaxed has to stand in some NAME.orders.
# With MEDIANS=N, make model-medians: after how many schedules each patch (that TWINS names) is
# found, by each strategy: the median of N beginnings, and the most.
#
# Each twin is a job, one per CPU; job NUMBER KIND ... is how they are run.
set -u
explore=$top_builddir/tests/model/explore
[ -x "$explore" ] || { echo "1..0 # SKIP no explorer in this build"; exit 0; }
command -v patch >/dev/null || { echo "1..0 # SKIP patch is not installed"; exit 0; }
twins=$srcdir/tests/model/twins
jobs=$top_builddir/tests/model/twins.tmp
medians=${MEDIANS:-0}
wanted=${TWINS:-*}

# Numbered later.
point() { echo "$1 - $2"; }

# fails PROGRAM EXPECTED DESCRIPTION ARGUMENT...: a point.
fails() {
	program=$1 expected=$2 point=$3
	shift 3
	if "$program" --expect-failure --quiet "$@" >"$out" 2>&1 &&
		grep ': failed in run ' "$out" | grep -q -e "$expected"; then
		sed -n 's/^.*: failed in run /# in run /p' "$out"
		point ok "$point"
	else
		sed 's/^/# /' "$out"
		point "not ok" "$point"
	fi
}

patch_twin() {
	name=$(basename "$1" .patch)
	expected=$(sed -n 's/^# Expect: //p' "$1")
	models=$(sed -n 's/^# Models: //p' "$1")
	sed -n 's/^# What: /# /p' "$1"
	if [ -z "$expected" ] || [ -z "$models" ]; then
		point "not ok" "$name says what it expects of which models"
	elif ! MODEL_DEBUG=-g0 sh "$srcdir/tests/model/build" "$twin" "$1" >"$out" 2>&1; then
		sed 's/^/# /' "$out"
		point "not ok" "$name can be built"
	else
		for model in $models; do
			if [ "$medians" -gt 0 ]; then
				echo "$name: $("$twin" "--median=$medians" "$model")"
			else
				fails "$twin" "$expected" "$name makes $model fail" "$model"
			fi
		done
	fi
}

# job NUMBER patch FILE, or job NUMBER order LABEL ORDER MODEL
run_job() {
	read -r number kind rest <<-END
		$1
	END
	twin=$jobs/$number.twin out=$jobs/$number.out
	case $kind in
	patch) patch_twin "$rest" ;;
	order)
		# shellcheck disable=SC2086 # words
		set -- $rest
		fails "$explore" . "$1 $2 makes $3 fail" "--weaken=$1=$2" "$3"
		;;
	esac >"$jobs/$number.tap"
	rm -f "$twin"
}

list_patches() {
	set -f
	for pattern in $wanted; do
		set +f
		for file in "$twins"/$pattern.patch; do
			echo "patch $file"
		done
	done
	set +f
}

list_orders() {
	sed -n 's/^\([A-Z]\{1,\}[0-9]\{1,\}\) \{1,\}\([a-z_]\{1,\}\) \{1,\}\([a-z_0-9]\{1,\}\).*/order \1 \2 \3/p' \
		"$twins"/*.orders
}

# Accesses that are not relaxed, by label.
ordered_labels() {
	find "$srcdir/lib" "$srcdir/include" -name '*.[ch]' -exec cat {} + |
		sed -n 's|^.*/\* \([A-Z]\{1,\}[0-9]\{1,\}\) \([a-z_]*\): .*$|\1 \2|p' |
		grep -v ' relaxed$' | cut -d ' ' -f 1 | sort -u
}

check_labels() {
	labels=$(ordered_labels)
	[ -n "$labels" ] || point "not ok" "labels are found in the sources"
	for label in $labels; do
		grep -q "^$label " "$twins"/*.orders && ok=ok || ok="not ok"
		point "$ok" "$label has a twin, or a reason"
	done
}

if [ "${1:-}" = job ]; then
	run_job "$2"
	exit 0
fi

rm -rf "$jobs"
mkdir "$jobs" || exit 99
{
	list_patches
	[ "$medians" -gt 0 ] || list_orders
} | awk '{ print NR, $0 }' >"$jobs/list"
xargs -P "$(nproc 2>/dev/null || echo 1)" -I '{}' sh "$0" job '{}' <"$jobs/list"
{
	while read -r number kind rest; do
		cat "$jobs/$number.tap" || point "not ok" "$kind $rest ended"
	done <"$jobs/list"
	[ "$medians" -gt 0 ] || check_labels
} >"$jobs/all"
if [ "$medians" -gt 0 ]; then
	cat "$jobs/all"
else
	awk '/^(not )?ok - / { n++; sub(/ok - /, "ok " n " - ") } { print } END { print "1.." n }' \
		"$jobs/all"
fi
rm -rf "$jobs"
