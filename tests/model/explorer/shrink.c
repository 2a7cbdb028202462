/* SPDX-License-Identifier: BSD-2-Clause */
/* shrink.c - see shrink.h. */
#include "config.h"

#include <string.h>

#include "explorer/engine.h"
#include "explorer/shrink.h"

enum { KIND = 12 };	/* how much of a reason tells its kind: "data race: ", "deadlock or " */

/* Of failed checks each is a kind of its own. */
static bool is_alike(const char *a, const char *b)
{
	return strstr(a, ": not so: ") ? strcmp(a, b) == 0 : strncmp(a, b, KIND) == 0;
}

void replay_run(const struct model *m, const struct schedule *s)
{
	chooser.strategy = REPLAY;
	chooser.replayed = s;
	choose_begin();
	run(m);
}

static bool fails_alike(const struct model *m, const struct schedule *s, const char *reason)
{
	replay_run(m, s);
	return engine.outcome == FAILED && is_alike(engine.reason, reason);
}

/* Take out @count picks at @at. */
static void without(const struct schedule *s, size_t at, size_t count, struct schedule *ret)
{
	memcpy(ret->picks, s->picks, at * sizeof s->picks[0]);
	memcpy(ret->picks + at, s->picks + at + count,
	       (s->count - at - count) * sizeof s->picks[0]);
	ret->count = s->count - count;
}

/* Return: whether something could be taken out in pieces of @size. */
static bool shrink_by(const struct model *m, struct schedule *s, size_t size, const char *reason)
{
	static struct schedule less;
	bool better = false;

	for (size_t at = 0; at + size <= s->count;) {
		without(s, at, size, &less);
		if (fails_alike(m, &less, reason)) {
			s->count = less.count;
			memcpy(s->picks, less.picks, less.count * sizeof less.picks[0]);
			better = true;
		} else {
			at += size;
		}
	}
	return better;
}

void shrink(const struct model *m, struct schedule *s)
{
	char reason[REASON_MAX];
	size_t size = s->count;

	memcpy(reason, engine.reason, sizeof reason);
	while (size > 0)
		if (!shrink_by(m, s, size, reason) || size > 1)
			size /= 2;
}
