#!/bin/sh
# test_stress.sh - the stress suite, briefly: every case of pawl-stress, for 50 ms each.
# SPDX-License-Identifier: BSD-2-Clause
exec timeout 600 "${top_builddir:-.}/stress/pawl-stress" --tap --duration=0.05
