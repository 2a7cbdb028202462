/* SPDX-License-Identifier: BSD-2-Clause */
/* flow.h - what models with tasks do for runtime/flow.h, besides what is there. */
#ifndef MODEL_PLATFORM_FLOW_H
#define MODEL_PLATFORM_FLOW_H

enum { MODEL_FLOWS = 3 };

/* A thread of the model that is nothing but the stack of the @n-th flow that is made, from 1. */
void model_carry(unsigned n);

#endif
