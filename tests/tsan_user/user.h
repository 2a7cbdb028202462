/* SPDX-License-Identifier: BSD-2-Clause */
/* user.h - what the parts of user.c share. */
#ifndef TSAN_USER_H
#define TSAN_USER_H

#include <stdbool.h>

#define CHECK(condition) check((condition), #condition, __FILE__, __LINE__)

void check(bool good, const char *condition, const char *file, int line);

enum { THREADS = 4 };

/* Run @fn in @n threads, each with its number. */
void run(unsigned n, void (*fn)(unsigned me));

/* Whether more than one of them has not ended. */
bool others_run(void);

/* right.c */
void everything_right(void);

/* planted.c: list them, or run one; the exit status */
int list_plants(void);
int run_plant(const char *name);

#endif
