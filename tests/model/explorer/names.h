/* SPDX-License-Identifier: BSD-2-Clause */
/* names.h - addresses as people read them: "m+8", "thread 2's stack", "allocation 1+16". */
#ifndef EXPLORER_NAMES_H
#define EXPLORER_NAMES_H

#include <stddef.h>
#include <stdint.h>

void names_reset(void);
void names_describe(uintptr_t address, char *buffer, size_t size);

#endif
