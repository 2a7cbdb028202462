#!/bin/sh
# test_treesum.sh - examples/treesum against find, sort and cksum.
# SPDX-License-Identifier: BSD-2-Clause
#
# Prints TAP.  Needs a built examples/treesum below $top_builddir.  What waits, waits
# for a state it can see, in /proc or in a file, and for at most a minute.
set -u
LC_ALL=C; export LC_ALL

treesum=${top_builddir-.}/examples/treesum
test -x "$treesum" || {
	echo "Bail out! $treesum has not been built"
	exit 99
}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/treesum.XXXXXX") || exit 99
tmp=$(cd "$tmp" && pwd -P) || exit 99
number=0 running=

cleanup()
{
	trap '' HUP INT TERM
	test -z "$running" || kill -KILL "$running" 2>/dev/null
	chmod -R u+rwx "$tmp"
	rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 99' HUP INT TERM

### TAP ###########################################################################################

# Whether the last command succeeded: result $? name [files to show if not]
result()
{
	number=$((number + 1))
	if test "$1" -eq 0; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		shift 2
		for file; do
			echo "# $(basename "$file"):"
			head -n 20 "$file" | sed 's/^/# /'
		done
	fi
}

skip()
{
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

### Tools #########################################################################################

# What the output must be.
expected()
{
	find "$@" -type f -print0 | sort -z | xargs -0 -r cksum
}

# Run treesum in the foreground; its output, errors and status go to files.
run()
{
	timeout -k 5 300 "$treesum" "$@" >"$tmp/out" 2>"$tmp/err"
	echo $? >"$tmp/status"
}

# As run, in the background; signals are as in a terminal, where a shell would ignore them.
start()
{
	env --default-signal=INT,TERM "$treesum" "$@" >"$tmp/out" 2>"$tmp/err" &
	running=$!
}

wait_for()
{
	tries=0
	until "$@"; do
		tries=$((tries + 1))
		test $tries -lt 600 || return 1
		sleep 0.1
	done
}

# True if process $1 has file $2 open.
has_open()
{
	for fd in /proc/"$1"/fd/*; do
		test "$(readlink "$fd" 2>/dev/null)" = "$2" && return 0
	done
	return 1
}

has_ended()
{
	state=$(sed 's/.*) \(.\).*/\1/' "/proc/$1/stat" 2>/dev/null)
	test "${state:-Z}" = Z
}

# Wait for what start() began.  If it is stuck, say so and kill it.
finish()
{
	wait_for has_ended "$running" || {
		echo "# $1: still running after a minute"
		kill -KILL "$running"
	}
	wait "$running"
	echo $? >"$tmp/status"
	running=
}

status_is()
{
	test "$(cat "$tmp/status")" -eq "$1"
}

# A field of the summary: field files
field()
{
	sed -n "s/^treesum:.* $1: \([0-9]*\).*/\1/p" "$tmp/err"
}

# Random enough, the same in each run, $1 bytes.
content()
{
	awk -v n="$1" 'BEGIN { for (x = n + 1; n > 0; n--) { x = (x * 1103 + 12345) % 65521
		printf "%c", 33 + x % 94 } }'
}

# A file that takes minutes to read and no room on the disk; the test cuts it off.
make_endless()
{
	truncate -s 1T "$1" 2>/dev/null || truncate -s 15G "$1"
}

### Trees #########################################################################################

# Everything that is unusual in a tree but not an error.
make_odd_tree()
{
	mkdir -p "$1/a/b" "$1/empty directory" "$1/a-b"
	# Around the CRC's eight bytes at a time, and the buffer's 65536.
	for size in 0 1 2 3 7 8 9 15 16 17 255 256 257 65535 65536 65537 131080; do
		content $size >"$1/size $size"
	done
	# Sorted by the bytes of the whole path: "Z" < "a-b/x" < "a.b" < "a/b/x" < "a0".
	echo 0 >"$1/Z"
	echo 1 >"$1/a-b/x"; echo 2 >"$1/a/b/x"; echo 3 >"$1/a0"; echo 4 >"$1/a.b"
	echo 5 >"$1/new
line"
	echo 6 >"$1/back\\slash"; echo 7 >"$1/-dash"; echo 8 >"$1/ space "; echo 9 >"$1/*"
	printf x >"$1/$(printf 'not utf-8 \377')"
	printf x >"$1/$(printf 'tab\tbell\a')"
	ln -s "size 9" "$1/link to file"; ln -s a "$1/link to directory"
	ln -s nothing "$1/dangling"
	ln "$1/size 9" "$1/hard link"
	mkfifo "$1/pipe"
	deep=$1
	for level in 1 2 3 4 5 6 7 8 9 10; do
		deep=$deep/level-$level-of-a-deep-tree
		mkdir "$deep"
		echo $level >"$deep/file"
	done
}

