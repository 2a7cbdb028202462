# bench/local.mk - pawl-bench: pawl beside pthreads, nsync and TBB, in one program.
# SPDX-License-Identifier: BSD-2-Clause
#
# To add a case: a line in the table of its bench_<concept>.c.  To add a concept: a line
# in bench_pawl_bench_SOURCES, and one in the list of main.c.

BENCH_ARGS =
bench_program = %D%/pawl-bench

bench_pawl_bench_CPPFLAGS = $(AM_CPPFLAGS) $(TBB_CFLAGS) -DBENCH_FLAGS='"$(CFLAGS)"'
bench_pawl_bench_SOURCES =
bench_pawl_bench_SOURCES += %D%/bench.h
bench_pawl_bench_SOURCES += %D%/bench_cache.c
bench_pawl_bench_SOURCES += %D%/bench_cond.c
bench_pawl_bench_SOURCES += %D%/bench_counter.c
bench_pawl_bench_SOURCES += %D%/bench_mutex.c
bench_pawl_bench_SOURCES += %D%/bench_once.c
bench_pawl_bench_SOURCES += %D%/cond_subject.h
bench_pawl_bench_SOURCES += %D%/lock_subject.h
bench_pawl_bench_SOURCES += %D%/machine.c
bench_pawl_bench_SOURCES += %D%/main.c
bench_pawl_bench_SOURCES += %D%/report.c
bench_pawl_bench_SOURCES += %D%/result.h
bench_pawl_bench_SOURCES += %D%/run.c
bench_pawl_bench_SOURCES += %D%/section.h
bench_pawl_bench_SOURCES += %D%/threads.c
bench_pawl_bench_LDADD = libpawl.la $(NSYNC_LIBS) -lm
if HAVE_NSYNC
bench_pawl_bench_SOURCES += %D%/peer_nsync.c
endif
if HAVE_TBB
bench_pawl_bench_SOURCES += %D%/peer_tbb.cc
bench_pawl_bench_LDADD += $(TBB_LIBS)
bench_pawl_bench_LINK = $(CXXLINK)
else
bench_pawl_bench_LINK = $(LINK)
endif

### Instructions of the fast paths, counted by valgrind ###########################################

bench_fastpaths_CPPFLAGS = $(AM_CPPFLAGS) -DBENCH_FLAGS='"$(CFLAGS)"'
bench_fastpaths_SOURCES  = %D%/fastpaths.c
bench_fastpaths_LDADD    = libpawl.la

bench-callgrind: %D%/fastpaths
	@$(SHELL) $(srcdir)/%D%/callgrind $(builddir) $(srcdir)/%D%/fastpaths.txt

check_PROGRAMS += $(bench_program) %D%/fastpaths
EXTRA_DIST += %D%/README
EXTRA_DIST += %D%/callgrind
EXTRA_DIST += %D%/fastpaths.txt

### make bench ####################################################################################

bench_run = \
	PAWL_BENCH_COMMIT=`cd $(srcdir) && { test -e .git && git describe --always --dirty; } 2>/dev/null || echo none` \
	$(bench_program)

bench: $(bench_program)
	@$(bench_run) $(BENCH_ARGS)

# The same, and fail where a bound is missed.
bench-check: $(bench_program)
	@$(bench_run) --check $(BENCH_ARGS)

.PHONY: bench-callgrind bench-check
