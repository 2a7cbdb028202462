# stress/local.mk - pawl-stress: the broken and the right variant of each case, in one program.
# SPDX-License-Identifier: BSD-2-Clause
#
# To add a case: a line in stress_pawl_stress_SOURCES and its stem in stress.h.  The program is
# built by make check and make stress.  It has the library's objects inside, as tasks have no public
# header yet.

STRESS_ARGS =
stress_program = %D%/pawl-stress
stress_long_targets = stress-proof flood-long
EXTRA_DIST += %D%/stress-proof
EXTRA_DIST += %D%/flood-long
EXTRA_DIST += %D%/tsan-builds

stress_pawl_stress_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
stress_pawl_stress_LDADD = $(PAWL_CORE_LIBS)
stress_pawl_stress_LDFLAGS = $(AM_LDFLAGS) -static
stress_pawl_stress_SOURCES =
stress_pawl_stress_SOURCES += %D%/asleep.c
stress_pawl_stress_SOURCES += %D%/child.c
stress_pawl_stress_SOURCES += %D%/child.h
stress_pawl_stress_SOURCES += %D%/judge.c
stress_pawl_stress_SOURCES += %D%/main.c
stress_pawl_stress_SOURCES += %D%/mixed.c
stress_pawl_stress_SOURCES += %D%/mixed.h
stress_pawl_stress_SOURCES += %D%/op_loops.c
stress_pawl_stress_SOURCES += %D%/op_loops.h
stress_pawl_stress_SOURCES += %D%/options.c
stress_pawl_stress_SOURCES += %D%/parcels.c
stress_pawl_stress_SOURCES += %D%/parcels.h
stress_pawl_stress_SOURCES += %D%/progress.c
stress_pawl_stress_SOURCES += %D%/queue_bound.c
stress_pawl_stress_SOURCES += %D%/queue_cases.h
stress_pawl_stress_SOURCES += %D%/queue_ends.c
stress_pawl_stress_SOURCES += %D%/queue_ops.c
stress_pawl_stress_SOURCES += %D%/queue_slots.c
stress_pawl_stress_SOURCES += %D%/queue_weights.c
stress_pawl_stress_SOURCES += %D%/report.c
stress_pawl_stress_SOURCES += %D%/spawn.c
stress_pawl_stress_SOURCES += %D%/stress.h
stress_pawl_stress_SOURCES += %D%/suite.h
stress_pawl_stress_SOURCES += %D%/team.c
stress_pawl_stress_SOURCES += %D%/tsan.c
stress_pawl_stress_SOURCES += %D%/watchdog.c

stress_pawl_stress_SOURCES += %D%/stress_any.c
stress_pawl_stress_SOURCES += %D%/stress_barrier.c
stress_pawl_stress_SOURCES += %D%/stress_cache.c
stress_pawl_stress_SOURCES += %D%/stress_cleanup.c
stress_pawl_stress_SOURCES += %D%/stress_cond.c
stress_pawl_stress_SOURCES += %D%/stress_counter.c
stress_pawl_stress_SOURCES += %D%/stress_event.c
stress_pawl_stress_SOURCES += %D%/stress_mutex.c
stress_pawl_stress_SOURCES += %D%/stress_notify.c
stress_pawl_stress_SOURCES += %D%/stress_once.c
stress_pawl_stress_SOURCES += %D%/stress_op.c
stress_pawl_stress_SOURCES += %D%/stress_queue.c
stress_pawl_stress_SOURCES += %D%/stress_rwlock.c
stress_pawl_stress_SOURCES += %D%/stress_scope.c
stress_pawl_stress_SOURCES += %D%/stress_selftest.c
stress_pawl_stress_SOURCES += %D%/stress_sem.c
stress_pawl_stress_SOURCES += %D%/stress_session.c
stress_pawl_stress_SOURCES += %D%/stress_tally.c
stress_pawl_stress_SOURCES += %D%/stress_transfer.c
if HAVE_SWITCH
stress_pawl_stress_CPPFLAGS += -DSTRESS_TASKS
stress_pawl_stress_SOURCES += %D%/stress_task.c
endif

check_PROGRAMS += $(stress_program)

# Very many items through queues: 10^9 by make check-long, and 10^7 with ThreadSanitizer.
flood_program = %D%/pawl-flood
stress_pawl_flood_LDFLAGS = $(AM_LDFLAGS) -static
stress_pawl_flood_LDADD   = libpawl.la
stress_pawl_flood_SOURCES  = %D%/flood.h
stress_pawl_flood_SOURCES += %D%/flood_calls.c
stress_pawl_flood_SOURCES += %D%/flood_flow.c
stress_pawl_flood_SOURCES += %D%/flood_judge.c
stress_pawl_flood_SOURCES += %D%/flood_main.c
check_PROGRAMS += $(flood_program)
dist_check_SCRIPTS += %D%/test_flood.sh
if ENABLE_TESTS
TESTS += %D%/test_flood.sh
endif

# Exit status: that of pawl-stress.
stress: $(stress_program)
	@$(PAWL_RUN_ENVIRONMENT) $(stress_program) $(STRESS_ARGS)

# Hundreds of runs, with gcc and clang: see the script.
stress-proof:
	@$(PAWL_RUN_ENVIRONMENT) MAKE='$(MAKE)' SRCDIR='$(srcdir)' \
		$(SHELL) $(srcdir)/%D%/stress-proof

# So many items as FLOOD_ITEMS says, and FLOOD_TSAN_ITEMS with ThreadSanitizer: see the script.
flood-long: $(flood_program)
	@$(PAWL_RUN_ENVIRONMENT) MAKE='$(MAKE)' SRCDIR='$(srcdir)' FLOOD='$(flood_program)' \
		FLOOD_ITEMS='$(FLOOD_ITEMS)' FLOOD_TSAN_ITEMS='$(FLOOD_TSAN_ITEMS)' \
		$(SHELL) $(srcdir)/%D%/flood-long
.PHONY: flood-long

mostlyclean-local:
	rm -rf stress-proof.tmp
