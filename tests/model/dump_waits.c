/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dump_waits.c - pawl_dump() while threads begin and end to wait: no race, and a thread that
 * is shown to wait for a kind of object is shown with that object.
 *
 * The text goes through a pipe of the real system, which is empty again after each run.
 */
#include "config.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "explorer/model.h"

enum sight { SHOWN };

static pawl_mutex m;
static pawl_counter c;
static int ends[2];
static char text[2000];

__attribute__((__constructor__)) static void make_pipe(void)
{
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0)
		_exit(99);
}

static void setup(void)
{
	while (read(ends[0], text, sizeof text) > 0)
		;
	text[0] = '\0';
	c = (pawl_counter)PAWL_COUNTER_INIT(1);
	model_name(&m, sizeof m, "m");
	model_name(&c, sizeof c, "c");
}

static void hold(unsigned who)
{
	model_attach(who);
	if (who == 2)
		pawl_mutex_lock(&m);
}

static void dump(char *into, size_t size)
{
	ssize_t n;

	pawl_dump(ends[1]);
	n = read(ends[0], into, size - 1);
	into[n > 0 ? n : 0] = '\0';
}

static bool tells(const char *line, const char *what)
{
	const char *found = strstr(line, what), *end = strchr(line, '\n');

	return found && found < end;
}

/* Their waits are their first, and go on until the dump is made. */
static void check(const char *dumped)
{
	for (const char *line = dumped; *line; line = strchr(line, '\n') + 1) {
		if (!tells(line, " waits "))
			continue;
		model_saw(SHOWN);
		MODEL_CHECK(tells(line, " for counter 0x") ||
			    (tells(line, " for mutex 0x") && tells(line, " held by thread ")));
	}
}

static void wait_and_dump(unsigned who)
{
	char dumped[1000];

	if (who == 1) {
		MODEL_CHECK(pawl_counter_wait_zero(&c, PAWL_FOREVER) == 0);
		return;
	}
	dump(dumped, sizeof dumped);
	check(dumped);
	(void)pawl_counter_add(&c, -1);
}

MODEL(dump_waits, .about = "one waits for another, who dumps it", .threads = 2,
      .enter = model_attach, .setup = setup, .thread = wait_and_dump,
      .sights = { "a thread is shown that waits" });

static void lock_and_dump(unsigned who)
{
	char dumped[1000];

	if (who == 1)
		pawl_mutex_lock(&m);
	if (who == 2) {
		dump(dumped, sizeof dumped);
		check(dumped);
	}
	pawl_mutex_unlock(&m);
}

MODEL(dump_holder, .about = "one waits for a mutex, its holder dumps", .threads = 2,
      .enter = hold, .setup = setup, .thread = lock_and_dump,
      .sights = { "a thread is shown that waits" });

static void wait_and_end(unsigned who)
{
	char dumped[1000];

	switch (who) {
	case 1:
		MODEL_CHECK(pawl_counter_wait_zero(&c, PAWL_FOREVER) == 0);
		break;
	case 2:
		(void)pawl_counter_add(&c, -1);
		break;
	case 3:
		dump(dumped, sizeof dumped);
		if (strstr(dumped, " waits "))
			model_saw(SHOWN);
		break;
	}
}

MODEL(dump_meanwhile, .about = "one attaches, waits and ends, one wakes it, one dumps",
      .threads = 3, .setup = setup, .thread = wait_and_end,
      .sights = { "a thread is shown that waits" });
