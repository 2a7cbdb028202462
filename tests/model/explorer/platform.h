/* SPDX-License-Identifier: BSD-2-Clause */
/* platform.h - what threads of a model have of their own, when they take turns. */
#ifndef EXPLORER_PLATFORM_H
#define EXPLORER_PLATFORM_H

#include "explorer/engine.h"

void platform_save(struct thread_local_state *own);
void platform_load(const struct thread_local_state *own);

/* The current thread ends: what pawl registered for that. */
void platform_exit(struct thread_local_state *own);

#endif
