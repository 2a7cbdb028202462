# tests/model/local.mk - the explorer: models of the library under every schedule that matters.
# SPDX-License-Identifier: BSD-2-Clause
#
# A model is a file here, <primitive>_*.c; it is found by itself, but for its line in
# model_files, so that it is distributed.  A twin is a patch in twins/, or a line of twins/orders.

# The explorer proper, which is not instrumented.
explorer_sources =
explorer_sources += %D%/explorer/atomics.c
explorer_sources += %D%/explorer/atomics.h
explorer_sources += %D%/explorer/cells.c
explorer_sources += %D%/explorer/cells.h
explorer_sources += %D%/explorer/choose.c
explorer_sources += %D%/explorer/choose.h
explorer_sources += %D%/explorer/clock.h
explorer_sources += %D%/explorer/engine.h
explorer_sources += %D%/explorer/explore.c
explorer_sources += %D%/explorer/explore.h
explorer_sources += %D%/explorer/heap.c
explorer_sources += %D%/explorer/heap.h
explorer_sources += %D%/explorer/history.c
explorer_sources += %D%/explorer/history.h
explorer_sources += %D%/explorer/labels.c
explorer_sources += %D%/explorer/labels.h
explorer_sources += %D%/explorer/linear.c
explorer_sources += %D%/explorer/linear.h
explorer_sources += %D%/explorer/main.c
explorer_sources += %D%/explorer/model.h
explorer_sources += %D%/explorer/names.c
explorer_sources += %D%/explorer/names.h
explorer_sources += %D%/explorer/platform.c
explorer_sources += %D%/explorer/platform.h
explorer_sources += %D%/explorer/progress.c
explorer_sources += %D%/explorer/progress.h
explorer_sources += %D%/explorer/run.c
explorer_sources += %D%/explorer/search.c
explorer_sources += %D%/explorer/search.h
explorer_sources += %D%/explorer/sections.c
explorer_sources += %D%/explorer/sections.h
explorer_sources += %D%/explorer/shadow.c
explorer_sources += %D%/explorer/shadow.h
explorer_sources += %D%/explorer/shrink.c
explorer_sources += %D%/explorer/shrink.h
explorer_sources += %D%/explorer/symbols.c
explorer_sources += %D%/explorer/symbols.h
explorer_sources += %D%/explorer/system.c
explorer_sources += %D%/explorer/system.h
explorer_sources += %D%/explorer/trace.c
explorer_sources += %D%/explorer/trace.h
explorer_sources += %D%/explorer/tsan.c

model_files =
model_files += %D%/any_again.c
model_files += %D%/any_first.c
model_files += %D%/any_queue.c
model_files += %D%/barrier_again.c
model_files += %D%/barrier_trip.c
model_files += %D%/cache_close.c
model_files += %D%/cache_failure.c
model_files += %D%/cache_flight.c
model_files += %D%/cache_inline.c
model_files += %D%/cache_keys.c
model_files += %D%/cache_linear.c
model_files += %D%/cache_memory.c
model_files += %D%/cache_model.h
model_files += %D%/cache_op.c
model_files += %D%/cache_timed.c
model_files += %D%/cond_lifetime.c
model_files += %D%/cond_memory.c
model_files += %D%/cond_signal.c
model_files += %D%/cond_until.c
model_files += %D%/context_owner.c
model_files += %D%/counter_freed.c
model_files += %D%/counter_values.c
model_files += %D%/counter_zero.c
model_files += %D%/cq_bell.c
model_files += %D%/cq_close.c
model_files += %D%/dump_waits.c
model_files += %D%/ends_any.c
model_files += %D%/ends_barrier.c
model_files += %D%/ends_cache.c
model_files += %D%/ends_cond.c
model_files += %D%/ends_counter.c
model_files += %D%/ends_event.c
model_files += %D%/ends_model.h
model_files += %D%/ends_mutex.c
model_files += %D%/ends_notify.c
model_files += %D%/ends_once.c
model_files += %D%/ends_queue.c
model_files += %D%/ends_sem.c
model_files += %D%/event_clear.c
model_files += %D%/event_op.c
model_files += %D%/event_set.c
model_files += %D%/gate_note.c
model_files += %D%/latch_cancel.c
model_files += %D%/latch_op.c
model_files += %D%/latch_open.c
model_files += %D%/litmus.c
model_files += %D%/lobby_calls.c
model_files += %D%/mutex_all.c
model_files += %D%/mutex_heir.c
model_files += %D%/mutex_lifetime.c
model_files += %D%/mutex_linear.c
model_files += %D%/mutex_lock.c
model_files += %D%/mutex_memory.c
model_files += %D%/mutex_order.c
model_files += %D%/mutex_until.c
model_files += %D%/nodes_stack.c
model_files += %D%/notify_one.c
model_files += %D%/notify_op.c
model_files += %D%/notify_room.c
model_files += %D%/once_done.c
model_files += %D%/once_run.c
model_files += %D%/once_unwound.c
model_files += %D%/op_cancel.c
model_files += %D%/op_end.c
model_files += %D%/op_inline.c
model_files += %D%/op_start.c
model_files += %D%/park_answer.c
model_files += %D%/permits_wait.c
model_files += %D%/progress_any.c
model_files += %D%/progress_cache.c
model_files += %D%/progress_clock.c
model_files += %D%/progress_cond.c
model_files += %D%/progress_counter.c
model_files += %D%/progress_event.c
model_files += %D%/progress_mutex.c
model_files += %D%/progress_once.c
model_files += %D%/progress_op.c
model_files += %D%/progress_queue.c
model_files += %D%/progress_rwlock.c
model_files += %D%/progress_scope.c
model_files += %D%/progress_sem.c
model_files += %D%/progress_stream.c
model_files += %D%/line_again.c
model_files += %D%/line_freed.c
model_files += %D%/line_memory.c
model_files += %D%/line_middle.c
model_files += %D%/line_move.c
model_files += %D%/line_order.c
model_files += %D%/line_owner.c
model_files += %D%/queue_drop.c
model_files += %D%/queue_fast_ends.c
model_files += %D%/queue_fast_line.c
model_files += %D%/queue_fast_wake.c
model_files += %D%/queue_op.c
model_files += %D%/queue_slots.c
model_files += %D%/queue_turns.c
model_files += %D%/ring_turns.c
model_files += %D%/rwlock_freed.c
model_files += %D%/rwlock_late.c
model_files += %D%/rwlock_line.c
model_files += %D%/rwlock_lock.c
model_files += %D%/rwlock_memory.c
model_files += %D%/rwlock_op.c
model_files += %D%/rwlock_phase.c
model_files += %D%/rwlock_slots.c
model_files += %D%/scope_fire.c
model_files += %D%/scope_reach.c
model_files += %D%/scope_source.c
model_files += %D%/sem_close.c
model_files += %D%/sem_grant.c
model_files += %D%/sem_heir.c
model_files += %D%/sem_linear.c
model_files += %D%/sem_many.c
model_files += %D%/sem_memory.c
model_files += %D%/sem_op.c
model_files += %D%/sem_spare.c
model_files += %D%/stream_end.c
model_files += %D%/tally_sum.c
model_files += %D%/task_ends.c
model_files += %D%/task_marks.c
model_files += %D%/task_present.c
model_files += %D%/task_waits.c
model_files += %D%/task_wake.c
model_files += %D%/time_virtual.c
model_files += %D%/waiter_answer.c
model_files += %D%/cache_model.h
model_files += %D%/line_model.h
model_files += %D%/queue_model.h
model_files += %D%/platform/bell.c
model_files += %D%/platform/cpu.h
model_files += %D%/platform/flow.c
model_files += %D%/platform/flow.h
model_files += %D%/platform/poll.h
model_files += %D%/reclaim/registry.c
model_files += %D%/reclaim/registry.h
model_files += %D%/reclaim/sizes.c
model_files += %D%/reclaim/sizes.h
model_files += %D%/reclaim/smr.h

