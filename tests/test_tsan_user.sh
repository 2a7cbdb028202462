#!/bin/sh
# test_tsan_user.sh - a user's program with ThreadSanitizer, and a libpawl without: no false
# report, and each planted race still reported; gcc and clang, shared and static.
# SPDX-License-Identifier: BSD-2-Clause
set -u
LC_ALL=C
export LC_ALL

srcdir=${srcdir:-.} top_builddir=${top_builddir:-.} CC=${CC:-cc}
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' HUP INT TERM

skip_all() {
	echo "1..0 # SKIP $1"
	exit 0
}

sanitizers=$(sed -n 's/^SAN_NAMES *= *//p' "$top_builddir/Makefile")
[ -z "$sanitizers" ] || skip_all "libpawl itself is built with -fsanitize=$sanitizers"

# The words of a command are split at spaces, which a path may have; this has none.
ln -s "$(cd "$top_builddir" && pwd)" "$tmp/build"

test=0 bad=0
result() {
	test=$((test + 1))
	if [ "$1" = 0 ]; then
		echo "ok $test - $2"
		return
	fi
	echo "not ok $test - $2"
	sed 's/^/# /' "$tmp/log"
	bad=1
}

skip() {
	test=$((test + 1))
	echo "ok $test - $1 # SKIP $2"
}

# ThreadSanitizer of older compilers cannot run where addresses are very random.
calm=''
runs() { timeout 60 $calm "$tmp/probe" >/dev/null 2>&1; }

# sanitizes COMPILER: it makes programs with ThreadSanitizer, and they run
sanitizes() {
	# shellcheck disable=SC2086 # CC may have options
	echo 'int main(void) { return 0; }' | $1 -fsanitize=thread -x c -o "$tmp/probe" - >/dev/null 2>&1 ||
		return 1
	runs && return 0
	calm="setarch $(uname -m) -R"
	runs && return 0
	calm=''
	return 1
}

# build COMPILER KIND OPTION...: the program, as $tmp/user
build() {
	compiler=$1 kind=$2
	shift 2
	case $kind in
	shared) libs="-L$tmp/build/.libs -lpawl -Wl,-rpath,$tmp/build/.libs" ;;
	static) libs="$tmp/build/.libs/libpawl.a $(sed -n 's/^Libs\.private: *//p' "$top_builddir/pawl.pc")" ;;
	esac
	# shellcheck disable=SC2086 # words
	$compiler -std=gnu11 -O1 -g -pthread -fsanitize=thread "$@" -I"$srcdir/include" \
		"$srcdir"/tests/tsan_user/*.c -o "$tmp/user" $libs >"$tmp/log" 2>&1
}

# run STATUS ARGUMENT...: whether it ends with that status; output in $tmp/log
run() {
	want=$1
	shift
	TSAN_OPTIONS="$options" timeout 300 $calm "$tmp/user" "$@" >"$tmp/log" 2>&1
	[ $? = "$want" ]
}

# Every report is a data race, on the planted variable.
reported() {
	address=$(sed -n 's/^planted at \(0x[0-9a-f]*\)$/\1/p' "$tmp/log")
	reports=$(grep -c '^WARNING: ThreadSanitizer' "$tmp/log")
	[ -n "$address" ] && [ "$reports" -gt 0 ] &&
		[ "$(grep -c '^WARNING: ThreadSanitizer: data race' "$tmp/log")" = "$reports" ] &&
		[ "$(grep -c -E "^  (Read|Write) of size [0-9]+ at $address by" "$tmp/log")" = "$reports" ]
}

# combination COMPILER KIND
combination() {
	name="$1, $2"
	case $2 in
	shared) [ -e "$top_builddir/.libs/libpawl.so" ] || { skip "$name" "no shared library"; return; } ;;
	static) [ -e "$top_builddir/.libs/libpawl.a" ] || { skip "$name" "no static library"; return; } ;;
	esac
	for inline in '' -DPAWL_NO_INLINE; do
		options='halt_on_error=1 exitcode=66'
		# shellcheck disable=SC2086 # none or one
		build "$1" "$2" $inline && run 0 && ! grep -q ThreadSanitizer "$tmp/log"
		result $? "$name${inline:+, $inline}: what is right is not reported"
		options='halt_on_error=0 exitcode=66 atexit_sleep_ms=0'
		for plant in $("$tmp/user" --list); do
			run 66 "$plant" && reported
			result $? "$name${inline:+, $inline}: reported: $plant"
		done
	done
}

echo "$CC" >"$tmp/compilers"
for compiler in gcc clang; do
	[ "$compiler" = "$CC" ] || echo "$compiler" >>"$tmp/compilers"
done
while read -r compiler; do
	if sanitizes "$compiler"; then
		combination "$compiler" shared
		combination "$compiler" static
	else
		skip "$compiler" "not here, or its programs do not run with ThreadSanitizer"
	fi
done <"$tmp/compilers"
echo "1..$test"
exit $bad
