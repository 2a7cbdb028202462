/* SPDX-License-Identifier: BSD-2-Clause */
/* futex.h - the only door to the kernel's futex.  Private futexes only. */
#ifndef PAWL_PLATFORM_FUTEX_H
#define PAWL_PLATFORM_FUTEX_H

#include <stdint.h>

/*
 * Sleep while *word == expected, not longer than until @deadline (ns of
 * CLOCK_MONOTONIC; INT64_MAX: for ever).  May end for no reason: a signal, or a wake
 * meant for an earlier owner of the address.
 */
void pawl_i_futex_wait(uint32_t *word, uint32_t expected, int64_t deadline);

/* Wake one who sleeps on the address.  *word is not read: it may be gone. */
void pawl_i_futex_wake(uint32_t *word);

/* The same, for who is woken together with others: all those who sleep on the address with one of
 * the @bits of the wake. */
void pawl_i_futex_wait_bits(uint32_t *word, uint32_t expected, uint32_t bits, int64_t deadline);
void pawl_i_futex_wake_bits(uint32_t *word, uint32_t bits);

/* The same where each of @bits is one sleeper's, at most: the kernel stops when it has found as
 * many. */
void pawl_i_futex_wake_each(uint32_t *word, uint32_t bits);

#endif
