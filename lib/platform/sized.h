/* SPDX-License-Identifier: BSD-2-Clause */
/* sized.h - configurations that grow: structs that begin with their size. */
#ifndef PAWL_PLATFORM_SIZED_H
#define PAWL_PLATFORM_SIZED_H

#include <stdbool.h>
#include <stddef.h>

enum { CONFIG_MAX = 4096 };	/* bytes: a larger size is garbage */

/*
 * Whether @cfg, of @size bytes as its first field says, can be read as one of @known bytes: what a
 * later version added is zero, which is to mean "as before".
 */
static inline bool config_is_known(const void *cfg, size_t size, size_t known)
{
	const unsigned char *bytes = cfg;

	if (size < known || size > CONFIG_MAX)
		return false;
	for (size_t i = known; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

#endif