### Tests #########################################################################################

# The real thing.  If somebody installs headers meanwhile, that is not treesum's matter.
usr_include()
{
	name="the same as cksum for /usr/include"
	if test ! -d /usr/include; then
		skip "$name" "there is none"
		return
	fi
	expected /usr/include >"$tmp/before"
	run /usr/include
	expected /usr/include >"$tmp/after"
	if ! cmp -s "$tmp/before" "$tmp/after"; then
		skip "$name" "it changed while the test ran"
		return
	fi
	echo "# $(wc -l <"$tmp/before") lines"
	test -s "$tmp/before" && cmp "$tmp/before" "$tmp/out" >"$tmp/cmp" 2>&1 && status_is 0
	result $? "$name" "$tmp/cmp" "$tmp/err"
}

odd_tree()
{
	make_odd_tree "$tmp/odd"
	expected "$tmp/odd" >"$tmp/expected"
	for threads in 1 2 8 64; do
		run --threads=$threads "$tmp/odd"
		cmp "$tmp/expected" "$tmp/out" >"$tmp/cmp" 2>&1 && status_is 0 &&
			test ! -s "$tmp/err"
		result $? "the same as cksum for odd names and sizes, $threads threads, silent" \
			"$tmp/cmp" "$tmp/err"
	done
	if command -v taskset >/dev/null 2>&1 && taskset -c 0 true 2>/dev/null; then
		timeout -k 5 300 taskset -c 0 "$treesum" -j 64 "$tmp/odd" >"$tmp/out" 2>"$tmp/err"
		cmp "$tmp/expected" "$tmp/out" >"$tmp/cmp" 2>&1
		result $? "64 threads on one CPU" "$tmp/cmp" "$tmp/err"
	else
		skip "64 threads on one CPU" "no taskset, or no CPU 0"
	fi
}

arguments()
{
	expected "$tmp/odd/a/" "$tmp/odd/a-b//" "$tmp/odd/size 8" >"$tmp/expected"
	sort -k 3 "$tmp/expected" >"$tmp/sorted"
	run "$tmp/odd/size 8" "$tmp/odd/a/" "$tmp/odd/a-b//"
	cmp "$tmp/sorted" "$tmp/out" >"$tmp/cmp" 2>&1 && status_is 0
	result $? "several arguments, slashes at their ends, a file" "$tmp/cmp" "$tmp/err"

	(cd "$tmp/odd" && expected . >"$tmp/expected" && run)
	cmp "$tmp/expected" "$tmp/out" >"$tmp/cmp" 2>&1 && status_is 0
	result $? "no argument is the working directory" "$tmp/cmp" "$tmp/err"

	run "$tmp/odd/link to directory"
	status_is 1 && test ! -s "$tmp/out" && grep -q 'symbolic link, not followed' "$tmp/err"
	result $? "a symbolic link as an argument is reported" "$tmp/out" "$tmp/err"

	run "$tmp/nothing" "$tmp/odd/pipe" "$tmp/odd/a"
	status_is 1 && test "$(wc -l <"$tmp/out")" -eq 1 && test "$(field problems)" -eq 2 &&
		grep -q 'nothing: No such file' "$tmp/err" &&
		grep -q 'pipe: not a regular' "$tmp/err"
	result $? "an argument that is not there, and a pipe, are reported" "$tmp/out" "$tmp/err"
}

hard_links()
{
	mkdir "$tmp/hard"
	content 300000 >"$tmp/hard/first"
	content 10 >"$tmp/hard/other"
	for i in 0 1 2 3 4 5 6 7 8 9; do
		for j in 0 1 2 3 4 5 6 7 8 9; do
			ln "$tmp/hard/first" "$tmp/hard/$i$j"
		done
	done
	expected "$tmp/hard" >"$tmp/expected"
	run -v -j 8 "$tmp/hard"
	cmp "$tmp/expected" "$tmp/out" >"$tmp/cmp" 2>&1 && status_is 0 &&
		test "$(field files)" -eq 102 && test "$(field read)" -eq 2 &&
		test "$(field bytes)" -eq $((101 * 300000 + 10))
	result $? "a file with 101 names is read once" "$tmp/cmp" "$tmp/err"
}

