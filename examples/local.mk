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
pawl_examples += %D%/treesum

examples_counter_LDADD    = libpawl.la
examples_session_LDADD    = libpawl.la
examples_transfer_LDADD   = libpawl.la
examples_getorfetch_LDADD = libpawl.la
examples_treesum_LDADD    = libpawl.la
examples_treesum_SOURCES  = %D%/treesum.c %D%/posix_crc.h

check_PROGRAMS += $(pawl_examples)

examples: $(pawl_examples)

examplesdir = $(docdir)/examples
dist_examples_DATA =
dist_examples_DATA += %D%/counter.c
dist_examples_DATA += %D%/session.c
dist_examples_DATA += %D%/transfer.c
dist_examples_DATA += %D%/getorfetch.c
dist_examples_DATA += %D%/treesum.c
dist_examples_DATA += %D%/posix_crc.h
