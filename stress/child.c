/* SPDX-License-Identifier: BSD-2-Clause */
/* child.c - see child.h. */
#include "config.h"

#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "child.h"
#include "suite.h"

enum { ERRORS_SHOWN = 5, NAMES = 16 };

static _Atomic unsigned errors;
static struct {
	const void *object;
	const char *name;
} names[NAMES];
static unsigned name_count;

void stress_fail(const char *format, ...)
{
	char text[256];
	va_list args;

	if (atomic_fetch_add(&errors, 1) >= ERRORS_SHOWN)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	dprintf(STDOUT_FILENO, "error %s\n", text);
}

void stress_note(const char *name, uint64_t value)
{
	dprintf(STDOUT_FILENO, "note %" PRIu64 " %s\n", value, name);
}

void stress_name(const void *object, const char *name)
{
	dprintf(STDOUT_FILENO, "name 0x%" PRIxPTR " %s\n", (uintptr_t)object, name);
	if (name_count < NAMES) {
		names[name_count].object = object;
		names[name_count++].name = name;
	}
}

void child_show_names(void)
{
	for (unsigned i = 0; i < name_count; i++)
		dprintf(STDERR_FILENO, "stress: 0x%" PRIxPTR " is %s\n",
			(uintptr_t)names[i].object, names[i].name);
}

static struct stress_team *make_team(const struct child_options *o)
{
	struct stress_team *t = aligned_alloc(STRESS_LINE, sizeof *t);
	struct stress_worker *workers = aligned_alloc(STRESS_LINE, o->threads * sizeof *workers);

	if (!t || !workers) {
		stress_fail("no memory for %u threads", o->threads);
		exit(1);
	}
	memset(t, 0, sizeof *t);
	memset(workers, 0, o->threads * sizeof *workers);
	*t = (struct stress_team){ .mode = o->mode, .size = o->threads, .workers = workers };
	t->duration = o->duration;
	t->waiting_wanted = o->mode == STRESS_RIGHT && !o->of->never_waits;
	for (unsigned i = 0; i < t->size; i++) {
		workers[i].team = t;
		workers[i].index = i;
		workers[i].random = o->seed + (uint64_t)i * UINT64_C(0xd1342543de82ef95);
		workers[i].counted = UINT64_MAX;
		workers[i].dump_fd = -1;
	}
	return t;
}

static void say_outcome(const struct stress_outcome *out)
{
	dprintf(STDOUT_FILENO, "bad %" PRIu64 "\nof %" PRIu64 "\nleast %" PRIu64 "\n", out->bad,
		out->of, out->least);
}

static void say_team(const struct stress_team *t)
{
	uint64_t switches = 0;

	for (unsigned i = 0; i < t->size; i++)
		switches += t->workers[i].switches;
	dprintf(STDOUT_FILENO, "ops %" PRIu64 "\nwaits %" PRIu64 "\nswitches %" PRIu64 "\n",
		stress_ops(t), atomic_load(&t->waits), switches);
}

int child_run(const struct child_options *o)
{
	struct stress_team *t = make_team(o);
	struct stress_outcome out = { 0 };

	/* An interrupt is for the parent; and without it nobody reads what we say. */
	signal(SIGINT, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (o->of->symbol)
		dprintf(STDOUT_FILENO, "racy 0x%" PRIxPTR " %zu\n", (uintptr_t)o->of->racy,
			o->of->racy_size);
	watchdog_start(t, o);
	if (o->mode == STRESS_RIGHT)
		o->of->run_right(t);
	else
		o->of->run_broken(t, &out);
	say_team(t);
	if (o->mode != STRESS_RIGHT)
		say_outcome(&out);
	dprintf(STDOUT_FILENO, "end\n");
	return atomic_load(&errors) != 0;
}
