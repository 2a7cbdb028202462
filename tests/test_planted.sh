#!/bin/sh
# test_planted.sh - a short planted/run for builds with ThreadSanitizer.
# SPDX-License-Identifier: BSD-2-Clause
#
# All of it, with both compilers: make check-planted.
set -u

SRCDIR=${srcdir:-.} BUILDDIR=${top_builddir:-.}
export SRCDIR BUILDDIR
exec "$SRCDIR/tests/planted/run" --tap --runs 2 --cc "${CC:-cc}"
