/* SPDX-License-Identifier: BSD-2-Clause */
/* tsan.c - reads what ThreadSanitizer wrote about a variant. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "suite.h"

#if defined __has_feature
# if __has_feature(thread_sanitizer)
#  define WITH_TSAN 1
# endif
# if __has_feature(address_sanitizer)
#  define WITH_ASAN 1
# endif
#endif
#ifdef __SANITIZE_THREAD__
# define WITH_TSAN 1
#endif
#ifdef __SANITIZE_ADDRESS__
# define WITH_ASAN 1
#endif

bool tsan_is_on(void)
{
#ifdef WITH_TSAN
	return true;
#else
	return false;
#endif
}

const char *sanitizer_name(void)
{
#if defined WITH_TSAN
	return "thread";
#elif defined WITH_ASAN
	return "address";
#else
	return "none";
#endif
}

static const char warning[] = "WARNING: ThreadSanitizer: ";

static bool starts_with(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* "  Write of size 8 at 0x55d0c0de by thread T1:", the first of the report. */
static bool is_at(const char *report, uintptr_t start, size_t size)
{
	const char *at = strstr(report, " of size ");
	uintptr_t address;

	at = at ? strstr(at, " at 0x") : NULL;
	if (!at)
		return false;
	address = (uintptr_t)strtoull(at + strlen(" at "), NULL, 16);
	return address >= start && address - start < size;
}

/* A frame has a function's name, and not only "<null>" or a module and an offset. */
static bool has_names(const char *report)
{
	const char *frame = strstr(report, "    #0 ");

	return frame && strncmp(frame + 7, "<null>", 6) != 0 && frame[7] != '(' && frame[7] != '\n';
}

static void read_one(const struct stress_case *c, const struct run *r, const char *report,
	struct tsan_seen *ret)
{
	ret->reports++;
	if (has_names(report))
		ret->symbolized = true;
	if (!c->symbol)
		return;
	if (starts_with(report + strlen(warning), "data race (") && is_at(report, r->racy,
		r->racy_size))
		ret->at_racy++;
	if (strstr(report, c->symbol))
		ret->named++;
}

void tsan_read(const struct stress_case *c, struct run *r)
{
	char *copy = strdup(r->log ? r->log : ""), *report = copy ? strstr(copy, warning) : NULL;

	while (report) {
		char *next = strstr(report + 1, warning);

		if (next)
			next[-1] = '\0';
		read_one(c, r, report, &r->tsan);
		report = next;
	}
	free(copy);
}
