#!/bin/sh
# test_callgrind.sh - the fast paths take no more instructions than recorded in bench/fastpaths.txt.
# SPDX-License-Identifier: BSD-2-Clause
exec sh "${srcdir:-.}/bench/callgrind" "${top_builddir:-.}" "${srcdir:-.}/bench/fastpaths.txt"
