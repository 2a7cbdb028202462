/* SPDX-License-Identifier: BSD-2-Clause */
/* sections.h - safe memory reclamation for models: see sections.c. */
#ifndef EXPLORER_SECTIONS_H
#define EXPLORER_SECTIONS_H

void sections_reset(void);

#endif
