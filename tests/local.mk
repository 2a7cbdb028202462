# tests/local.mk - unit tests (CMocka, in TAP) and the installed consumers.
# SPDX-License-Identifier: BSD-2-Clause
#
# To add a test of the public interface: one line with its name in pawl_tests; its
# source is <name>.c.  One that looks inside also sets
#     tests_test_x_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
#     tests_test_x_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)
# and may define a function of the library anew to replace that object of it.
# One in C++, name.cc: a line in pawl_cxx_tests and tests_name_SOURCES; left out where there is no C++.
# A script: one line in pawl_test_scripts, named *.sh, printing TAP.

pawl_tests =
test_support = %D%/support.c %D%/support.h

# With an allocator that fails.
test_memory = %D%/failing_memory.c %D%/failing_memory.h

pawl_tests += %D%/test_mutex
tests_test_mutex_SOURCES = %D%/test_mutex.c $(test_support)

pawl_tests += %D%/test_mutex_all
tests_test_mutex_all_SOURCES = %D%/test_mutex_all.c $(test_support)

pawl_tests += %D%/test_cond
tests_test_cond_SOURCES = %D%/test_cond.c $(test_support)

pawl_tests += %D%/test_once
tests_test_once_SOURCES = %D%/test_once.c $(test_support)

# Event, notify, latch, future, barrier.
test_gates = %D%/gate_kinds.c %D%/gate_kinds.h $(test_support)

pawl_tests += %D%/test_event
tests_test_event_SOURCES = %D%/test_event.c $(test_gates)

pawl_tests += %D%/test_notify
tests_test_notify_SOURCES = %D%/test_notify.c $(test_gates)

pawl_tests += %D%/test_latch
tests_test_latch_SOURCES = %D%/test_latch.c $(test_gates)

pawl_tests += %D%/test_future
tests_test_future_SOURCES = %D%/test_future.c $(test_gates)

pawl_tests += %D%/test_barrier
tests_test_barrier_SOURCES = %D%/test_barrier.c $(test_gates)

pawl_tests += %D%/test_gate_waits
tests_test_gate_waits_SOURCES = %D%/test_gate_waits.c $(test_gates)

pawl_tests += %D%/test_gate_ops
tests_test_gate_ops_SOURCES = %D%/test_gate_ops.c $(test_gates)

pawl_tests += %D%/test_gate_free
tests_test_gate_free_SOURCES = %D%/test_gate_free.c $(test_gates)

pawl_tests += %D%/test_gate_enomem
tests_test_gate_enomem_SOURCES  = %D%/test_gate_enomem.c $(test_memory) $(test_gates)
tests_test_gate_enomem_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_gate_enomem_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_counter
tests_test_counter_SOURCES = %D%/test_counter.c $(test_support)

# Ops that are granted and canceled at once.
test_race = %D%/op_race.c %D%/op_race.h

test_taker = %D%/sem_taker.c %D%/sem_taker.h $(test_support)

pawl_tests += %D%/test_sem
tests_test_sem_SOURCES = %D%/test_sem.c $(test_taker)

pawl_tests += %D%/test_sem_ends
tests_test_sem_ends_SOURCES = %D%/test_sem_ends.c $(test_taker)

pawl_tests += %D%/test_sem_many
tests_test_sem_many_SOURCES = %D%/test_sem_many.c $(test_taker)

pawl_tests += %D%/test_queue_fast
tests_test_queue_fast_SOURCES = %D%/test_queue_fast.c $(test_support)

pawl_tests += %D%/test_sem_op
tests_test_sem_op_SOURCES = %D%/test_sem_op.c $(test_race) $(test_taker)

test_rw_user = %D%/rwlock_user.c %D%/rwlock_user.h $(test_support)

pawl_tests += %D%/test_rwlock
tests_test_rwlock_SOURCES = %D%/test_rwlock.c $(test_rw_user)

pawl_tests += %D%/test_rwlock_slots
tests_test_rwlock_slots_SOURCES = %D%/test_rwlock_slots.c $(test_rw_user)

pawl_tests += %D%/test_rwlock_ends
tests_test_rwlock_ends_SOURCES = %D%/test_rwlock_ends.c $(test_rw_user)

pawl_tests += %D%/test_rwlock_op
tests_test_rwlock_op_SOURCES = %D%/test_rwlock_op.c $(test_rw_user)

pawl_tests += %D%/test_rwlock_inline
tests_test_rwlock_inline_SOURCES = %D%/test_rwlock_inline.c $(test_race) $(test_rw_user)

pawl_tests += %D%/test_rwlock_races
tests_test_rwlock_races_SOURCES = %D%/test_rwlock_races.c $(test_rw_user)

