/* SPDX-License-Identifier: BSD-2-Clause */
/* shrink.h - the same failure from a schedule as simple as can be. */
#ifndef EXPLORER_SHRINK_H
#define EXPLORER_SHRINK_H

#include "explorer/choose.h"

/* Run @m by @s.  The outcome is in engine. */
void replay_run(const struct model *m, const struct schedule *s);

/*
 * Take choices out of *@s as long as @m still fails for the same reason.
 *
 * Source: ddmin (Zeller, Hildebrandt 2002), chunks halved down to single choices.
 */
void shrink(const struct model *m, struct schedule *s);

#endif
