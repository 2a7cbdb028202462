/* SPDX-License-Identifier: BSD-2-Clause */
/* fatal.c - see fatal.h. */
#include "config.h"

#include <stdlib.h>
#include <unistd.h>

#include "platform/fatal.h"
#include "platform/text.h"

_Noreturn void pawl_i_fatal(const char *what, const char *detail, uint64_t n)
{
	struct text t = { 0 };

	pawl_i_text_string(&t, "pawl: ");
	pawl_i_text_string(&t, what);
	pawl_i_text_string(&t, " (");
	pawl_i_text_string(&t, detail);
	pawl_i_text_string(&t, " ");
	pawl_i_text_decimal(&t, n);
	pawl_i_text_string(&t, ")");
	pawl_i_text_write(&t, STDERR_FILENO);
	abort();
}

_Noreturn void pawl_i_misuse(const char *verb, const char *object, const void *address,
	const char *problem, uint64_t thread)
{
	struct text t = { 0 };

	pawl_i_text_string(&t, "pawl: ");
	pawl_i_text_string(&t, verb);
	pawl_i_text_string(&t, ": ");
	pawl_i_text_string(&t, object);
	pawl_i_text_string(&t, " ");
	pawl_i_text_address(&t, address);
	pawl_i_text_string(&t, " ");
	pawl_i_text_string(&t, problem);
	if (thread != 0) {
		pawl_i_text_string(&t, " ");
		pawl_i_text_decimal(&t, thread);
	}
	pawl_i_text_write(&t, STDERR_FILENO);
	abort();
}

void pawl_i_warn(const char *sentence)
{
	struct text t = { 0 };

	pawl_i_text_string(&t, "pawl: ");
	pawl_i_text_string(&t, sentence);
	pawl_i_text_write(&t, STDERR_FILENO);
}
