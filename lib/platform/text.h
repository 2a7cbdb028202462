/* SPDX-License-Identifier: BSD-2-Clause */
/* text.h - one line of text made without allocation: async-signal-safe. */
#ifndef PAWL_PLATFORM_TEXT_H
#define PAWL_PLATFORM_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
	size_t length;
	char bytes[512];	/* what does not fit is cut */
};

void pawl_i_text_string(struct text *t, const char *s);
void pawl_i_text_decimal(struct text *t, uint64_t n);
void pawl_i_text_address(struct text *t, const void *p);

/* Seconds with three decimals. */
void pawl_i_text_seconds(struct text *t, int64_t ns);

/* Write the line and a newline to @fd, whole; then it is empty again. */
void pawl_i_text_write(struct text *t, int fd);

#endif
