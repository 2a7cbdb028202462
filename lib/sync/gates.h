/* SPDX-License-Identifier: BSD-2-Clause */
/* gates.h - objects as the gates that they are, for who waits for several. */
#ifndef PAWL_SYNC_GATES_H
#define PAWL_SYNC_GATES_H

#include <pawl/event.h>
#include <pawl/future.h>
#include <pawl/latch.h>
#include <pawl/notify.h>

#include "wait/gate.h"

struct gate pawl_i_event_gate(pawl_event *e);
struct gate pawl_i_future_gate(pawl_future *f);
struct gate pawl_i_latch_gate(pawl_latch *l);
struct gate pawl_i_notify_gate(pawl_notify *n);

#endif