pawl_tests += %D%/test_rwlock_enomem
tests_test_rwlock_enomem_SOURCES  = %D%/test_rwlock_enomem.c $(test_memory) $(test_rw_user)
tests_test_rwlock_enomem_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_rwlock_enomem_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

test_queue_user = %D%/queue_user.c %D%/queue_user.h $(test_support)

pawl_tests += %D%/test_queue
tests_test_queue_SOURCES = %D%/test_queue.c $(test_queue_user)

pawl_tests += %D%/test_queue_ends
tests_test_queue_ends_SOURCES = %D%/test_queue_ends.c $(test_queue_user)

pawl_tests += %D%/test_queue_many
tests_test_queue_many_SOURCES = %D%/test_queue_many.c $(test_queue_user)

pawl_tests += %D%/test_queue_slots
tests_test_queue_slots_SOURCES = %D%/test_queue_slots.c $(test_queue_user)

pawl_tests += %D%/test_queue_weights
tests_test_queue_weights_SOURCES = %D%/test_queue_weights.c $(test_queue_user)

pawl_tests += %D%/test_queue_drop
tests_test_queue_drop_SOURCES = %D%/test_queue_drop.c $(test_queue_user)

pawl_tests += %D%/test_queue_op
tests_test_queue_op_SOURCES = %D%/test_queue_op.c %D%/queue_note.c %D%/queue_note.h \
			      $(test_queue_user)

pawl_tests += %D%/test_queue_op_inline
tests_test_queue_op_inline_SOURCES = %D%/test_queue_op_inline.c %D%/queue_note.c \
				     %D%/queue_note.h $(test_race) $(test_queue_user)

pawl_tests += %D%/test_queue_races
tests_test_queue_races_SOURCES = %D%/test_queue_races.c $(test_queue_user)

pawl_tests += %D%/test_queue_types
tests_test_queue_types_SOURCES = %D%/test_queue_types.c $(test_support)

pawl_tests += %D%/test_queue_enomem
tests_test_queue_enomem_SOURCES  = %D%/test_queue_enomem.c $(test_memory) $(test_queue_user)
tests_test_queue_enomem_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_queue_enomem_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_stream
tests_test_stream_SOURCES  = %D%/test_stream.c $(test_memory) $(test_support)
tests_test_stream_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_stream_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_op
tests_test_op_SOURCES = %D%/test_op.c $(test_support)

pawl_tests += %D%/test_cq
tests_test_cq_SOURCES = %D%/test_cq.c $(test_support)

pawl_tests += %D%/test_op_enomem
tests_test_op_enomem_SOURCES  = %D%/test_op_enomem.c $(test_memory) $(test_support)
tests_test_op_enomem_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_op_enomem_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_tally
tests_test_tally_SOURCES = %D%/test_tally.c $(test_support)

pawl_tests += %D%/test_scope
tests_test_scope_SOURCES  = %D%/test_scope.c $(test_support)
tests_test_scope_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_scope_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_scope_waits
tests_test_scope_waits_SOURCES = %D%/test_scope_waits.c $(test_support)

pawl_tests += %D%/test_cleanup
tests_test_cleanup_SOURCES = %D%/test_cleanup.c $(test_support)
tests_test_cleanup_CFLAGS  = $(AM_CFLAGS) -fexceptions

pawl_tests += %D%/test_time
tests_test_time_SOURCES = %D%/test_time.c $(test_support)

pawl_tests += %D%/test_thread
tests_test_thread_SOURCES = %D%/test_thread.c $(test_support)

pawl_tests += %D%/test_debug
tests_test_debug_SOURCES = %D%/test_debug.c $(test_support)

test_misuse = %D%/misuse.c %D%/misuse.h $(test_support)

pawl_tests += %D%/test_misuse
tests_test_misuse_SOURCES = %D%/test_misuse.c $(test_misuse)

pawl_tests += %D%/test_misuse_sem
tests_test_misuse_sem_SOURCES = %D%/test_misuse_sem.c $(test_misuse)

pawl_tests += %D%/test_misuse_queue
tests_test_misuse_queue_SOURCES = %D%/test_misuse_queue.c $(test_misuse)