read_error()
{
	name="a file that cannot be read is reported and counted"
	if test ! -f /proc/self/mem || cat /proc/self/mem >/dev/null 2>&1; then
		skip "$name" "no file at hand that fails"
		return
	fi
	expected "$tmp/odd/a" >"$tmp/expected"
	run "$tmp/odd/a" /proc/self/mem
	cmp "$tmp/expected" "$tmp/out" >"$tmp/cmp" 2>&1 && status_is 1 &&
		grep -q '/proc/self/mem: Input/output error' "$tmp/err" &&
		test "$(field problems)" -eq 1
	result $? "$name" "$tmp/cmp" "$tmp/err"
}

# Root may read everything, unless it gives that up.
permissions()
{
	name="files and directories without permission are reported and counted"
	mkdir "$tmp/locked" "$tmp/locked/no-entry"
	for file in closed open no-entry/inside; do
		echo "$file" >"$tmp/locked/$file"
	done
	expected "$tmp/locked/open" >"$tmp/expected"
	chmod 000 "$tmp/locked/closed" "$tmp/locked/no-entry"
	as=
	test "$(id -u)" -ne 0 || as="setpriv --bounding-set=-dac_override,-dac_read_search"
	if $as cat "$tmp/locked/closed" >/dev/null 2>&1 || ! $as true 2>/dev/null; then
		skip "$name" "root cannot give up its rights here"
		return
	fi
	timeout -k 5 300 $as "$treesum" "$tmp/locked" >"$tmp/out" 2>"$tmp/err"
	echo $? >"$tmp/status"
	cmp "$tmp/expected" "$tmp/out" >"$tmp/cmp" 2>&1 && status_is 1 &&
		test "$(field problems)" -eq 2 &&
		grep -q 'closed: Permission denied' "$tmp/err" &&
		grep -q 'no-entry: Permission denied' "$tmp/err"
	result $? "$name" "$tmp/cmp" "$tmp/err"
}

# The one worker is kept busy by `endless`.  Meanwhile the walker lists `changing`, and
# then `many`, on which it gets stuck, as the work list is full.  So when `many` is open,
# all of `changing` has been listed, and nothing of it has been opened.
changes_meanwhile()
{
	mkdir "$tmp/changing" "$tmp/changing/gone-directory" "$tmp/many"
	for file in gone keep pipe link directory gone-directory/inside; do
		echo "$file" >"$tmp/changing/$file"
	done
	(cd "$tmp/many" && seq 2000 | xargs touch)
	expected "$tmp/changing/keep" >"$tmp/expected"
	make_endless "$tmp/endless"

	start -j 1 "$tmp/endless" "$tmp/changing" "$tmp/many"
	wait_for has_open "$running" "$tmp/endless" && wait_for has_open "$running" "$tmp/many"
	result $? "the walker waits when the work list is full"

	(
		cd "$tmp/changing" &&
		rm -r gone pipe link directory gone-directory &&
		mkfifo pipe && ln -s keep link && mkdir directory
	)
	truncate -s 0 "$tmp/endless"
	finish "files that change"
	grep "$tmp/changing" "$tmp/out" >"$tmp/changing.out"
	cmp "$tmp/expected" "$tmp/changing.out" >"$tmp/cmp" 2>&1 && status_is 1 &&
		test "$(grep -c "$tmp/many/" "$tmp/out")" -eq 2000 &&
		test "$(field files)" -eq 2002 && test "$(field problems)" -eq 5 &&
		grep -q '/gone: No such file' "$tmp/err" &&
		grep -q '/gone-directory/inside: No such file' "$tmp/err" &&
		grep -q '/pipe: not a regular file' "$tmp/err" &&
		grep -q '/directory: not a regular file' "$tmp/err" &&
		grep -q '/link: symbolic link, not followed' "$tmp/err"
	result $? "what vanishes or changes its type after it was listed is reported" \
		"$tmp/cmp" "$tmp/err"
}

# $1: the signal's name; $2: its number
interrupt()
{
	make_endless "$tmp/endless"
	expected "$tmp/odd/a" "$tmp/many" | sort >"$tmp/expected"
	start -j 2 "$tmp/odd/a" "$tmp/endless" "$tmp/many"
	wait_for has_open "$running" "$tmp/endless" || echo "# the big file was never opened"
	kill -"$1" "$running" 2>/dev/null
	finish "SIG$1"
	sort "$tmp/out" | comm -23 - "$tmp/expected" >"$tmp/wrong"
	status_is $((128 + $2)) && test ! -s "$tmp/wrong" &&
		grep -q '^treesum: interrupted: ' "$tmp/err" &&
		test "$(field files)" -eq "$(wc -l <"$tmp/out")" && test "$(field problems)" -eq 0
	result $? "SIG$1 ends it with right lines and a summary of them" "$tmp/wrong" "$tmp/err"
}

