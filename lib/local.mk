# lib/local.mk - libpawl.  Sources and private headers by layer (see lib/layers), one per line.
# SPDX-License-Identifier: BSD-2-Clause

# All of the library, hidden names included; programs that need those link it instead of libpawl.la.
noinst_LTLIBRARIES += libpawl_core.la
# Every file sees what the inlines of the public headers owe to a program's TSan, see hb.h.
libpawl_core_la_CPPFLAGS = $(PAWL_CORE_CPPFLAGS) -include platform/hb.h
libpawl_core_la_CFLAGS   = $(AM_CFLAGS) $(LIB_CFLAGS)
libpawl_core_la_SOURCES  =

# platform
libpawl_core_la_SOURCES += %D%/platform/bell.c
libpawl_core_la_SOURCES += %D%/platform/bell.h
libpawl_core_la_SOURCES += %D%/platform/clock.c
libpawl_core_la_SOURCES += %D%/platform/clock.h
libpawl_core_la_SOURCES += %D%/platform/clock_system.c
libpawl_core_la_SOURCES += %D%/platform/cpu.c
libpawl_core_la_SOURCES += %D%/platform/cpu.h
libpawl_core_la_SOURCES += %D%/platform/fatal.c
libpawl_core_la_SOURCES += %D%/platform/fatal.h
libpawl_core_la_SOURCES += %D%/platform/fork.c
libpawl_core_la_SOURCES += %D%/platform/fork.h
libpawl_core_la_SOURCES += %D%/platform/futex.c
libpawl_core_la_SOURCES += %D%/platform/futex.h
libpawl_core_la_SOURCES += %D%/platform/hb.h
libpawl_core_la_SOURCES += %D%/platform/memory.c
libpawl_core_la_SOURCES += %D%/platform/memory.h
libpawl_core_la_SOURCES += %D%/platform/peek.c
libpawl_core_la_SOURCES += %D%/platform/peek.h
libpawl_core_la_SOURCES += %D%/platform/random.c
libpawl_core_la_SOURCES += %D%/platform/random.h
libpawl_core_la_SOURCES += %D%/platform/sized.h
libpawl_core_la_SOURCES += %D%/platform/text.c
libpawl_core_la_SOURCES += %D%/platform/text.h
libpawl_core_la_SOURCES += %D%/platform/tls.c
libpawl_core_la_SOURCES += %D%/platform/tls.h

# reclaim
libpawl_core_la_SOURCES += %D%/reclaim/annotate.h
libpawl_core_la_SOURCES += %D%/reclaim/nodes.c
libpawl_core_la_SOURCES += %D%/reclaim/nodes.h
libpawl_core_la_SOURCES += %D%/reclaim/readers.h
libpawl_core_la_SOURCES += %D%/reclaim/registry.c
libpawl_core_la_SOURCES += %D%/reclaim/registry.h
libpawl_core_la_SOURCES += %D%/reclaim/sizes.h
libpawl_core_la_SOURCES += %D%/reclaim/smr.c
libpawl_core_la_SOURCES += %D%/reclaim/smr.h

# wait
libpawl_core_la_SOURCES += %D%/wait/cancel.c
libpawl_core_la_SOURCES += %D%/wait/cancel.h
libpawl_core_la_SOURCES += %D%/wait/context.c
libpawl_core_la_SOURCES += %D%/wait/context.h
libpawl_core_la_SOURCES += %D%/wait/cq.c
libpawl_core_la_SOURCES += %D%/wait/cq.h
libpawl_core_la_SOURCES += %D%/wait/debug.c
libpawl_core_la_SOURCES += %D%/wait/gate.c
libpawl_core_la_SOURCES += %D%/wait/gate.h
libpawl_core_la_SOURCES += %D%/wait/limit.c
libpawl_core_la_SOURCES += %D%/wait/limit.h
libpawl_core_la_SOURCES += %D%/wait/lobby.c
libpawl_core_la_SOURCES += %D%/wait/lobby.h
libpawl_core_la_SOURCES += %D%/wait/op.c
libpawl_core_la_SOURCES += %D%/wait/op.h
libpawl_core_la_SOURCES += %D%/wait/owner.c
libpawl_core_la_SOURCES += %D%/wait/owner.h
libpawl_core_la_SOURCES += %D%/wait/park.c
libpawl_core_la_SOURCES += %D%/wait/park.h
libpawl_core_la_SOURCES += %D%/wait/patience.c
libpawl_core_la_SOURCES += %D%/wait/patience.h
libpawl_core_la_SOURCES += %D%/wait/pending.c
libpawl_core_la_SOURCES += %D%/wait/pending.h
libpawl_core_la_SOURCES += %D%/wait/line.c
libpawl_core_la_SOURCES += %D%/wait/line.h
libpawl_core_la_SOURCES += %D%/wait/scope.c
libpawl_core_la_SOURCES += %D%/wait/scope.h
libpawl_core_la_SOURCES += %D%/wait/present.c
libpawl_core_la_SOURCES += %D%/wait/present.h
libpawl_core_la_SOURCES += %D%/wait/slots.c
libpawl_core_la_SOURCES += %D%/wait/slots.h
libpawl_core_la_SOURCES += %D%/wait/thread.c
libpawl_core_la_SOURCES += %D%/wait/time.c
libpawl_core_la_SOURCES += %D%/wait/waiter.c
libpawl_core_la_SOURCES += %D%/wait/waiter.h

