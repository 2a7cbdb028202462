/* SPDX-License-Identifier: BSD-2-Clause */
/* trace.c - see trace.h. */
#include "config.h"

#include <stdbool.h>
#include <string.h>

#include "explorer/engine.h"
#include "explorer/names.h"
#include "explorer/symbols.h"
#include "explorer/trace.h"

enum { EVENTS_MAX = 4000, NAME_MAX_ = 40 };

static struct line {
	struct event event;
	char where[NAME_MAX_];
} lines[EVENTS_MAX];
static size_t line_count;

void trace_reset(void)
{
	line_count = 0;
}

void trace_add(const struct event *e)
{
	struct line *line;

	if (line_count == EVENTS_MAX || !engine.running)
		return;
	line = &lines[line_count++];
	line->event = *e;
	names_describe(e->address, line->where, sizeof line->where);
}

static void load_symbols(void)
{
	static uintptr_t pcs[EVENTS_MAX + THREADS + 2];
	size_t n = 0;

	for (size_t i = 0; i < line_count; i++)
		pcs[n++] = lines[i].event.pc;
	for (unsigned i = 1; i <= engine.threads; i++)
		pcs[n++] = engine.thread[i].pc;
	pcs[n++] = engine.reason_pc;
	pcs[n++] = engine.reason_other;
	symbols_load(pcs, n);
}

static void print_place(FILE *f, uintptr_t pc)
{
	const struct place *p = symbols_place(pc);

	fprintf(f, "%s:%u %s()", p->base, p->line, p->function);
}

static void print_line(FILE *f, const struct line *line, bool same_thread)
{
	const struct event *e = &line->event;
	const char *label = e->order[0] ? symbols_place(e->pc)->label : "";
	char values[48];

	if (same_thread)
		fprintf(f, "     ");
	else
		fprintf(f, "  T%u ", e->thread);
	if (e->before == e->after)
		snprintf(values, sizeof values, "%#llx", (unsigned long long)e->before);
	else
		snprintf(values, sizeof values, "%#llx -> %#llx", (unsigned long long)e->before,
			 (unsigned long long)e->after);
	fprintf(f, "%-4s %-17s %-7s %-16s %-26s ", label, e->what, e->order, line->where, values);
	print_place(f, e->pc);
	fprintf(f, "%s%s\n", e->note ? ": " : "", e->note ? e->note : "");
}

static const char *state_name(const struct thread *t)
{
	switch (t->state) {
	case PAUSED: return "waits in a loop";
	case ASLEEP: return "sleeps";
	case FROZEN: return "is frozen";
	case DONE: return "has ended";
	case UNBORN:
	case JOINING:
	case READY: break;
	}
	return "can go on";
}

static void print_end(FILE *f)
{
	if (engine.reason_pc) {
		fprintf(f, "  at ");
		print_place(f, engine.reason_pc);
		fprintf(f, "\n");
	}
	if (engine.reason_other) {
		fprintf(f, "  and ");
		print_place(f, engine.reason_other);
		fprintf(f, "\n");
	}
	for (unsigned i = 1; i <= engine.threads; i++) {
		const struct thread *t = &engine.thread[i];

		fprintf(f, "  T%u %s", i, state_name(t));
		if (t->state != DONE && t->pc) {
			fprintf(f, ", ");
			print_place(f, t->pc);
		}
		fprintf(f, "\n");
	}
}

void trace_print(FILE *f)
{
	unsigned last = THREADS;

	load_symbols();
	for (size_t i = 0; i < line_count; i++) {
		print_line(f, &lines[i], lines[i].event.thread == last);
		last = lines[i].event.thread;
	}
	if (line_count == EVENTS_MAX)
		fprintf(f, "  ... and more steps\n");
	print_end(f);
}
