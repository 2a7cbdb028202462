# test_no_calls.awk - find a way through a function that calls nothing.
# SPDX-License-Identifier: BSD-2-Clause
#
# Input: objdump -dr.  Variables: function_name; locked, how many locked instructions the
# function may have, and its way must have.  Exit status 0: there is such a way.
#
# A jump with a relocation leaves the function, as a call does.

# "0000000000000000 <mutex_pair>:"
/^[0-9a-f]+ <.*>:$/ {
	inside = $2 == "<" function_name ">:"
	next
}

# "   3: R_X86_64_PLT32   pawl_mutex_lock_slow_-0x4", about the instruction before it
inside && $2 ~ /^R_X86_64_/ {
	if ($2 ~ /PLT32$|PC32$/)
		leaves[count] = 1
	next
}

# "  1b:	jne    30 <mutex_pair+0x30>"
inside && $1 ~ /^[0-9a-f]+:$/ && NF > 1 {
	index_of[substr($1, 1, length($1) - 1)] = ++count
	op[count] = $2
	target[count] = $3
	if ($2 == "lock")
		all_locked++
}

# A way from instruction i to the return, with so many locked ones so far.
function way(i, locks, steps) {
	for (; i <= count && steps < 200; i++) {
		steps++
		if (op[i] == "lock")
			locks++
		if (op[i] ~ /^ret/ || (op[i] ~ /^repz?$/ && target[i] ~ /^ret/))
			return found(locks, steps)
		if (op[i] ~ /^call/ || (op[i] ~ /^jmp/ && leaves[i]))
			return 0
		if (op[i] ~ /^jmp/)
			return way(index_of[target[i]], locks, steps)
		if (op[i] ~ /^j/ && !leaves[i] && way(index_of[target[i]], locks, steps))
			return 1
	}
	return 0
}

function found(locks, steps) {
	if (locks != locked)
		return 0
	print function_name ": " steps " instructions, " locks + 0 " of them locked"
	return 1
}

END {
	if (!count) {
		print function_name " is not there"
		exit 1
	}
	if (!way(1, 0, 0)) {
		print function_name ": no way without a call and with " locked " locked instructions"
		exit 1
	}
	if (all_locked + 0 != locked) {
		print function_name " has " all_locked + 0 " locked instructions in all"
		exit 1
	}
}
