# examples/local.mk - programs for newcomers, one per line.  Built by make check and make examples.
# SPDX-License-Identifier: BSD-2-Clause
#
# Each is one source, <name>.c, that a user can also compile alone against the installed
# library; so they include nothing of ours but pawl/ and what lies beside them, and are
# installed as documentation.

pawl_examples =
pawl_examples += %D%/counter
pawl_examples += %D%/session
pawl_examples += %D%/transfer
pawl_examples += %D%/getorfetch
pawl_examples += %D%/timelimit
pawl_examples += %D%/bounded_work
pawl_examples += %D%/backpressure
pawl_examples += %D%/cleanup
pawl_examples += %D%/treesum

examples_counter_LDADD      = libpawl.la
examples_session_LDADD      = libpawl.la
examples_transfer_LDADD     = libpawl.la
examples_getorfetch_LDADD   = libpawl.la
examples_timelimit_LDADD    = libpawl.la
examples_bounded_work_LDADD = libpawl.la
examples_backpressure_LDADD = libpawl.la
examples_cleanup_LDADD      = libpawl.la
examples_treesum_LDADD      = libpawl.la
examples_treesum_SOURCES    = %D%/treesum.c %D%/posix_crc.h

# The same in four event loops; three of them need a library.
pawl_examples += %D%/op_poll
examples_op_poll_LDADD   = libpawl.la
examples_op_poll_SOURCES = %D%/op_poll.c %D%/op_work.h
if HAVE_LIBUV
pawl_examples += %D%/op_libuv
endif
examples_op_libuv_LDADD    = libpawl.la $(LIBUV_LIBS)
examples_op_libuv_CPPFLAGS = $(AM_CPPFLAGS) $(LIBUV_CFLAGS)
examples_op_libuv_SOURCES  = %D%/op_libuv.c %D%/op_work.h
if HAVE_LIBEVENT
pawl_examples += %D%/op_libevent
endif
examples_op_libevent_LDADD    = libpawl.la $(LIBEVENT_LIBS)
examples_op_libevent_CPPFLAGS = $(AM_CPPFLAGS) $(LIBEVENT_CFLAGS)
examples_op_libevent_SOURCES  = %D%/op_libevent.c %D%/op_work.h
if HAVE_GLIB
pawl_examples += %D%/op_glib
endif
examples_op_glib_LDADD    = libpawl.la $(GLIB_LIBS)
examples_op_glib_CPPFLAGS = $(AM_CPPFLAGS) $(GLIB_CFLAGS)
examples_op_glib_SOURCES  = %D%/op_glib.c %D%/op_work.h

check_PROGRAMS += $(pawl_examples)

examples: $(pawl_examples)

examplesdir = $(docdir)/examples
dist_examples_DATA =
dist_examples_DATA += %D%/counter.c
dist_examples_DATA += %D%/session.c
dist_examples_DATA += %D%/transfer.c
dist_examples_DATA += %D%/getorfetch.c
dist_examples_DATA += %D%/timelimit.c
dist_examples_DATA += %D%/bounded_work.c
dist_examples_DATA += %D%/backpressure.c
dist_examples_DATA += %D%/cleanup.c
dist_examples_DATA += %D%/treesum.c
dist_examples_DATA += %D%/posix_crc.h
dist_examples_DATA += %D%/op_poll.c
dist_examples_DATA += %D%/op_libuv.c
dist_examples_DATA += %D%/op_libevent.c
dist_examples_DATA += %D%/op_glib.c
dist_examples_DATA += %D%/op_work.h
