/* SPDX-License-Identifier: BSD-2-Clause */
/* op_race.h - ops whose cancel meets their grant, for objects of any kind. */
#ifndef TESTS_OP_RACE_H
#define TESTS_OP_RACE_H

#include <stdbool.h>

#include <pawl/op.h>

enum { RACE_OPS = 256 };

struct op_race {
	pawl_cq *cq;
	int queued;				/* how many of the ops are done there */
	pawl_op *(*start)(int i, int round);	/* have op @i wait anew */
	void (*grant)(int i);			/* let it have what it waits for */
	bool (*judge)(int i);			/* when it has ended.  Return: whether it got it */
};

/* Grant each of RACE_OPS ops while another thread cancels it, in many rounds.  Each ends in one of
 * these ways, and both occur. */
void op_race(const struct op_race *race);

/* Wait until another thread has stored @round, with release. */
void op_race_await(int *word, int round);

#endif
