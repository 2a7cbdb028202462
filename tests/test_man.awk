# test_man.awk - take C out of a manual page in mdoc.
# SPDX-License-Identifier: BSD-2-Clause
#
# usage: awk -f test_man.awk -v want=WHAT -v out=PREFIX page.3
#
# want=synopsis	a C file on standard output: the includes, the literal blocks and the
#		prototypes of SYNOPSIS; and each structure of DESCRIPTION under another
#		name, with the claim that it is as large as the header's
# want=names	the functions of SYNOPSIS, one per line
# want=examples	PREFIX-N.c for each program of EXAMPLES, and PREFIX-N.out for what the
#		page says that it prints; the number of programs on standard output

# The text of a literal line, without the escapes that pages need.
function plain(s)
{
	if (substr(s, 1, 2) == "\\&")
		s = substr(s, 3)
	gsub(/\\-/, "-", s)
	gsub(/\\\(dq/, "\"", s)
	gsub(/\\e/, "\\", s)
	return s
}

# Split the arguments of a macro, of which those with blanks are quoted, into arg[1..args].
function split_arguments(s)
{
	args = 0
	while (s != "") {
		sub(/^ +/, "", s)
		if (s == "")
			break
		if (match(s, /^"[^"]*"/)) {
			arg[++args] = substr(s, 2, RLENGTH - 2)
			s = substr(s, RLENGTH + 1)
		} else {
			match(s, /^[^ ]+/)
			arg[++args] = substr(s, 1, RLENGTH)
			s = substr(s, RLENGTH + 1)
		}
	}
}

# An argument may be a declarator of its own: "int (*fn)(void *arg)".
function prototype(    i, s)
{
	for (i = 2; i <= args; i++)
		s = s (i > 2 ? ", " : "") arg[i]
	if (want == "names")
		print arg[1]
	else if (want == "synopsis")
		print type " " arg[1] "(" (s == "" ? "void" : s) ");"
}

# A block is complete.
function literal(    i, name)
{
	if (section == "SYNOPSIS" && want == "synopsis") {
		for (i = 1; i <= lines; i++)
			print line[i]
	} else if (section == "DESCRIPTION" && want == "synopsis" && line[1] == "typedef struct {") {
		name = line[lines]
		gsub(/[} ;]/, "", name)
		for (i = 1; i < lines; i++)
			print line[i]
		print "} page_" name ";"
		print "_Static_assert(sizeof(page_" name ") == sizeof(" name "), \"" name "\");"
	} else if (section == "EXAMPLES" && want == "examples") {
		if (line[1] ~ /^#include/)
			file = out "-" ++programs ".c"
		else if (before == "It prints:" && programs)
			file = out "-" programs ".out"
		else
			return
		for (i = 1; i <= lines; i++)
			print line[i] >file
		close(file)
	}
}

/^\.Bd -literal/ { in_literal = 1; lines = 0; next }
/^\.Ed/ { if (in_literal) literal(); in_literal = 0; next }
in_literal { line[++lines] = plain($0); next }

/^\.Sh / { section = substr($0, 5); next }
section == "SYNOPSIS" && /^\.In / && want == "synopsis" { print "#include <" $2 ">"; next }
section == "SYNOPSIS" && /^\.Ft / { type = substr($0, 5); gsub(/"/, "", type); next }
section == "SYNOPSIS" && /^\.Fn / { split_arguments(substr($0, 5)); prototype(); next }
section == "SYNOPSIS" && /^\.Fo / { split_arguments(substr($0, 5)); next }
section == "SYNOPSIS" && /^\.Fa / {
	one = substr($0, 5)
	gsub(/^"|"$/, "", one)
	arg[++args] = one
	next
}
section == "SYNOPSIS" && /^\.Fc/ { prototype(); next }
!/^\./ { before = $0 }
END { if (want == "examples") print programs + 0 }