pawl_tests += %D%/test_lobby
tests_test_lobby_SOURCES  = %D%/test_lobby.c $(test_support)
tests_test_lobby_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_lobby_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_context
tests_test_context_SOURCES  = %D%/test_context.c $(test_support)
tests_test_context_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_context_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_nodes
tests_test_nodes_SOURCES  = %D%/test_nodes.c $(test_support)
tests_test_nodes_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_nodes_CFLAGS   = $(AM_CFLAGS) $(LIB_CFLAGS)
tests_test_nodes_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_waiter
tests_test_waiter_SOURCES  = %D%/test_waiter.c $(test_support)
tests_test_waiter_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_waiter_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_line
tests_test_line_SOURCES  = %D%/test_line.c %D%/line_crowd.h $(test_support)
tests_test_line_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_line_CFLAGS   = $(AM_CFLAGS) $(LIB_CFLAGS)
tests_test_line_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_line_costs
tests_test_line_costs_SOURCES  = %D%/test_line_costs.c %D%/line_crowd.h $(test_support)
tests_test_line_costs_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_line_costs_CFLAGS   = $(AM_CFLAGS) $(LIB_CFLAGS)
tests_test_line_costs_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

# The list of waiters that the queue is compared with; and sleeps in the middle of both.
test_oracle  = %D%/oracle_list.c %D%/oracle_list.h %D%/stalls.c %D%/stalls.h
test_stalls  = %D%/stall_load.c %D%/stall_load.h
test_stalls += %D%/stalled_line.c %D%/stalled_line.h

pawl_tests += %D%/test_line_oracle
tests_test_line_oracle_SOURCES  = %D%/test_line_oracle.c $(test_oracle) $(test_support)
tests_test_line_oracle_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_line_oracle_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_stalls
tests_test_stalls_SOURCES  = %D%/test_stalls.c $(test_stalls) $(test_oracle) $(test_support)
tests_test_stalls_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_stalls_CFLAGS   = $(AM_CFLAGS) $(LIB_CFLAGS)
tests_test_stalls_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)


pawl_tests += %D%/test_ring
tests_test_ring_SOURCES  = %D%/test_ring.c $(test_support)
tests_test_ring_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_ring_CFLAGS   = $(AM_CFLAGS) $(LIB_CFLAGS)
tests_test_ring_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_permits
tests_test_permits_SOURCES  = %D%/test_permits.c $(test_support)
tests_test_permits_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_permits_CFLAGS   = $(AM_CFLAGS) $(LIB_CFLAGS)
tests_test_permits_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_fork
tests_test_fork_SOURCES = %D%/test_fork.c $(test_support)

pawl_tests += %D%/test_crowd
tests_test_crowd_SOURCES = %D%/test_crowd.c $(test_support)

pawl_tests += %D%/test_headers
tests_test_headers_SOURCES = %D%/test_headers.c $(test_support)

pawl_tests += %D%/test_errno
tests_test_errno_SOURCES = %D%/test_errno.c $(test_support)

pawl_tests += %D%/test_enomem
tests_test_enomem_SOURCES  = %D%/test_enomem.c $(test_memory) $(test_support)
tests_test_enomem_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_enomem_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_windows
tests_test_windows_SOURCES = %D%/test_windows.c $(test_support)

pawl_tests += %D%/test_signals
tests_test_signals_SOURCES  = %D%/test_signals.c $(test_support)
tests_test_signals_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_signals_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_deadlines
tests_test_deadlines_SOURCES = %D%/test_deadlines.c $(test_support)

# The same through the exported functions.
pawl_tests += %D%/test_mutex_twins
tests_test_mutex_twins_SOURCES  = %D%/test_mutex.c $(test_support)
tests_test_mutex_twins_CPPFLAGS = $(AM_CPPFLAGS) -DPAWL_NO_INLINE

pawl_tests += %D%/test_sem_twins
tests_test_sem_twins_SOURCES  = %D%/test_sem.c $(test_taker)
tests_test_sem_twins_CPPFLAGS = $(AM_CPPFLAGS) -DPAWL_NO_INLINE

pawl_tests += %D%/test_cache
tests_test_cache_SOURCES = %D%/test_cache.c $(test_support)

pawl_tests += %D%/test_cache_op
tests_test_cache_op_SOURCES = %D%/test_cache_op.c $(test_support)

# The same where lookups take the lock.
pawl_tests += %D%/test_cache_locked
tests_test_cache_locked_SOURCES  = %D%/test_cache.c %D%/cache_locked.c $(test_support)
tests_test_cache_locked_CPPFLAGS = $(PAWL_CORE_CPPFLAGS) -DPAWL_CACHE_LOCKED_READS=1
tests_test_cache_locked_CFLAGS   = $(AM_CFLAGS) $(LIB_CFLAGS)
tests_test_cache_locked_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_cache_flight
tests_test_cache_flight_SOURCES = %D%/test_cache_flight.c $(test_support)

