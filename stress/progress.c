/* SPDX-License-Identifier: BSD-2-Clause */
/* progress.c - what runs now: a line that changes on a terminal, else one every 10 s. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "suite.h"

static const double heartbeat = 10;

static struct {
	bool on, tty, color, shown;
	const char *name, *mode;
	unsigned done, total;
	double begin, variant_begin, last;
} now;

void progress_begin(unsigned total)
{
	const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");

	now.on = true;
	now.tty = isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
	now.color = now.tty && !(no_color && *no_color);
	now.total = total;
	now.begin = now.last = stress_now();
}

void progress_now(const char *name, const char *mode, unsigned done)
{
	now.name = name;
	now.mode = mode;
	now.done = done;
	now.variant_begin = stress_now();
	progress_tick();
}

static void show(double time)
{
	const char *dim = now.color ? "\033[2m" : "", *plain = now.color ? "\033[0m" : "";

	fprintf(stderr, "\r%s%3.0f s  %u of %u  %s %s %.1f s%s\033[K", dim, time - now.begin,
		now.done, now.total, now.name, now.mode, time - now.variant_begin, plain);
	now.shown = true;
}

void progress_tick(void)
{
	double time = stress_now();

	if (!now.on || time - now.last < (now.tty ? 0.1 : heartbeat))
		return;
	now.last = time;
	if (now.tty)
		show(time);
	else
		fprintf(stderr, "stress: %.0f s, %u of %u variants done, now %s %s\n",
			time - now.begin, now.done, now.total, now.name, now.mode);
}

void progress_clear(void)
{
	if (now.shown)
		fputs("\r\033[K", stderr);
	now.shown = false;
}
