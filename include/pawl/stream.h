/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/stream.h - items from producers to readers, with an end: a queue for those who iterate.
 *
 *	rc = pawl_stream_open(&cfg, 1, &lines);		cfg: as of a queue; one producer
 *
 *	the producer:
 *		while (rc == 0 && (rc = read_line(&line)) == 0)
 *			rc = pawl_stream_emit(lines, &line, PAWL_FOREVER);
 *		pawl_stream_end(lines, rc == END_OF_FILE || rc == EPIPE ? 0 : rc);
 *
 *	the reader:
 *		while ((rc = pawl_stream_next(lines, &line, PAWL_FOREVER)) == 0)
 *			work(&line);
 *		pawl_stream_close(lines);		rc: EPIPE, or the error of the producer
 *
 * A producer that is faster than the readers waits.  Each producer says once that it is done, and
 * whether it failed; the first that failed ends the stream for all, and the readers have its
 * error when they have read what was there.  Readers that have enough close the stream: producers
 * have that from their next emit.
 *
 * Threads:   emit and next may run at any time, on any thread, between open and the end, or close.
 * Memory:    an emit happens before the next that gets its item; an end happens before the next
 *            that tells of it.
 * Progress:  emit and next: block until there is a slot, or an item; giving up at a deadline waits
 *            for nobody.  end, close: lock-free, but for free() and evicted().
 * Signals:   nothing here is async-signal-safe.
 * Misuse:    more ends than producers, a second close, a close while a next is waiting: one
 *            sentence on standard error, then abort(), where it is noticed.
 * Lifetime:  the readers' use ends with close, a producer's with its end; whoever is the last
 *            frees it.  So neither waits for the other.
 * Fork:      as a queue.
 */
#ifndef PAWL_STREAM_H
#define PAWL_STREAM_H

#include <pawl/base.h>
#include <pawl/queue.h>
#include <pawl/time.h>

PAWL_BEGIN_DECLS

typedef struct pawl_stream pawl_stream;

#define PAWL_STREAM_PRODUCERS_MAX ((unsigned)1 << 30)

/*
 * Make a stream.
 *
 * @cfg:	of its queue, see pawl/queue.h.  evicted() gets what nobody reads, by who closes, or
 *		who ends last
 * @producers:	so many will end; 1 to PAWL_STREAM_PRODUCERS_MAX
 *
 * Return: 0 and *@ret_s; EINVAL: as pawl_queue_open(), or no producers; ENOMEM.
 */
PAWL_API int pawl_stream_open(const pawl_queue_config *cfg, unsigned producers,
	pawl_stream **ret_s) PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * Append a copy of the item at @item; wait while there is no room, but not beyond @deadline.
 *
 * Return: 0; EPIPE: nobody will read it, as the readers closed it, or a producer failed: end;
 * ETIMEDOUT; ECANCELED if it would have to wait in a canceled scope (pawl/scope.h).
 */
PAWL_API int pawl_stream_emit(pawl_stream *s, const void *item, pawl_time deadline)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/*
 * One producer emits no more, and does not use @s any more.
 *
 * @rc:		0: it is done, also if an emit returned EPIPE; else the error with which it failed:
 *		not EPIPE, ETIMEDOUT or ECANCELED, which readers could not tell from the others
 */
PAWL_API void pawl_stream_end(pawl_stream *s, int rc) PAWL_NONNULL_;

/*
 * Take the next item, to @ret_item; wait for it, but not beyond @deadline.
 *
 * Return: 0; when nothing is left, and nothing will come: EPIPE, or the error of the first producer
 * that failed; ETIMEDOUT; ECANCELED, as emit.
 */
PAWL_API int pawl_stream_next(pawl_stream *s, void *ret_item, pawl_time deadline)
	PAWL_MUST_CHECK_ PAWL_NONNULL_;

/* The readers want no more, also if it has not ended; no call of next is under way, or comes
 * later.  @s may be NULL. */
PAWL_API void pawl_stream_close(pawl_stream *s);

PAWL_END_DECLS
#endif