EXTRA_DIST += %D%/build
EXTRA_DIST += %D%/run
EXTRA_DIST += %D%/progress_check
EXTRA_DIST += %D%/FIGURES
EXTRA_DIST += %D%/twins
EXTRA_DIST += $(model_files)

MODEL_ENVIRONMENT = \
	SRCDIR='$(abs_top_srcdir)'; BUILDDIR='$(abs_top_builddir)'; CC='$(CC)'; OBJCOPY='$(OBJCOPY)'; \
	CPPFLAGS='$(CPPFLAGS) $(CK_CFLAGS)'; EXPLORER='$(abs_top_builddir)/%D%/libexplorer.a'; \
	export SRCDIR BUILDDIR CC OBJCOPY CPPFLAGS EXPLORER;

if ENABLE_EXPLORER
check_LIBRARIES = %D%/libexplorer.a
tests_model_libexplorer_a_SOURCES  = $(explorer_sources) $(switch_sources) lib/platform/text.c
tests_model_libexplorer_a_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/%D% -I$(srcdir)/lib
check_DATA += %D%/explore
endif

# Always asked to look; it knows by itself what is stale.
%D%/explore: %D%/libexplorer.a explorer-always
	@$(MODEL_ENVIRONMENT) $(SHELL) $(srcdir)/%D%/build '$(abs_top_builddir)/$@'
explorer-always:
.PHONY: explorer-always

# make model MODEL=mutex_lock SEED=17, or SCHEDULE='2.14=1', or MODEL_ARGS=--help
model: %D%/explore
	@$(MODEL_ENVIRONMENT) \
	MODEL='$(MODEL)' SEED='$(SEED)' SCHEDULE='$(SCHEDULE)' MODEL_ARGS='$(MODEL_ARGS)' \
		$(SHELL) $(srcdir)/%D%/run
.PHONY: model

# What was explored of each model, a line each.
model-table: %D%/explore
	@$(MODEL_ENVIRONMENT) MODEL='$(MODEL)' MODEL_ARGS='$(MODEL_ARGS)' $(SHELL) $(srcdir)/%D%/table
.PHONY: model-table
EXTRA_DIST += %D%/table

# After how many schedules each planted bug is found, by each strategy.
MEDIANS = 25
model-medians: %D%/explore
	@$(MODEL_ENVIRONMENT) srcdir='$(srcdir)' top_builddir='$(abs_top_builddir)' MEDIANS='$(MEDIANS)' TWINS='$(TWINS)' \
		$(SHELL) $(srcdir)/tests/test_model_twins.sh
.PHONY: model-medians

# With larger bounds, other seeds, and an hour.
check-models-long: %D%/explore
	@$(MODEL_ENVIRONMENT) $(SHELL) $(srcdir)/%D%/long
.PHONY: check-models-long
EXTRA_DIST += %D%/long

clean-local: clean-model
clean-model:
	rm -rf %D%/obj %D%/explore %D%/*.tmp
.PHONY: clean-model
