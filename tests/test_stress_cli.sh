#!/bin/sh
# test_stress_cli.sh - pawl-stress does what --help says, and each of its judges can say no.
# SPDX-License-Identifier: BSD-2-Clause
set -u
LC_ALL=C
export LC_ALL

stress=${top_builddir:-.}/stress/pawl-stress
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT TERM
for variable in FILTER DURATION THREADS SEED RUNS WATCHDOG; do
	unset "PAWL_STRESS_$variable"
done

test=0 bad=0
result() {
	test=$((test + 1))
	if [ "$1" = 0 ]; then
		echo "ok $test - $2"
		return
	fi
	echo "not ok $test - $2"
	sed 's/^/# /' "$tmp/out" "$tmp/err"
	bad=1
}

skip() {
	test=$((test + 1))
	echo "ok $test - $1 # SKIP $2"
}

# run STATUS OPTION...: whether it ends with that status; output in $tmp/out and $tmp/err
run() {
	want=$1
	shift
	timeout 300 "$stress" "$@" >"$tmp/out" 2>"$tmp/err"
	[ $? = "$want" ]
}

# refused SENTENCE OPTION...: status 2, nothing on standard output, and the sentence
refused() {
	sentence=$1
	shift
	run 2 "$@" && [ ! -s "$tmp/out" ] && grep -q -e "$sentence" "$tmp/err"
}

out() { grep -q -e "$1" "$tmp/out"; }
err() { grep -q -e "$1" "$tmp/err"; }
closing='[0-9][0-9]* tests, [0-9][0-9]* ops, [0-9][0-9]*\.[0-9] s, seed'

echo 1..34

run 0 --help && out '^usage: pawl-stress' && [ ! -s "$tmp/err" ]
result $? "--help goes to standard output"
missing=''
for option in list filter duration threads seed runs watchdog slowest runner json tap self-test; do
	out "^  --$option" || missing="$missing --$option"
done
[ -z "$missing" ]
result $? "--help has every option"

refused "unrecognized option '--nonsense'" --nonsense && refused "'nonsense' is not an option" nonsense
result $? "unknown words and options are refused"
refused "'0' is not a number of seconds" --duration=0 && refused "'1s' is not" --duration=1s &&
	refused "'nan' is not" --watchdog=nan
result $? "bad durations are refused"
refused 'from 2 to 1000' --threads=1 && refused "'-2' is not a whole number" --threads=-2 &&
	refused "'x' is not a whole number" --seed=x && refused 'from 1 to' --runs=0
result $? "bad numbers are refused, with the range"
refused "'(' is not a regular expression" --filter='('
result $? "a bad regular expression is refused"
refused "no case matches the filter 'nothing-has-this-name'" --filter=nothing-has-this-name
result $? "a filter that matches nothing is refused"
refused 'give --json=FILE' --json --tap
result $? "two formats for one standard output are refused"
PAWL_STRESS_THREADS=one
export PAWL_STRESS_THREADS
refused "PAWL_STRESS_THREADS: 'one' is not" --list
result $? "a bad value in the environment is refused, by its name"
unset PAWL_STRESS_THREADS

run 0 --list && out '^counter\.plain  *lost update' && out '^transfer\.deadlock ' && ! out selftest
result $? "--list names the cases"
run 0 --list --filter='^cond\.' && [ "$(wc -l <"$tmp/out")" = 2 ]
result $? "--filter chooses among them"

run 0 --filter='^counter\.(plain|atomic)$' --duration=0.05 --threads=3 --seed=7 &&
	err '^stress: 3 threads, 0.05 s for each right variant, 1 run, seed 7$' &&
	tail -n 1 "$tmp/out" | grep -q "^stress: PASS $closing 7\$"
result $? "a good run ends with the closing line"
out '^case  *seen by TSan  *seen by invariant  *lost / duplicated  *natural rate  *right variant clean$' &&
	out '^counter\.plain  *[yn][^ ]*  *yes  *[0-9]* of 600 updates lost ' &&
	out ' yes: pawl_mutex, slept [0-9]*+$'
