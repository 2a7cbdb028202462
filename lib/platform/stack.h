/* SPDX-License-Identifier: BSD-2-Clause */
/* stack.h - memory for stacks of tasks. */
#ifndef PAWL_PLATFORM_STACK_H
#define PAWL_PLATFORM_STACK_H

#include <stddef.h>

/*
 * Return: the lowest byte of a stack of @size bytes, a multiple of 64 KiB; below it is memory whose
 * access ends the program, by SIGSEGV.  NULL: no memory.
 */
void *pawl_i_stack_get(size_t size);
void pawl_i_stack_put(void *stack, size_t size);

#endif