# Two thousand lines do not fit into a pipe that nobody empties, so treesum waits there.
interrupt_output()
{
	mkfifo "$tmp/pipe"
	exec 9<>"$tmp/pipe"
	env --default-signal=INT,TERM "$treesum" "$tmp/many" >"$tmp/pipe" 2>"$tmp/err" 9>&- &
	running=$!
	timeout 60 dd bs=1 count=1 <&9 >"$tmp/out" 2>/dev/null # it has begun to print
	kill -INT "$running" 2>/dev/null
	finish "SIGINT while it prints"
	exec 9>&-
	test -s "$tmp/out" && status_is 130
	result $? "SIGINT while it prints ends it at once" "$tmp/out" "$tmp/err"
}

signals()
{
	if ! env --default-signal=INT,TERM true 2>/dev/null; then
		skip "SIGINT and SIGTERM" "env has no --default-signal"
		return
	fi
	interrupt INT 2
	interrupt TERM 15
	interrupt_output

	make_endless "$tmp/endless"
	(trap '' INT; exec "$treesum" -v "$tmp/endless") >"$tmp/out" 2>"$tmp/err" &
	running=$!
	wait_for has_open "$running" "$tmp/endless" || echo "# the big file was never opened"
	kill -INT "$running" 2>/dev/null
	truncate -s 0 "$tmp/endless"
	finish "ignored SIGINT"
	status_is 0 && test "$(field files)" -eq 1
	result $? "a SIGINT that is ignored from the start stays so" "$tmp/out" "$tmp/err"
}

# In a terminal of its own, with a real Ctrl-C.
terminal()
{
	name="progress on a terminal, and Ctrl-C there"
	if ! env --default-signal=INT script -qec true /dev/null >/dev/null 2>&1 </dev/null; then
		skip "$name" "no script of util-linux, or no terminals"
		return
	fi
	make_endless "$tmp/endless"
	mkfifo "$tmp/keyboard"
	env --default-signal=INT script -qefc "exec '$treesum' '$tmp/odd/a' '$tmp/endless'" \
		"$tmp/screen" <"$tmp/keyboard" >/dev/null 2>&1 &
	running=$!
	exec 9<>"$tmp/keyboard" # not just for writing: that would wait for a reader
	wait_for grep -q 'files: 1, read: 1,' "$tmp/screen" 2>/dev/null
	progress=$?
	printf '\003' >&9
	finish "Ctrl-C in a terminal"
	exec 9>&-
	test $progress -eq 0 && status_is 130 && grep -q 'interrupted: files: 1' "$tmp/screen" &&
		grep -q "$tmp/odd/a/b/x" "$tmp/screen"
	result $? "$name" "$tmp/screen"

	timeout -k 5 300 script -qec "'$treesum' -q '$tmp/odd/a'" "$tmp/screen" \
		>/dev/null 2>&1 </dev/null
	grep -q "$tmp/odd/a/b/x" "$tmp/screen" && ! grep -q 'files:' "$tmp/screen"
	result $? "-q shows none" "$tmp/screen"
}

options()
{
	run --help
	status_is 0 && grep -q '^Usage: treesum' "$tmp/out" && test ! -s "$tmp/err"
	result $? "--help goes to standard output" "$tmp/out" "$tmp/err"

	bad=0
	for option in -j0 -j1025 -jx -j --threads=1x --nonsense; do
		run $option
		status_is 2 && test ! -s "$tmp/out" && grep -q "Try 'treesum --help'" "$tmp/err" ||
			bad=1
	done
	result $bad "wrong options end it with status 2" "$tmp/err"

	if test -c /dev/full; then
		timeout -k 5 300 "$treesum" "$tmp/odd" >/dev/full 2>"$tmp/err"
		test $? -eq 1 && grep -q 'standard output: No space left' "$tmp/err"
		result $? "a full disk behind standard output is an error" "$tmp/err"
	else
		skip "a full disk behind standard output is an error" "no /dev/full"
	fi
}

for group in odd_tree arguments hard_links read_error permissions changes_meanwhile signals \
	terminal options usr_include; do
	$group
done
echo "1..$number"
