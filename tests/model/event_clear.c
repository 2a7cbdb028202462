/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who clears an event, and then looks for work before it waits, misses neither the work nor the set
 * that came after it, though the event was set already when it came.
 */
#include <pawl/event.h>

#include "explorer/model.h"
#include "reclaim/sizes.h"

static pawl_event e;
static int work;

static void make(void)
{
	model_name(&e, sizeof e, "e");
	model_name(&work, sizeof work, "work");
	pawl_event_set(&e);
}

static void look_or_bring(unsigned who)
{
	if (who == 2) {
		__atomic_store_n(&work, 1, __ATOMIC_RELEASE);
		pawl_event_set(&e);
		return;
	}
	pawl_event_clear(&e);
	if (__atomic_load_n(&work, __ATOMIC_ACQUIRE) == 0) {
		MODEL_CHECK(pawl_event_wait(&e) == 0);
		model_saw(0);
	}
	MODEL_CHECK(__atomic_load_n(&work, __ATOMIC_ACQUIRE) == 1);
}

MODEL(event_clear, .about = "one clears, looks and waits; one brings work, and sets it again",
      .threads = 2, .setup = make, .thread = look_or_bring, .enter = model_attach,
      .sights = { "it waited" });
