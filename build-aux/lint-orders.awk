# lint-orders.awk - every atomic access carries a label, its order and its partners.
# SPDX-License-Identifier: BSD-2-Clause
#
# In: the output of lint-code.awk for lib/ and include/.  Wanted, on a line of the
# statement or in the comment directly above it:
#
#	M2 acquire: pairs with M1.  What becomes visible.
#	M3 relaxed: why no order is needed.
#	M4 acq_rel/acquire: pairs with M4.  The second is the order of a CAS that fails.
#
# The first order is the one in the call.  A label stands at one place only; partners name each other.

function complain(file, line, what) {
	print file ":" line ": " what
	bad = 1
}

function trim(s) {
	sub(/^[ \\]+/, "", s)
	sub(/[ \\]+$/, "", s)
	return s
}

# True if text names label as a word.
function names(text, label) {
	return match(" " text " ", "[^A-Za-z0-9_]" label "[^A-Za-z0-9_]")
}

# Each "<label> <order>: text" of a comment; ids of those go to list[1..count].
function define(comment, line, list,    rest, head, id, count, before, parts) {
	rest = comment
	count = 0
	while (match(rest, /[A-Z]+[0-9]+ (relaxed|consume|acquire|release|acq_rel|seq_cst)(\/[a-z_]+)?:/)) {
		head = substr(rest, RSTART, RLENGTH - 1)
		before = RSTART > 1 ? substr(rest, RSTART - 1, 1) : " "
		if (count && last_id)
			def_text[last_id] = def_text[last_id] substr(rest, 1, RSTART - 1)
		rest = substr(rest, RSTART + RLENGTH)
		if (before ~ /[A-Za-z0-9_]/)
			continue
		split(head, parts, " ")
		id = ++defs
		def_label[id] = parts[1]
		def_order[id] = parts[2]
		def_fail[id] = ""
		if (index(parts[2], "/")) {
			def_fail[id] = parts[2]
			sub(/^[^\/]*\//, "", def_fail[id])
			sub(/\/.*/, "", def_order[id])
		}
		def_file[id] = path
		def_line[id] = line
		def_text[id] = ""
		list[++count] = id
		last_id = id
	}
	if (count)
		def_text[last_id] = def_text[last_id] rest
	return count
}

# The arguments of the call whose "(" is at column on line; sets arg[], args, end_line.
function arguments(line, column,    depth, text, c, i, s) {
	split("", arg)
	args = 1
	depth = 0
	text = ""
	for (;;) {
		s = code[line]
		for (i = column; i <= length(s); i++) {
			c = substr(s, i, 1)
			if (c == "(" || c == "[" || c == "{")
				depth++
			if (c == ")" || c == "]" || c == "}")
				depth--
			if (depth == 0) {
				arg[args] = trim(substr(text, 2))
				end_line = line
				return
			}
			if (c == "," && depth == 1) {
				arg[args++] = trim(substr(text, 2))
				text = ","
				continue
			}
			text = text c
		}
		if (line == lines) {
			end_line = line
			return
		}
		text = text " "
		line++
		column = 1
	}
}

function ends_statement(s) {
	s = trim(s)
	return s == "" || s ~ /^#/ || s ~ /[;{}:]$/
}

# One access: is there a comment with its order?
function check_access(line, column, name,    start, end, i, k, n, order, fail, seen, said) {
	arguments(line, column)
	order = arg[order_at[name]]
	fail = name ~ /^cas/ ? arg[5] : ""
	if (order !~ /^(relaxed|acquire|release|acq_rel|seq_cst)$/) {
		complain(path, line, "pawl_" name "_: the order must be written out, not \"" order "\"")
		return
	}
	for (start = line; start > 1 && !ends_statement(code[start - 1]); start--)
		;
	for (end = end_line; end < lines && !ends_statement(code[end]); end++)
		;
	n = 0
	said = ""
	for (i = 1; i <= comments; i++) {
		if (!((from[i] >= start && from[i] <= end) || (own[i] && to[i] >= start - 1 && to[i] <= end)))
			continue
		for (k = 1; k <= found[i]; k++) {
			n++
			seen = list_of[i, k]
			said = said " " def_label[seen] " " def_order[seen]
			if (def_order[seen] == order && (def_fail[seen] == "" || def_fail[seen] == fail))
				return
		}
	}
	if (!n)
		complain(path, line, "pawl_" name "_ without a label (\"L1 " order ": ...\")")
	else
		complain(path, line, "pawl_" name "_ is " order (fail == "" ? "" : "/" fail) ", the comment says" said)
}

function end_file(    i, k, n, rest, offset, list, name) {
	if (path == "")
		return
	for (i = 1; i <= comments; i++) {
		found[i] = is_atomic_h ? 0 : define(comment[i], from[i], list)
		for (k = 1; k <= found[i]; k++)
			list_of[i, k] = list[k]
	}
	for (i = 1; i <= lines; i++) {
		if (code[i] ~ /thread_fence|signal_fence|__sync_|ck_pr_fence/)
			complain(path, i, "a bare fence; orders belong to operations")
		if (is_atomic_h)
			continue
		if (code[i] ~ /(^|[^A-Za-z0-9_])(__atomic_|__ATOMIC_|__c11_atomic_)/)
			complain(path, i, "a raw builtin; use the macros of pawl/atomic.h")
		rest = code[i]
		offset = 0
		while (match(rest, /pawl_(load|store|xchg|cas|cas_weak|fetch_add|fetch_sub|fetch_or|fetch_and)_ *\(/)) {
			n = RSTART
			k = RLENGTH
			name = substr(rest, n + 5, k - 5)
			sub(/_ *\($/, "", name)
			if (n == 1 || substr(rest, n - 1, 1) !~ /[A-Za-z0-9_]/) {
				accesses++
				check_access(i, offset + n + k - 1, name)
			}
			rest = substr(rest, n + k)
			offset += n + k - 1
		}
	}
	if (is_atomic_h)
		check_macros()
}

# The list of macros above must stay complete.
function check_macros(    i, k, body, name) {
	for (i = 1; i <= lines; i++) {
		if (code[i] !~ /^ *# *define +pawl_[a-z_]+\(/)
			continue
		body = code[i]
		for (k = i; code[k] ~ /\\ *$/; k++)
			body = body code[k + 1]
		name = code[i]
		sub(/^ *# *define +pawl_/, "", name)
		sub(/_\(.*/, "", name)
		if (body ~ /__atomic_/ && !(name in order_at))
			complain(path, i, "pawl_" name "_ is unknown to build-aux/lint-orders.awk")
	}
}

# The partners in "pairs with A1, B2 and C3".
function partners(id,    text, words, n, i, word, count) {
	text = def_text[id]
	count = 0
	while (match(text, /pairs with /)) {
		text = substr(text, RSTART + RLENGTH)
		n = split(text, words, " ")
		for (i = 1; i <= n; i++) {
			word = words[i]
			if (word == "and" || word == "or")
				continue
			if (word !~ /^[A-Z]+[0-9]+[.,;:)]*$/)
				break
			sub(/[.,;:)]+$/, "", word)
			partner[++count] = word
			if (words[i] !~ /,$/ && words[i + 1] != "and" && words[i + 1] != "or")
				break
		}
	}
	return count
}

BEGIN {
	FS = "\t"
	order_at["load"] = 2
	order_at["store"] = order_at["xchg"] = 3
	order_at["fetch_add"] = order_at["fetch_sub"] = order_at["fetch_or"] = order_at["fetch_and"] = 3
	order_at["cas"] = order_at["cas_weak"] = 4
}

$1 == "F" {
	end_file()
	path = $2
	is_atomic_h = path ~ /pawl\/atomic\.h$/
	lines = comments = 0
	next
}
$1 == "C" { code[lines = $2] = $3; next }
$1 == "M" { i = ++comments; from[i] = $2; to[i] = $3; own[i] = $4; comment[i] = $5; next }

END {
	end_file()
	for (i = 1; i <= defs; i++) {
		if (def_label[i] in site) {
			k = site[def_label[i]]
			complain(def_file[i], def_line[i], "label " def_label[i] " stands at " def_file[k] ":" def_line[k] " too")
		} else {
			site[def_label[i]] = i
		}
	}
	for (i = 1; i <= defs; i++) {
		n = partners(i)
		if (def_order[i] == "relaxed") {
			reason = def_text[i]
			gsub(/[^A-Za-z]/, "", reason)
			if (length(reason) < 3)
				complain(def_file[i], def_line[i], def_label[i] " relaxed: no reason given")
		} else if (!n) {
			complain(def_file[i], def_line[i], def_label[i] " " def_order[i] ": no \"pairs with\"")
		}
		for (k = 1; k <= n; k++) {
			if (!(partner[k] in site))
				complain(def_file[i], def_line[i], def_label[i] " pairs with " partner[k] ", which is nowhere")
			else if (partner[k] != def_label[i] && !names(def_text[site[partner[k]]], def_label[i]))
				complain(def_file[i], def_line[i], def_label[i] " pairs with " partner[k] ", which does not name " def_label[i])
		}
	}
	if (!accesses) {
		print "no atomic access found: is this the right tree?"
		bad = 1
	}
	print "# " accesses + 0 " accesses, " defs + 0 " labels"
	exit bad
}
