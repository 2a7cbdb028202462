/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lobby.h - where threads sleep that one step wakes, all at once.  Uses: atomic, platform, reclaim.
 *
 * A few words for all objects; which one is an object's goes by its address, which is a name
 * here and no more.  So whoever calls may do it when the object is gone already, nothing has to be
 * made or given back, and at worst a call is for nothing: who is woken by it looks, and sleeps
 * again.
 *
 * The kernel wakes those only who listen for a bit of the call: a sleeper has one of its object's
 * address, for who opens that; and those of what may cancel it, 24 for the 64 of cancel.h, so that
 * a cancel makes one call in each lobby where it may be meant, and wakes few others.
 *
 * No lost wake: who calls has changed what the sleeper looks at, then adds 1 to the calls (H8);
 * the sleeper reads the calls (H9), then looks, then sleeps only while they are what it read.
 * If H9 reads what H8 wrote, or later calls, which are read-modify-writes, then the look
 * sees the change; if not, the calls are others by the time at which the futex compares them,
 * or it sleeps already when the caller wakes.
 *
 * Rooms are lobbies for threads of which one may be meant.  A thread's goes by the handle of its
 * waiter, whatever that waits for, and so does its bit there, to which nobody else listens: who is
 * to be woken alone is woken alone, and of others 32 by one call.
 */
#ifndef PAWL_WAIT_LOBBY_H
#define PAWL_WAIT_LOBBY_H

#include <stdbool.h>
#include <stdint.h>

#include <pawl/atomic.h>

#include "platform/cpu.h"
#include "reclaim/sizes.h"

/* Not a line for each: they change when somebody has slept. */
struct lobby {
	uint32_t calls;		/* futex */
	int32_t caller;		/* CPU of who called last; negative: not known */
};

/* Return: the lobby of @object. */
struct lobby *pawl_i_lobby(const void *object);

/* Return: the bit of @object; those of @cancels (cancel.h). */
uint32_t pawl_i_lobby_bit(const void *object);
uint32_t pawl_i_lobby_cancel_bits(uint64_t cancels);

#define LOBBY_ALL_BITS UINT32_MAX

/* Wake those who sleep in it and listen for one of @bits. */
void pawl_i_lobby_call(struct lobby *y, uint32_t bits);

/* Lobbies: in which somebody is to be woken, each by one call. */
struct lobbies {
	uint64_t in[(LOBBIES + 63) / 64];
};

void pawl_i_lobbies_add(struct lobbies *set, const struct lobby *y);
void pawl_i_lobbies_call(const struct lobbies *set, uint32_t bits);

/* Whether the waiter of @handle has a room; and which; and its bit. */
static inline bool room_is_for(uint32_t handle)
{
	return handle < ROOMS * ROOM_BITS;
}

struct lobby *pawl_i_room(uint32_t handle);

static inline uint32_t room_bit(uint32_t handle)
{
	return (uint32_t)1 << handle % ROOM_BITS;
}

/* Wake who sleeps in its room by the waiter of @handle. */
void pawl_i_room_call(uint32_t handle);

/* The same of several: by one call for each room. */
struct rooms {
	uint64_t in;		/* which rooms; 0 at first */
	uint32_t bits[ROOMS];	/* of these only */
};

void pawl_i_rooms_add(struct rooms *set, uint32_t handle);
void pawl_i_rooms_call(const struct rooms *set);

/* The calls until now: what the caller looks at after it, is as who made the last call left it, or
 * later. */
static inline uint32_t lobby_calls(struct lobby *y)
{
	/* H9 acquire: pairs with H8.  See the head of this file. */
	return pawl_load_(&y->calls, acquire);
}

/* Sleep while they are @calls, until a call for one of @bits, or @deadline.  Return: a hint at the
 * CPU of who woke the caller. */
int32_t pawl_i_lobby_sleep(struct lobby *y, uint32_t calls, uint32_t bits, int64_t deadline);

#endif
