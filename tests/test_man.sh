#!/bin/sh
# test_man.sh - the manual pages say what the headers say, and their examples work.
# SPDX-License-Identifier: BSD-2-Clause
#
# Environment, as set by make check: srcdir top_builddir CC.  Output: TAP.
set -u

srcdir=${srcdir:-.}
top_builddir=${top_builddir:-$PWD}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/pawl-man.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM

# The words of a command are split at spaces, which a path may have; these have none.
ln -s "$(cd "$top_builddir" && pwd)" "$tmp/build"
ln -s "$(cd "$srcdir" && pwd)" "$tmp/source"

# As make has it: the flags of this build.
variable() { sed -n "s/^$1 = //p" "$top_builddir/Makefile"; }
cc=${CC:-$(variable CC)}
cflags="$(variable CPPFLAGS) $(variable CFLAGS) $(variable PTHREAD_FLAGS) $(variable SAN_CFLAGS) -I$tmp/source/include"
warnings='-std=c11 -D_DEFAULT_SOURCE -Wall -Wextra -Werror'
if [ -e "$top_builddir/.libs/libpawl.a" ]; then
	libs="$tmp/build/.libs/libpawl.a $(variable CK_LIBS) $(variable ATOMIC_LIBS)"
else
	libs="-L$tmp/build/.libs -lpawl"
	LD_LIBRARY_PATH=$top_builddir/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
	export LD_LIBRARY_PATH
fi
limit=
if timeout 1 true 2>/dev/null; then limit='timeout 100'; fi

tests=0 failures=0

# ok NAME; not_ok NAME, with what is in $tmp/log as comments.
ok() { tests=$((tests + 1)); echo "ok $tests - $*"; }
not_ok() {
	tests=$((tests + 1)) failures=$((failures + 1))
	echo "not ok $tests - $*"
	sed 's/^/#	/' "$tmp/log"
}
skip() { tests=$((tests + 1)); echo "ok $tests - $* # SKIP"; }

# expect NAME COMMAND...: it succeeds.
expect() {
	name=$1
	shift
	if "$@" >"$tmp/log" 2>&1 </dev/null; then ok "$name"; else not_ok "$name"; fi
}

take() { ${AWK:-awk} -f "$srcdir/tests/test_man.awk" -v want="$1" -v out="$tmp/$page" "$2"; }

# shellcheck disable=SC2086 # words
compiles() { $cc $cflags $warnings -DPAWL_NO_INLINE -fsyntax-only "$1"; }
# shellcheck disable=SC2086
links() { $cc $cflags $warnings -o "$2" "$1" $libs; }

# The lint knows mistakes from taste, and does not ask whether other pages are installed.
lint_page() {
	if command -v mandoc >/dev/null 2>&1; then
		expect "$page has no warnings of mandoc" mandoc -T lint -W warning "$1"
	else
		skip "$page has no warnings of mandoc: there is no mandoc here"
	fi
}

check_synopsis() {
	take synopsis "$1" >"$tmp/$page.c"
	expect "$page has the prototypes of the headers" compiles "$tmp/$page.c"
}

check_examples() {
	programs=$(take examples "$1")
	if [ "$programs" -eq 0 ]; then
		echo 'no program in EXAMPLES' >"$tmp/log"
		not_ok "$page has an example"
	fi
	n=0
	while [ $n -lt "$programs" ]; do
		n=$((n + 1))
		check_example "$tmp/$page-$n"
	done
}

check_example() {
	if ! links "$1.c" "$1" >"$tmp/log" 2>&1; then
		not_ok "$page: program $n builds"
		return
	fi
	# shellcheck disable=SC2086 # words
	$limit "$1" >"$tmp/seen" 2>"$tmp/log" </dev/null
	status=$?
	if [ $status -ne 0 ]; then
		echo "exit status $status" >>"$tmp/log"
		not_ok "$page: program $n runs"
	elif ! diff "$1.out" "$tmp/seen" >"$tmp/log" 2>&1; then
		not_ok "$page: program $n prints what the page says"
	else
		ok "$page: program $n builds, runs and prints what the page says"
	fi
}

# The functions that the headers declare, but for private ones, which end in _.
declared() {
	cat "$srcdir"/include/pawl/*.h | ${AWK:-awk} '
	/^PAWL_API/ { text = ""; reading = 1 }
	reading { text = text " " $0 }
	reading && /\(/ {
		sub(/\(.*/, "", text)
		sub(/.*[ *]/, "", text)
		if (text !~ /_$/)
			print text
		reading = 0
	}' | sort
}

documented() {
	for file in "$srcdir"/man/*.3; do
		page=$(basename "$file")
		take names "$file"
	done | sort
}

named_by_man() {
	for file in "$top_builddir"/man/links/*.3; do basename "$file" .3; done | sort
}

# A page of one line leads to the page that has the function.
links_lead_to_pages() {
	for file in "$top_builddir"/man/links/*.3; do
		page=$(sed -n 's/^\.so man3\///p' "$file")
		function=$(basename "$file" .3)
		take names "$srcdir/man/$page" | grep -qx "$function" || { echo "$function is not on '$page'"; return 1; }
		sed -n '/^\.Sh NAME/,/^\.Nd/p' "$srcdir/man/$page" | grep -q "^\.Nm $function\( ,\)*\$" ||
			{ echo "$function is not in NAME of '$page'"; return 1; }
	done
}

# What would a check be worth that cannot fail?
wrong_page_is_refused() {
	sed "s/^\.Fn pawl_counter_add .*/.Fn pawl_counter_add \"pawl_counter *c\" \"int n\"/" \
		"$srcdir/man/pawl_counter.3" >"$tmp/wrong.3"
	page=wrong.3
	take synopsis "$tmp/wrong.3" >"$tmp/wrong.c"
	if compiles "$tmp/wrong.c"; then return 1; fi
	compiles "$tmp/wrong.c" 2>&1 | grep -q 'conflicting types'
}

for file in "$srcdir"/man/*.3 "$srcdir"/man/*.7; do
	page=$(basename "$file")
	lint_page "$file"
	check_synopsis "$file"
	check_examples "$file"
done
page=pawl-stress.1
lint_page "$srcdir/man/$page"

declared >"$tmp/declared"
documented >"$tmp/documented"
named_by_man >"$tmp/named"
expect 'every public function is on one page' diff "$tmp/declared" "$tmp/documented"
expect 'every public function has a name for man' diff "$tmp/declared" "$tmp/named"
expect 'every name leads to the page of its function' links_lead_to_pages
expect 'a page with a wrong prototype is refused' wrong_page_is_refused

echo "1..$tests"
[ "$failures" -eq 0 ]
