# lint-symbols.awk - names of the interface, one per line.
# SPDX-License-Identifier: BSD-2-Clause
#
# -v from=map      In: a linker version script.
# -v from=headers  In: the output of lint-code.awk for include/; what is declared PAWL_API.
# -v from=library  In: the output of nm -D --defined-only -P.

BEGIN { if (from == "headers") FS = "\t" }

from == "map" {
	sub(/#.*/, "")
	if (/global:/) { on = 1; next }
	if (/local:/) on = 0
	if (on && $1 ~ /;$/) { sub(/;$/, "", $1); print $1 }
}

from == "library" && $2 != "A" {
	sub(/@.*/, "", $1)
	print $1
}

# The name in a declaration: what is called, or the last word of a variable.
function declared(s) {
	if (match(s, /pawl_[A-Za-z0-9_]+ *\(/)) {
		s = substr(s, RSTART, RLENGTH)
		sub(/ *\($/, "", s)
		return s
	}
	sub(/ *(__attribute__|\[|=).*/, "", s)
	sub(/ *$/, "", s)
	sub(/.*[ *]/, "", s)
	return s
}

from == "headers" && $1 == "C" {
	if ($3 ~ /^ *#/)
		next
	if ($3 ~ /(^|[^A-Za-z0-9_])PAWL_API([^A-Za-z0-9_]|$)/) {
		on = 1
		text = $3
		sub(/.*PAWL_API/, "", text)
	} else if (on) {
		text = text " " $3
	}
	if (on && text ~ /[;{]/) {
		on = 0
		sub(/[;{].*/, "", text)
		print declared(text)
	}
}
