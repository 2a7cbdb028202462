/* SPDX-License-Identifier: BSD-2-Clause */
/* symbols.c - see symbols.h. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explorer/labels.h"
#include "explorer/symbols.h"

struct slot {
	uintptr_t pc;
	struct place *place;	/* NULL: the slot is free */
};

static struct slot *slots;
static size_t n_slots, used_slots;	/* n_slots is a power of two, or 0 */

/* What addr2line printed for a frame: "file:line", perhaps with " (discriminator 3)". */
static void set_place(struct place *p, char *function, char *where)
{
	char *colon = strrchr(where, ':');

	function[strcspn(function, ".\n")] = '\0';	/* not what gcc adds: ".isra.0" */
	if (*function && *function != '?')
		p->function = checked(strdup(function));
	if (!colon || *where == '?')
		return;
	*colon = '\0';
	p->line = (unsigned)strtoul(colon + 1, NULL, 10);
	labels_find(where, p->line, &p->file, &p->base, p->label);
}

static struct slot *slot_of(uintptr_t pc)
{
	size_t i = (pc * 0x9e3779b97f4a7c15u >> 20) & (n_slots - 1);

	while (slots[i].place && slots[i].pc != pc)
		i = (i + 1) & (n_slots - 1);
	return &slots[i];
}

static void grow(void)
{
	struct slot *old = slots;
	size_t n_old = n_slots;

	n_slots = n_old ? 2 * n_old : 1024;
	slots = checked(calloc(n_slots, sizeof *slots));
	for (size_t i = 0; i < n_old; i++)
		if (old[i].place)
			*slot_of(old[i].pc) = old[i];
	free(old);
}

/* True if @pc is new; then it is in the cache now, as unknown. */
static bool enter(uintptr_t pc)
{
	struct slot *slot;

	if (2 * used_slots >= n_slots)
		grow();
	slot = slot_of(pc);
	if (slot->place)
		return false;
	slot->pc = pc;
	slot->place = checked(calloc(1, sizeof *slot->place));
	slot->place->function = slot->place->file = slot->place->base = "?";
	used_slots++;
	return true;
}

static int get_bias(struct dl_phdr_info *info, size_t size, void *ret)
{
	(void)size;
	*(uintptr_t *)ret = info->dlpi_addr;
	return 1;	/* the first is the program */
}

/* Run addr2line from file to file: no pipe can fill up.  Return: 0 or an error to show. */
static const char *run_tool(int in, int out)
{
	static char program[PATH_MAX];
	char *argv[] = {
		(char *)"addr2line", (char *)"-a", (char *)"-f", (char *)"-i",
		(char *)"-e", program, NULL,
	};
	posix_spawn_file_actions_t actions;
	int err, status = 0;
	pid_t pid;

	if (readlink("/proc/self/exe", program, sizeof program - 1) < 0)
		return "/proc/self/exe cannot be read";
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
	posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
	err = posix_spawnp(&pid, *argv, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (err)
		return strerror(err);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status == 0 ? NULL : "it failed";
}

/* Enter in the cache what addr2line printed: after each address its frames, innermost first. */
static void read_answers(FILE *f, uintptr_t bias)
{
	struct place *place = NULL;
	char *line = NULL, *where = NULL;
	size_t room = 0, room_where = 0;

	while (getline(&line, &room, f) > 0) {
		if (line[0] == '0' && line[1] == 'x') {
			place = slot_of((uintptr_t)strtoull(line, NULL, 16) + bias + 1)->place;
			continue;
		}
		if (getline(&where, &room_where, f) <= 0)
			break;
		if (place)
			set_place(place, line, where);
		place = NULL;	/* those that follow are its callers */
	}
	free(line);
	free(where);
}

/* A file in memory that can be read and written. */
static FILE *scratch(void)
{
	int fd = memfd_create("symbols", MFD_CLOEXEC);

	return checked(fd < 0 ? NULL : fdopen(fd, "w+"));
}

void symbols_load(const uintptr_t *pcs, size_t n)
{
	static bool said;
	FILE *in = scratch(), *out = scratch();
	uintptr_t bias = 0;
	const char *err = NULL;
	bool any = false;

	dl_iterate_phdr(get_bias, &bias);
	for (size_t i = 0; i < n; i++) {
		if (!enter(pcs[i]))
			continue;
		any = true;
		fprintf(in, "0x%jx\n", (uintmax_t)(pcs[i] - 1 - bias));
	}
	rewind(in);	/* writes it out, too */
	if (any)
		err = run_tool(fileno(in), fileno(out));
	if (err && !said) {
		said = true;
		fprintf(stderr, "addr2line: %s; traces have no places\n", err);
	}
	rewind(out);	/* it shares its offset with the tool */
	read_answers(out, bias);
	fclose(in);
	fclose(out);
}

const struct place *symbols_place(uintptr_t pc)
{
	if (n_slots == 0 || !slot_of(pc)->place)
		symbols_load(&pc, 1);
	return slot_of(pc)->place;
}
