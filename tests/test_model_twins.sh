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
set -u
explore=$top_builddir/tests/model/explore
[ -x "$explore" ] || { echo "1..0 # SKIP no explorer in this build"; exit 0; }
command -v patch >/dev/null || { echo "1..0 # SKIP patch is not installed"; exit 0; }
twins=$srcdir/tests/model/twins
twin=$top_builddir/tests/model/twin.tmp
out=$top_builddir/tests/model/twins.tmp
medians=${MEDIANS:-0}
wanted=${TWINS:-*}
n=0

point() {
	n=$((n + 1))
	echo "$1 $n - $2"
}

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
	elif ! sh "$srcdir/tests/model/build" "$twin" "$1" >"$out" 2>&1; then
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

order_twins() {
	while read -r label order model _; do
		case $label in
		'' | '#'*) ;;
		*)
			[ "$model" = - ] || fails "$explore" . "$label $order makes $model fail" \
				"--weaken=$label=$order" "$model"
			;;
		esac
	done <"$1"
}

# Accesses that are not relaxed, by label.
ordered_labels() {
	find "$srcdir/lib" "$srcdir/include" -name '*.[ch]' -exec cat {} + |
		sed -n 's|^.*/\* \([A-Z][0-9]\{1,\}\) \([a-z_]*\): .*$|\1 \2|p' |
		grep -v ' relaxed$' | cut -d ' ' -f 1 | sort -u
}

set -f
for pattern in $wanted; do
	set +f
	for file in "$twins"/$pattern.patch; do
		patch_twin "$file"
	done
done
set +f
if [ "$medians" -eq 0 ]; then
	for file in "$twins"/*.orders; do
		order_twins "$file"
	done
	labels=$(ordered_labels)
	[ -n "$labels" ] || point "not ok" "labels are found in the sources"
	for label in $labels; do
		grep -q "^$label " "$twins"/*.orders && ok=ok || ok="not ok"
		point "$ok" "$label has a twin, or a reason"
	done
	echo "1..$n"
fi
rm -f "$twin" "$out"
