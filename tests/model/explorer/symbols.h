/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * symbols.h - from a return address of this program to its place in the source, and to
 * the label of the atomic access that stands there.
 *
 * By addr2line(1) from what -g left in the program, and by reading the source files, which
 * must still be where they were compiled.  What cannot be told is "?", 0 or "".
 *
 * Two options of the compiler make places exact.  -gdwarf-4: the addr2line of binutils 2.40
 * misreads DWARF 5 of gcc 12 where a file's first function is a header's.  And for clang
 * -mllvm -enable-tail-merge=0: else one call may stand for the equal ends of two branches,
 * and so for two accesses; it has no line then.
 */
#ifndef EXPLORER_SYMBOLS_H
#define EXPLORER_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "explorer/labels.h"

struct place {
	const char *function;	/* the innermost, inlined ones included; "?": unknown */
	const char *file;	/* can be opened from any directory; "?": unknown */
	const char *base;	/* for traces: from the top of the source tree it is in, as
				 * "lib/sync/mutex.c"; elsewhere the last two components */
	unsigned line;		/* 0: unknown */
	char label[LABEL_SIZE];	/* "M5"; "": no atomic access in the statement, or no label */
};

/* The place of the call that returns to @pc.  Cached; never freed. */
const struct place *symbols_place(uintptr_t pc);

/* Look up all of @pcs[0..n) that are not cached yet, by one run of addr2line. */
void symbols_load(const uintptr_t *pcs, size_t n);

#endif