result $? "before it stands the table, a line for each case"
! grep -q "$(printf '\033')" "$tmp/out" "$tmp/err"
result $? "no escape sequences where there is no terminal"
PAWL_STRESS_FILTER=tally PAWL_STRESS_DURATION=0.04 PAWL_STRESS_THREADS=2 PAWL_STRESS_SEED=0x10
export PAWL_STRESS_FILTER PAWL_STRESS_DURATION PAWL_STRESS_THREADS PAWL_STRESS_SEED
run 0 --threads=5 && err '^stress: 5 threads, 0.04 s for each right variant, 1 run, seed 16$' &&
	out '^tally\.sum '
result $? "defaults come from the environment, and the command line wins"
unset PAWL_STRESS_FILTER PAWL_STRESS_DURATION PAWL_STRESS_THREADS PAWL_STRESS_SEED

# well_formed: numbered points, then their plan
well_formed() {
	# shellcheck disable=SC2016 # awk's
	"${AWK:-awk}" '/^(not )?ok / { n++; i = $1 == "ok" ? 2 : 3; if ($i != n) bad = 1; if (plan) bad = 1; next }
		/^1\.\./ { if (plan || $0 != "1.." n) bad = 1; plan = 1; next }
		/^#/ || /^$/ { next }
		{ bad = 1 }
		END { exit bad || !plan || n == 0 }' "$tmp/out"
}

run 0 --tap --filter='^counter' --duration=0.05 && well_formed && out '^ok 1 - counter\.plain broken$' &&
	out '^ok [0-9]* - counter\.zero right$' && tail -n 1 "$tmp/out" | grep -q "^# stress: PASS 5 tests,"
result $? "--tap is well-formed"
run 0 --runs=3 --filter='^counter\.plain$' --duration=0.02 && out ' 3 of 3 ' &&
	out '^counter\.plain broken  *3  *3  *[0-9.]*  *[0-9.]*$'
result $? "--runs repeats each variant and times it"
run 1 --slowest=0.000001 --filter='^counter\.plain$' --duration=0.02 && err 'counter.plain broken: took '
result $? "--slowest fails what takes longer"
run 0 --runner=env --filter='^counter\.plain$' --duration=0.02 && run 1 --runner=/nowhere --filter='^counter\.plain$' &&
	err 'cannot run what --runner names'
result $? "--runner runs the variants"

json_is() {
	python3 - "$1" "$2" <<'END'
import json, sys
j = json.load(open(sys.argv[1]))
assert j["result"] == sys.argv[2] and j["tests"] > 0 and j["context"]["threads"] >= 2
for c in j["cases"]:
	assert c["name"] and c["right"]["runs"] == 1
	if "broken" in c:
		assert c["broken"]["runs"] == 1 and c["broken"]["wrong"] <= c["broken"]["of"]
END
}

if python3 -c 'import json' 2>/dev/null; then
	run 0 --json --filter='plain|tally' --duration=0.02 && err '^stress: PASS' &&
		json_is "$tmp/out" PASS 2>>"$tmp/err"
	result $? "--json is JSON on standard output, and the table goes to standard error"
	run 1 --json="$tmp/json" --self-test --filter='wrong' --duration=0.02 && out '^stress: FAIL' &&
		json_is "$tmp/json" FAIL 2>>"$tmp/err" && grep -q 'as \\"planned\\"' "$tmp/json"
	result $? "--json=FILE is JSON there, with what failed"
else
	skip "--json is JSON on standard output" "no python3"
	skip "--json=FILE is JSON there" "no python3"
fi
run 1 --json=/nonexistent/file --filter=tally --duration=0.02 && err 'cannot write /nonexistent/file'
result $? "a file that cannot be written is an error"

run 3 --self-test --filter='stuck' --duration=0.05 --watchdog=1 --threads=3 &&
	err '^stress: watchdog: selftest\.stuck right is stuck: no progress for [0-9]' &&
	err '^stress: worker 2 is tid [0-9]*, in round 0' && out '^stress: FAIL 1 tests,'
