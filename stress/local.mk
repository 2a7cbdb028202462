# stress/local.mk - pawl-stress: the broken and the right variant of each case, in one program.
# SPDX-License-Identifier: BSD-2-Clause
#
# To add a case: a line in stress_pawl_stress_SOURCES and its stem in stress.h.  The program is
# built by make check and make stress.  It has the library's objects inside, as tasks have no public
# header yet.

STRESS_ARGS =
stress_program = %D%/pawl-stress
stress_long_targets = stress-proof
EXTRA_DIST += %D%/stress-proof

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
stress_pawl_stress_SOURCES += %D%/progress.c
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

# Exit status: that of pawl-stress.
stress: $(stress_program)
	@$(PAWL_RUN_ENVIRONMENT) $(stress_program) $(STRESS_ARGS)

# Hundreds of runs, with gcc and clang: see the script.
stress-proof:
	@$(PAWL_RUN_ENVIRONMENT) MAKE='$(MAKE)' SRCDIR='$(srcdir)' $(SHELL) $(srcdir)/%D%/stress-proof

mostlyclean-local:
	rm -rf stress-proof.tmp
