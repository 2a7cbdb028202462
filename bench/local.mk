# bench/local.mk - pawl-bench: pawl beside pthreads, nsync, TBB and CK, in one program.
# SPDX-License-Identifier: BSD-2-Clause
#
# To add a case: a line in the table of its bench_<concept>.c.  To add a concept: a line
# in bench_pawl_bench_SOURCES, and one in tables.c.

BENCH_ARGS =
bench_program = %D%/pawl-bench
bench_line_program = %D%/pawl-bench-line

bench_runner  = %D%/bench.h
bench_runner += %D%/machine.c
bench_runner += %D%/main.c
bench_runner += %D%/report.c
bench_runner += %D%/result.h
bench_runner += %D%/run.c
bench_runner += %D%/section.h
bench_runner += %D%/threads.c

bench_pawl_bench_CPPFLAGS = $(AM_CPPFLAGS) $(CK_CFLAGS) $(TBB_CFLAGS) -DBENCH_FLAGS='"$(CFLAGS)"'
bench_pawl_bench_SOURCES = $(bench_runner)
bench_pawl_bench_SOURCES += %D%/bench_cache.c
bench_pawl_bench_SOURCES += %D%/bench_cond.c
bench_pawl_bench_SOURCES += %D%/bench_counter.c
bench_pawl_bench_SOURCES += %D%/bench_event.c
bench_pawl_bench_SOURCES += %D%/bench_mutex.c
bench_pawl_bench_SOURCES += %D%/bench_once.c
bench_pawl_bench_SOURCES += %D%/bench_queue.c
bench_pawl_bench_SOURCES += %D%/bench_rwlock.c
bench_pawl_bench_SOURCES += %D%/bench_sem.c
bench_pawl_bench_SOURCES += %D%/cond_subject.h
bench_pawl_bench_SOURCES += %D%/event_kinds.c
bench_pawl_bench_SOURCES += %D%/event_subject.h
bench_pawl_bench_SOURCES += %D%/lock_subject.h
bench_pawl_bench_SOURCES += %D%/peer_ck.c
bench_pawl_bench_SOURCES += %D%/queue_kinds.c
bench_pawl_bench_SOURCES += %D%/queue_subject.h
bench_pawl_bench_SOURCES += %D%/queue_turns.c
bench_pawl_bench_SOURCES += %D%/rw_subject.h
bench_pawl_bench_SOURCES += %D%/sem_subject.h
bench_pawl_bench_SOURCES += %D%/tables.c
bench_pawl_bench_LDADD = libpawl.la $(NSYNC_LIBS) $(CK_LIBS) -lm
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

# The waiter queue from inside, beside the list of tests/.
bench_pawl_bench_line_CPPFLAGS  = $(PAWL_CORE_CPPFLAGS) -I$(top_srcdir)/tests
bench_pawl_bench_line_CPPFLAGS += -DBENCH_FLAGS='"$(CFLAGS)"'
bench_pawl_bench_line_SOURCES  = %D%/bench_line.c $(bench_runner)
bench_pawl_bench_line_SOURCES += $(test_oracle) $(test_stalls)
bench_pawl_bench_line_LDADD    = $(PAWL_CORE_LIBS) -lm

### Instructions of the fast paths, counted by valgrind ###########################################

bench_fastpaths_CPPFLAGS = $(AM_CPPFLAGS) -DBENCH_FLAGS='"$(CFLAGS)"'
bench_fastpaths_SOURCES  = %D%/fastpaths.c
bench_fastpaths_LDADD    = libpawl.la

bench-callgrind: %D%/fastpaths
	@$(SHELL) $(srcdir)/%D%/callgrind $(builddir) $(srcdir)/%D%/fastpaths.txt

check_PROGRAMS += $(bench_program) $(bench_line_program) %D%/fastpaths
EXTRA_DIST += %D%/README
EXTRA_DIST += %D%/callgrind
EXTRA_DIST += %D%/fastpaths.txt

### make bench ####################################################################################

bench_env = PAWL_BENCH_COMMIT=`cd $(srcdir) && \
	{ test -e .git && git describe --always --dirty; } 2>/dev/null || echo none`

bench: $(bench_program)
	@$(bench_env) $(bench_program) $(BENCH_ARGS)

# The same, and fail where a bound is missed.
bench-check: $(bench_program)
	@$(bench_env) $(bench_program) --check $(BENCH_ARGS)

bench-line: $(bench_line_program)
	@$(bench_env) $(bench_line_program) $(BENCH_ARGS)

.PHONY: bench-callgrind bench-check bench-line