result $? "the watchdog names what is stuck, and the exit status is 3"
first=$(sed -n 's/^stress: \(0x[0-9a-f]*\) is the first mutex$/\1/p' "$tmp/err")
second=$(sed -n 's/^stress: \(0x[0-9a-f]*\) is the second mutex$/\1/p' "$tmp/err")
[ "$(grep -c "waits .* for mutex ${first:-none} held by thread" "$tmp/err")" = 2 ] &&
	[ "$(grep -c "waits .* for mutex ${second:-none} held by thread" "$tmp/err")" = 1 ]
result $? "it dumps who waits for which mutex held by whom"

PAWL_STRESS_WATCHDOG=60
export PAWL_STRESS_WATCHDOG
run 1 --self-test --filter='wrong' --duration=0.05 --threads=3 --seed=11 &&
	err 'selftest.wrong right: 1 of .* updates was lost' && out '^stress: FAIL .* seed 11$'
result $? "a violated invariant is a failure with status 1"
again=$(sed -n 's/^stress: to repeat it: //p' "$tmp/err")
case $again in
*"--filter='^selftest\\.wrong\$' --threads=3 --duration=0.05 --watchdog=60 --seed=11 --self-test")
	(eval "$again") >"$tmp/out" 2>"$tmp/err"
	[ $? = 1 ] && out '^stress: FAIL 1 tests,.* seed 11$' && err 'stress: 3 threads, 0.05 s'
	;;
*) false ;;
esac
result $? "the command it prints repeats that failure"
run 1 --self-test --filter='spin' --duration=0.05 && err 'selftest.spin right: was seen asleep only 0 times'
result $? "one that never slept is a failure"
run 1 --self-test --filter='crash' --duration=0.05 && err 'selftest.crash right: was ended by signal 6' &&
	err 'is already held by the caller'
result $? "an abort is a failure, shown with what it said"
run 1 --self-test --filter='unseen' --duration=0.05 &&
	err 'selftest.unseen broken: 0 of .* updates lost, and not 1 or more'
result $? "a broken variant that loses nothing is a failure"
run 1 --self-test --filter='alive' --duration=0.05 && err 'selftest.alive broken: did not deadlock'
result $? "a broken variant that does not deadlock is a failure"
run 3 --self-test --watchdog=3 --duration=0.05 && out '^self-test: \([67]\) of \1 cases failed, as all of them must$' &&
	out '^stress: FAIL 9 tests,'
result $? "--self-test says that every judge saw its case"
if run 0 --list && run 0 --filter=tally --duration=0.02 && err ', sanitizer thread$'; then
	run 1 --self-test --filter='race' --duration=0.05 &&
		err 'selftest.race right: was reported by ThreadSanitizer' && err 'WARNING: ThreadSanitizer: data race'
	result $? "a report of ThreadSanitizer about a right variant is a failure"
	TSAN_OPTIONS="report_bugs=0 exitcode=0 log_path=$tmp/tsan"
	export TSAN_OPTIONS
	run 1 --self-test --filter='race' --duration=0.05 && err 'WARNING: ThreadSanitizer: data race'
	result $? "options that would blind it do not"
	unset TSAN_OPTIONS
else
	skip "a report of ThreadSanitizer about a right variant is a failure" "built without it"
	skip "options that would blind it do not" "built without it"
fi

timeout 120 "$stress" --filter='^(counter\.plain|mutex\.fair)$' --duration=200 >"$tmp/out" 2>"$tmp/err" &
pid=$!
n=0
while kill -0 "$pid" 2>/dev/null && ! grep -q 'seed' "$tmp/err" && [ $n -lt 100 ]; do
	sleep 0.1
	n=$((n + 1))
done
sleep 1
kill -INT "$pid"
wait "$pid"
[ $? = 130 ] && out '^case ' && out '^counter\.plain ' && tail -n 1 "$tmp/out" | grep -q '^stress: INTERRUPTED [0-9]* tests,'
result $? "an interrupt ends it with what was found so far"

exit $bad
