# lint-code.awk - split C files into code and comments, for the other lint scripts.
# SPDX-License-Identifier: BSD-2-Clause
#
# In:   C files, named relative to the source tree.
# Out:  records of tab-separated fields, per file:
#   F path                        a file begins
#   C line code                   every line, without comments; strings are emptied but for #include
#   M first last own text         a comment on lines first..last; own: nothing stands before it
#
# Line comments on lines that follow each other are one comment.

function put(s) { code = code s }

function flush_comment() {
	if (have)
		print "M\t" first "\t" last "\t" own "\t" text
	have = 0
}

function add_text(s) {
	gsub(/\t/, " ", s)
	sub(/^ *\*+ */, "", s)
	text = text " " s
}

function begin_comment(kind) {
	own_now = code ~ /^[ \t]*$/
	if (have && kind == "line" && last_kind == "line" && own && own_now && last == FNR - 1) {
		last = FNR
	} else {
		flush_comment()
		have = 1; first = last = FNR; own = own_now ? 1 : 0; text = ""
	}
	last_kind = kind
}

FNR == 1 {
	flush_comment()
	inside = 0
	print "F\t" FILENAME
}

{
	rest = $0
	code = ""
	is_include = $0 ~ /^[ \t]*#[ \t]*include/
	for (;;) {
		if (inside) {
			last = FNR
			end = index(rest, "*/")
			if (!end) {
				add_text(rest)
				break
			}
			add_text(substr(rest, 1, end - 1))
			rest = substr(rest, end + 2)
			inside = 0
			put(" ")
			continue
		}
		if (!match(rest, /\/\*|\/\/|"|'/)) {
			put(rest)
			break
		}
		put(substr(rest, 1, RSTART - 1))
		what = substr(rest, RSTART, RLENGTH)
		rest = substr(rest, RSTART + RLENGTH)
		if (what == "/*") {
			begin_comment("block")
			inside = 1
		} else if (what == "//") {
			begin_comment("line")
			add_text(rest)
			break
		} else if (is_include) {
			put(what)
		} else {
			# A string or a character: skip to its end.
			pattern = what == "\"" ? "^([^\"\\\\]|\\\\.)*\"" : "^([^'\\\\]|\\\\.)*'"
			if (match(rest, pattern))
				rest = substr(rest, RLENGTH + 1)
			else
				rest = ""
			put(what what)
		}
	}
	gsub(/\t/, " ", code)
	print "C\t" FNR "\t" code
}

END { flush_comment() }
