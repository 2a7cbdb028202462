/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * readers.h - whether registries, and what is in them, are read without a lock.
 *
 * Not with a CK that lacks barriers for this CPU (see configure): there nobody is in a section of
 * smr.h, nothing that was unlinked has readers, and so it is freed at once.
 */
#ifndef PAWL_RECLAIM_READERS_H
#define PAWL_RECLAIM_READERS_H

#ifdef PAWL_CACHE_LOCKED_READS
enum { LOCKED_READS = 1 };
#else
enum { LOCKED_READS = 0 };
#endif

#endif
