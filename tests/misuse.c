/* SPDX-License-Identifier: BSD-2-Clause */
/* misuse.c - see misuse.h. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "misuse.h"

/* Put one # for the number behind each "thread ". */
static void hide_thread_numbers(char *text)
{
	char *from = text, *to = text;

	while (*from != '\0') {
		if (to - text >= 7 && strncmp(to - 7, "thread ", 7) == 0) {
			assert_true(strtoul(from, &from, 10) > 0);
			*to++ = '#';
		} else {
			*to++ = *from++;
		}
	}
	*to = '\0';
}

void expect_line(void (*fn)(void *arg), const char *call, const char *kind,
	const void *object, const char *problem)
{
	struct child c;
	char line[256];

	child_run(&c, fn, NULL);
	child_assert_misuse(&c, call);
	hide_thread_numbers(c.text);
	snprintf(line, sizeof line, "pawl: %s: %s %p %s\n", call, kind, object, problem);
	assert_string_equal(c.text, line);
}

void not_called(pawl_op *op, int rc)
{
	(void)op;
	(void)rc;
	must_fail(__FILE__, __LINE__, "it was not to be called");
}