pawl_tests += %D%/test_cache_flight_locked
tests_test_cache_flight_locked_SOURCES  = %D%/test_cache_flight.c %D%/cache_locked.c $(test_support)
tests_test_cache_flight_locked_CPPFLAGS = $(PAWL_CORE_CPPFLAGS) -DPAWL_CACHE_LOCKED_READS=1
tests_test_cache_flight_locked_CFLAGS   = $(AM_CFLAGS) $(LIB_CFLAGS)
tests_test_cache_flight_locked_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_cache_cancel
tests_test_cache_cancel_SOURCES = %D%/test_cache_cancel.c $(test_support)

test_any_kinds = %D%/any_kinds.c %D%/any_kinds.h

pawl_tests += %D%/test_any
tests_test_any_SOURCES = %D%/test_any.c $(test_any_kinds) $(test_support)

pawl_tests += %D%/test_any_others
tests_test_any_others_SOURCES = %D%/test_any_others.c $(test_any_kinds) $(test_support)

pawl_tests += %D%/test_any_ends
tests_test_any_ends_SOURCES = %D%/test_any_ends.c $(test_any_kinds) $(test_support)

pawl_tests += %D%/test_any_races
tests_test_any_races_SOURCES = %D%/test_any_races.c $(test_any_kinds) $(test_support)

pawl_tests += %D%/test_any_enomem
tests_test_any_enomem_SOURCES  = %D%/test_any_enomem.c $(test_memory) $(test_any_kinds) $(test_support)
tests_test_any_enomem_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_any_enomem_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_smr
tests_test_smr_SOURCES  = %D%/test_smr.c $(test_support)
tests_test_smr_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_smr_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_cache_memory
tests_test_cache_memory_SOURCES  = %D%/test_cache_memory.c $(test_support)
tests_test_cache_memory_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_cache_memory_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_cache_memory_locked
tests_test_cache_memory_locked_SOURCES  = %D%/test_cache_memory.c %D%/cache_locked.c $(test_support)
tests_test_cache_memory_locked_CPPFLAGS = $(PAWL_CORE_CPPFLAGS) -DPAWL_CACHE_LOCKED_READS=1
tests_test_cache_memory_locked_CFLAGS   = $(AM_CFLAGS) $(LIB_CFLAGS)
tests_test_cache_memory_locked_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_cache_lines
tests_test_cache_lines_SOURCES  = %D%/test_cache_lines.c $(test_support)
tests_test_cache_lines_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_cache_lines_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_cache_resign
tests_test_cache_resign_SOURCES  = %D%/test_cache_resign.c $(test_support)
tests_test_cache_resign_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_cache_resign_CFLAGS   = $(AM_CFLAGS) $(LIB_CFLAGS)
tests_test_cache_resign_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_hash
tests_test_hash_SOURCES  = %D%/test_hash.c $(test_support)
tests_test_hash_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_hash_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

# The model explorer's judge of histories, without the rest of the explorer.
pawl_tests += %D%/test_linear
tests_test_linear_SOURCES  = %D%/test_linear.c $(test_support)
tests_test_linear_SOURCES += %D%/model/explorer/linear.c %D%/model/explorer/linear.h
tests_test_linear_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)/tests/model

if HAVE_SWITCH
pawl_tests += %D%/test_switch
tests_test_switch_SOURCES  = %D%/test_switch.c $(test_support)
tests_test_switch_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_switch_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

test_tasks = %D%/tasks.h $(test_support)

pawl_tests += %D%/test_task
tests_test_task_SOURCES  = %D%/test_task.c $(test_tasks)
tests_test_task_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_task_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_task_stacks
tests_test_task_stacks_SOURCES  = %D%/test_task_stacks.c $(test_tasks)
tests_test_task_stacks_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_task_stacks_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_task_waits
tests_test_task_waits_SOURCES  = %D%/test_task_waits.c $(test_tasks)
tests_test_task_waits_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_task_waits_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_task_ends
tests_test_task_ends_SOURCES  = %D%/test_task_ends.c $(test_tasks)
tests_test_task_ends_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_task_ends_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_task_enomem
tests_test_task_enomem_SOURCES  = %D%/test_task_enomem.c $(test_memory) $(test_support)
tests_test_task_enomem_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_task_enomem_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_task_inside
tests_test_task_inside_SOURCES  = %D%/test_task_inside.c $(test_tasks)
tests_test_task_inside_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_task_inside_CFLAGS   = $(AM_CFLAGS) $(LIB_CFLAGS)
tests_test_task_inside_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

pawl_tests += %D%/test_marks
tests_test_marks_SOURCES  = %D%/test_marks.c $(test_support)
tests_test_marks_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_marks_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)

