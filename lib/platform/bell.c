/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * bell.c - see bell.h.
 *
 * read, write, poll and close of the C library are cancellation points; syscall() is none.
 */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "platform/bell.h"
#include "platform/fatal.h"

static void close_one(int fd)
{
	if (fd >= 0)
		(void)syscall(SYS_close, fd);
}

static int watch(const struct bell *b, int fd)
{
	struct epoll_event e = { .events = EPOLLIN, .data = { .fd = fd } };

	return epoll_ctl(b->poll, EPOLL_CTL_ADD, fd, &e);
}

void pawl_i_bell_close(const struct bell *b)
{
	int saved = errno;

	close_one(b->poll);
	close_one(b->event);
	close_one(b->timer);
	errno = saved;
}

/* Return: 0; or what failed.  What could not be opened is -1. */
static int open_all(struct bell *b)
{
	*b = (struct bell){ -1, -1, -1 };
	b->poll = epoll_create1(EPOLL_CLOEXEC);
	if (b->poll < 0)
		return errno;
	b->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (b->event < 0)
		return errno;
	b->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (b->timer < 0)
		return errno;
	return watch(b, b->event) != 0 || watch(b, b->timer) != 0 ? errno : 0;
}

int pawl_i_bell_open(struct bell *b)
{
	int saved = errno, err = open_all(b);

	if (err != 0)
		pawl_i_bell_close(b);
	errno = saved;
	/* ENOSPC: the user's limit on epoll watches. */
	return err == EMFILE || err == ENFILE || err == 0 ? err : ENOMEM;
}

void pawl_i_bell_ring(const struct bell *b)
{
	uint64_t one = 1;
	int saved = errno;

	/* EAGAIN: it was rung 2^64 - 2 times. */
	while (syscall(SYS_write, b->event, &one, sizeof one) < 0 && errno == EINTR)
		;
	errno = saved;
}

void pawl_i_bell_hush(const struct bell *b)
{
	uint64_t rings;
	int saved = errno;

	while (syscall(SYS_read, b->event, &rings, sizeof rings) < 0 && errno == EINTR)
		;
	errno = saved;
}

void pawl_i_bell_set(const struct bell *b, int64_t instant)
{
	struct itimerspec at = { .it_value = { 0 } };
	int saved = errno, rc;

	if (instant != INT64_MAX) {
		/* All zero would mean never. */
		if (instant < 1)
			instant = 1;
		at.it_value.tv_sec = instant / 1000000000;
		at.it_value.tv_nsec = instant % 1000000000;
	}
	rc = timerfd_settime(b->timer, TFD_TIMER_ABSTIME, &at, NULL);
	if (rc != 0)
		pawl_i_fatal("a timer cannot be set", "errno", (uint64_t)errno);
	errno = saved;
}

void pawl_i_bell_wait(const struct bell *b)
{
	struct pollfd p = { .fd = b->event, .events = POLLIN };
	int saved = errno;

	(void)syscall(SYS_ppoll, &p, 1, NULL, NULL, 0);
	errno = saved;
}
