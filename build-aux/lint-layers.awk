# lint-layers.awk - who may include and call what; reads lib/layers, then the output of lint-code.awk.
# SPDX-License-Identifier: BSD-2-Clause

function complain(what) {
	print path ":" line ": " what
	bad = 1
}

# True if the code calls the function, not a member of the same name.
function calls(pattern) {
	return match(code, "(^|[^A-Za-z0-9_.>])(" pattern ")[ ]*\\(")
}

FILENAME ~ /layers$/ {
	if ($1 != "" && $1 !~ /^#/)
		rank[$1] = ++ranks
	next
}

FNR == 1 { FS = "\t"; $0 = $0 }

$1 == "F" {
	path = $2
	layer = ""
	if (path ~ /^lib\/[^\/]+\//) {
		layer = path
		sub(/^lib\//, "", layer)
		sub(/\/.*/, "", layer)
		line = 1
		if (!(layer in rank))
			complain("the folder " layer " is not in lib/layers")
	}
	next
}

$1 != "C" { next }

{ line = $2; code = $3 }

code ~ /^ *# *include/ {
	included = code
	sub(/^ *# *include */, "", included)
	if (included ~ /^"[^"]*\/[^"]*"/ && layer != "") {
		to = substr(included, 2)
		sub(/\/.*/, "", to)
		if (!(to in rank))
			complain("includes " included ", whose folder is no layer")
		else if (rank[to] > rank[layer])
			complain("layer " layer " includes " included " of the higher layer " to)
	}
	if (included ~ /^<stdatomic.h>|^"stdatomic.h"/)
		complain("includes " included "; atomic accesses are those of pawl/atomic.h")
	if (path ~ /^include\// && included ~ /ck_/)
		complain("a public header includes " included)
	if (path ~ /^lib\// && layer != "platform" && \
	    included ~ /^<(linux\/futex|sys\/syscall|time|sys\/time|malloc|sys\/mman|sched|sys\/random|pthread)\.h>/)
		complain("includes " included "; only lib/platform does")
	next
}

code ~ /(^|[^A-Za-z0-9_])_Atomic([^A-Za-z0-9_]|$)/ {
	complain("_Atomic; fields are plain words, accesses those of pawl/atomic.h")
}

path ~ /^include\// && code ~ /(^|[^A-Za-z0-9_])(ck_|CK_)/ {
	complain("a public header names Concurrency Kit")
}

path ~ /^lib\// && layer != "platform" {
	if (calls("malloc|calloc|realloc|reallocarray|free|aligned_alloc|posix_memalign|mmap|munmap"))
		complain("takes memory by itself; only lib/platform does")
	if (calls("clock_gettime|clock_nanosleep|nanosleep|usleep|gettimeofday|time"))
		complain("reads the clock or sleeps by itself; only lib/platform does")
	if (calls("syscall|futex|sched_yield|getrandom|pthread_[a-z_]+"))
		complain("calls the system by itself; only lib/platform does")
	if (code ~ /(^|[^A-Za-z0-9_])(__thread|_Thread_local)([^A-Za-z0-9_]|$)/)
		complain("a thread-local; only lib/platform has them")
}

END {
	if (!ranks) {
		print "lib/layers: no layers in it"
		bad = 1
	}
	exit bad
}
