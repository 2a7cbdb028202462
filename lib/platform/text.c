/* SPDX-License-Identifier: BSD-2-Clause */
/* text.c - see text.h. */
#include "config.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/text.h"

static void put(struct text *t, char c)
{
	if (t->length < sizeof t->bytes - 1)	/* room for the newline */
		t->bytes[t->length++] = c;
}

void pawl_i_text_string(struct text *t, const char *s)
{
	while (*s)
		put(t, *s++);
}

static void number(struct text *t, uint64_t n, unsigned base, unsigned min_digits)
{
	char digits[20];
	unsigned count = 0;

	do
		digits[count++] = "0123456789abcdef"[n % base];
	while ((n /= base) != 0 || count < min_digits);
	while (count > 0)
		put(t, digits[--count]);
}

void pawl_i_text_decimal(struct text *t, uint64_t n)
{
	number(t, n, 10, 1);
}

void pawl_i_text_address(struct text *t, const void *p)
{
	pawl_i_text_string(t, "0x");
	number(t, (uintptr_t)p, 16, 1);
}

void pawl_i_text_seconds(struct text *t, int64_t ns)
{
	uint64_t ms = ns > 0 ? (uint64_t)ns / 1000000 : 0;

	number(t, ms / 1000, 10, 1);
	put(t, '.');
	number(t, ms % 1000, 10, 3);
}

void pawl_i_text_write(struct text *t, int fd)
{
	int saved = errno;
	size_t done = 0;

	t->bytes[t->length++] = '\n';
	while (done < t->length) {
		/* The C library's write() is a cancellation point; this is none. */
		long n = syscall(SYS_write, fd, t->bytes + done, t->length - done);

		if (n > 0)
			done += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break;
	}
	t->length = 0;
	errno = saved;
}