# sync
libpawl_core_la_SOURCES += %D%/sync/bag.h
libpawl_core_la_SOURCES += %D%/sync/barrier.c
libpawl_core_la_SOURCES += %D%/sync/cond.c
libpawl_core_la_SOURCES += %D%/sync/counter.c
libpawl_core_la_SOURCES += %D%/sync/event.c
libpawl_core_la_SOURCES += %D%/sync/future.c
libpawl_core_la_SOURCES += %D%/sync/gates.h
libpawl_core_la_SOURCES += %D%/sync/latch.c
libpawl_core_la_SOURCES += %D%/sync/mutex.c
libpawl_core_la_SOURCES += %D%/sync/mutex_all.c
libpawl_core_la_SOURCES += %D%/sync/mutex_move.h
libpawl_core_la_SOURCES += %D%/sync/mutex_op.c
libpawl_core_la_SOURCES += %D%/sync/mutex_op.h
libpawl_core_la_SOURCES += %D%/sync/notify.c
libpawl_core_la_SOURCES += %D%/sync/once.c
libpawl_core_la_SOURCES += %D%/sync/once_op.h
libpawl_core_la_SOURCES += %D%/sync/permits.c
libpawl_core_la_SOURCES += %D%/sync/permits.h
libpawl_core_la_SOURCES += %D%/sync/queue.c
libpawl_core_la_SOURCES += %D%/sync/queue.h
libpawl_core_la_SOURCES += %D%/sync/queue_fast.c
libpawl_core_la_SOURCES += %D%/sync/queue_fast.h
libpawl_core_la_SOURCES += %D%/sync/queue_fast_cells.h
libpawl_core_la_SOURCES += %D%/sync/queue_fast_line.c
libpawl_core_la_SOURCES += %D%/sync/queue_fast_wait.c
libpawl_core_la_SOURCES += %D%/sync/queue_many.c
libpawl_core_la_SOURCES += %D%/sync/queue_op.c
libpawl_core_la_SOURCES += %D%/sync/queue_open.c
libpawl_core_la_SOURCES += %D%/sync/queue_slots.c
libpawl_core_la_SOURCES += %D%/sync/ring.c
libpawl_core_la_SOURCES += %D%/sync/ring.h
libpawl_core_la_SOURCES += %D%/sync/rwlock.c
libpawl_core_la_SOURCES += %D%/sync/rwlock_leave.c
libpawl_core_la_SOURCES += %D%/sync/rwlock_op.c
libpawl_core_la_SOURCES += %D%/sync/rwlock_op.h
libpawl_core_la_SOURCES += %D%/sync/rwlock_word.h
libpawl_core_la_SOURCES += %D%/sync/rwlock_write.c
libpawl_core_la_SOURCES += %D%/sync/sem.c
libpawl_core_la_SOURCES += %D%/sync/sem_many.c
libpawl_core_la_SOURCES += %D%/sync/sem_op.c
libpawl_core_la_SOURCES += %D%/sync/sem_op.h
libpawl_core_la_SOURCES += %D%/sync/tally.c

# compose
libpawl_core_la_SOURCES += %D%/compose/any.c
libpawl_core_la_SOURCES += %D%/compose/cache.c
libpawl_core_la_SOURCES += %D%/compose/cache.h
libpawl_core_la_SOURCES += %D%/compose/cache_open.c
libpawl_core_la_SOURCES += %D%/compose/hash.c
libpawl_core_la_SOURCES += %D%/compose/hash.h
libpawl_core_la_SOURCES += %D%/compose/stream.c

# runtime, where there is a task switch.  Other programs of this tree may add the switch alone.
switch_sources =
switch_sources += %D%/runtime/switch.h
switch_sources += %D%/runtime/switch_aarch64.S
switch_sources += %D%/runtime/switch_x86_64.S

if HAVE_SWITCH
libpawl_core_la_SOURCES += $(switch_sources)
libpawl_core_la_SOURCES += %D%/platform/stack.c
libpawl_core_la_SOURCES += %D%/platform/stack.h
libpawl_core_la_SOURCES += %D%/runtime/alarms.c
libpawl_core_la_SOURCES += %D%/runtime/alarms.h
libpawl_core_la_SOURCES += %D%/runtime/flow.c
libpawl_core_la_SOURCES += %D%/runtime/flow.h
libpawl_core_la_SOURCES += %D%/runtime/marks.c
libpawl_core_la_SOURCES += %D%/runtime/marks.h
libpawl_core_la_SOURCES += %D%/runtime/task.c
libpawl_core_la_SOURCES += %D%/runtime/task.h
endif

# above the layers
libpawl_core_la_SOURCES += %D%/inline.c

# The library that is installed.
lib_LTLIBRARIES += libpawl.la
libpawl_la_SOURCES =
libpawl_la_LIBADD  = $(PAWL_CORE_LIBS)
libpawl_la_LDFLAGS = $(AM_LDFLAGS) $(LIB_LDFLAGS) -no-undefined -version-info $(PAWL_VERSION_INFO)
EXTRA_libpawl_la_DEPENDENCIES =
if HAVE_VERSION_SCRIPT
libpawl_la_LDFLAGS += -Wl,--version-script=$(top_srcdir)/lib/pawl.map
EXTRA_libpawl_la_DEPENDENCIES += %D%/pawl.map
endif

pkgconfig_DATA = pawl.pc

EXTRA_DIST += %D%/layers
EXTRA_DIST += %D%/pawl.map
EXTRA_DIST += %D%/README
