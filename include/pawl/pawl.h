/* SPDX-License-Identifier: BSD-2-Clause */
/* pawl/pawl.h - all of pawl. */
#ifndef PAWL_PAWL_H
#define PAWL_PAWL_H

#include <pawl/any.h>
#include <pawl/barrier.h>
#include <pawl/cache.h>
#include <pawl/cleanup.h>
#include <pawl/cond.h>
#include <pawl/counter.h>
#include <pawl/debug.h>
#include <pawl/event.h>
#include <pawl/future.h>
#include <pawl/latch.h>
#include <pawl/mutex.h>
#include <pawl/notify.h>
#include <pawl/once.h>
#include <pawl/op.h>
#include <pawl/queue.h>
#include <pawl/rwlock.h>
#include <pawl/scope.h>
#include <pawl/sem.h>
#include <pawl/stream.h>
#include <pawl/tally.h>
#include <pawl/thread.h>
#include <pawl/time.h>

#endif