# Threads, tasks and ops in one queue.
pawl_tests += %D%/test_mixed
tests_test_mixed_SOURCES  = %D%/test_mixed.c %D%/mixed_verbs.c %D%/mixed_verbs_queue.c \
			    %D%/mixed_verbs.h $(test_support)
tests_test_mixed_CPPFLAGS = $(PAWL_CORE_CPPFLAGS)
tests_test_mixed_LDADD    = $(PAWL_CORE_LIBS) $(CMOCKA_LIBS)
endif

pawl_cxx_tests =
pawl_cxx_tests += %D%/test_once_exception
tests_test_once_exception_SOURCES = %D%/test_once_exception.cc
pawl_cxx_tests += %D%/test_cleanup_exception
tests_test_cleanup_exception_SOURCES = %D%/test_cleanup_exception.cc
pawl_cxx_tests += %D%/test_cache_exception
tests_test_cache_exception_SOURCES = %D%/test_cache_exception.cc
pawl_cxx_tests += %D%/test_queue_types_cxx
tests_test_queue_types_cxx_SOURCES = %D%/test_queue_types_cxx.cc

pawl_test_scripts =
pawl_test_scripts += %D%/test_man.sh
pawl_test_scripts += %D%/test_bench.sh
pawl_test_scripts += %D%/test_callgrind.sh
pawl_test_scripts += %D%/test_no_calls.sh
EXTRA_DIST += %D%/test_no_calls.awk
pawl_test_scripts += %D%/test_examples.sh
pawl_test_scripts += %D%/test_treesum.sh
pawl_test_scripts += %D%/test_stress.sh
pawl_test_scripts += %D%/test_tsan_user.sh
EXTRA_DIST += %D%/tsan_user/planted.c
EXTRA_DIST += %D%/tsan_user/right.c
EXTRA_DIST += %D%/tsan_user/user.c
EXTRA_DIST += %D%/tsan_user/user.h
pawl_test_scripts += %D%/test_stress_cli.sh
pawl_test_scripts += %D%/test_models.sh
pawl_test_scripts += %D%/test_model_twins.sh
pawl_test_scripts += %D%/test_model_progress.sh
if ENABLE_TSAN
pawl_test_scripts += %D%/test_planted.sh
endif

if ENABLE_TESTS
check_PROGRAMS += $(pawl_tests)
TESTS += $(pawl_tests)
TESTS += $(pawl_test_scripts)
if HAVE_CXX
check_PROGRAMS += $(pawl_cxx_tests)
TESTS += $(pawl_cxx_tests)
endif
else
check-local:
	@echo "make check: nothing to run, as this tree was configured with --disable-tests"
endif
dist_check_SCRIPTS += $(pawl_test_scripts)

### make check-planted: bugs planted in the cache are caught, 15 of 15 times ########################

check-planted: all
	@SRCDIR='$(srcdir)' BUILDDIR='$(abs_top_builddir)' $(SHELL) $(srcdir)/%D%/planted/run
.PHONY: check-planted

EXTRA_DIST += %D%/planted/churn.c
EXTRA_DIST += %D%/planted/eager.c
EXTRA_DIST += %D%/planted/freed_at_once.c
EXTRA_DIST += %D%/planted/guard_memory.c
EXTRA_DIST += %D%/planted/no_lock.c
EXTRA_DIST += %D%/planted/no_section.c
EXTRA_DIST += %D%/planted/published_late.c
EXTRA_DIST += %D%/planted/run
EXTRA_DIST += %D%/planted/section_early.c
EXTRA_DIST += %D%/planted/section_sometimes.c
EXTRA_DIST += %D%/planted/smr_at_once.c
EXTRA_DIST += %D%/planted/smr_no_section.c
EXTRA_DIST += %D%/planted/table_at_once.c
EXTRA_DIST += %D%/planted/value_late.c
EXTRA_DIST += %D%/planted/window.h

### make installcheck: programs of others against what was installed ##############################

installcheck-local:
	@CC='$(CC)' CXX='$(CXX)' CROSS='$(cross_compiling)' DESTDIR='$(DESTDIR)' \
	INCLUDEDIR='$(pkgincludedir)' LIBDIR='$(libdir)' PKGCONFIGDIR='$(pkgconfigdir)' \
	PKG_CONFIG='$(PKG_CONFIG)' SRC='$(srcdir)/%D%/installcheck' \
	$(SHELL) $(srcdir)/%D%/installcheck/run

EXTRA_DIST += %D%/README
EXTRA_DIST += %D%/test_man.awk
EXTRA_DIST += %D%/installcheck/run
EXTRA_DIST += %D%/installcheck/consumer.c
EXTRA_DIST += %D%/installcheck/second.c
