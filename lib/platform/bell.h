/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bell.h - one descriptor that a program can poll, rung by threads or by the clock.
 *
 * No function here is a cancellation point, or changes errno.
 */
#ifndef PAWL_PLATFORM_BELL_H
#define PAWL_PLATFORM_BELL_H

#include <stdint.h>

struct bell {
	int poll;	/* an epoll of the two below */
	int event, timer;
};

/* Return: 0; ENOMEM, EMFILE, ENFILE. */
int pawl_i_bell_open(struct bell *b);
void pawl_i_bell_close(const struct bell *b);

/* Make it readable, until it is hushed. */
void pawl_i_bell_ring(const struct bell *b);

/* Undo the rings so far. */
void pawl_i_bell_hush(const struct bell *b);

/* Make it readable at @instant of CLOCK_MONOTONIC instead of an earlier setting; INT64_MAX:
 * never. */
void pawl_i_bell_set(const struct bell *b, int64_t instant);

/* Sleep until it was rung.  May end for no reason. */
void pawl_i_bell_wait(const struct bell *b);

#endif
