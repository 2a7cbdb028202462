/* SPDX-License-Identifier: BSD-2-Clause */
/* lobby.c - see lobby.h. */
#include "config.h"

#include <stddef.h>

#include "platform/futex.h"
#include "wait/lobby.h"

enum { CANCEL_BITS = 24, CANCEL_SHIFT = 8 };

_Static_assert((int)ROOMS <= 64, "struct rooms has a bit for each");
_Static_assert((int)LOBBY_BITS <= (int)CANCEL_SHIFT, "the bits of objects have room");

static struct lobby lobbies[LOBBIES];

/* A line for each: who is called in one may have nothing to do with who is called in another. */
static struct room {
	_Alignas(CACHE_LINE) struct lobby lobby;
} rooms[ROOMS];

/* Fibonacci hashing. */
static uint64_t hash(const void *object)
{
	return (uint64_t)(uintptr_t)object * UINT64_C(0x9e3779b97f4a7c15);
}

struct lobby *pawl_i_lobby(const void *object)
{
	return &lobbies[(hash(object) >> 48) % LOBBIES];
}

uint32_t pawl_i_lobby_bit(const void *object)
{
	return (uint32_t)1 << (hash(object) >> 32) % LOBBY_BITS;
}

uint32_t pawl_i_lobby_cancel_bits(uint64_t cancels)
{
	uint64_t folded = cancels | cancels >> CANCEL_BITS | cancels >> 2 * CANCEL_BITS;

	return (uint32_t)folded << CANCEL_SHIFT;
}

static void mark_call(struct lobby *y)
{
	/* H10 relaxed: a hint. */
	pawl_store_(&y->caller, pawl_i_cpu_index(), relaxed);
	/* H8 release: pairs with H9.  What the caller changed; see the head of lobby.h. */
	(void)pawl_fetch_add_(&y->calls, 1, release);
}

void pawl_i_lobby_call(struct lobby *y, uint32_t bits)
{
	mark_call(y);
	pawl_i_futex_wake_bits(&y->calls, bits);
}

int32_t pawl_i_lobby_sleep(struct lobby *y, uint32_t calls, uint32_t bits, int64_t deadline)
{
	pawl_i_futex_wait_bits(&y->calls, calls, bits, deadline);
	/* H11 relaxed: a hint. */
	return pawl_load_(&y->caller, relaxed);
}

void pawl_i_lobbies_add(struct lobbies *set, const struct lobby *y)
{
	size_t i = (size_t)(y - lobbies);

	set->in[i / 64] |= (uint64_t)1 << i % 64;
}

void pawl_i_lobbies_call(const struct lobbies *set, uint32_t bits)
{
	for (size_t word = 0; word < sizeof set->in / sizeof *set->in; word++)
		for (uint64_t left = set->in[word]; left != 0; left &= left - 1)
			pawl_i_lobby_call(&lobbies[word * 64 + (size_t)__builtin_ctzll(left)], bits);
}

struct lobby *pawl_i_room(uint32_t handle)
{
	return &rooms[handle / ROOM_BITS].lobby;
}

static void call_room(struct lobby *y, uint32_t bits)
{
	mark_call(y);
	pawl_i_futex_wake_each(&y->calls, bits);
}

void pawl_i_room_call(uint32_t handle)
{
	call_room(pawl_i_room(handle), room_bit(handle));
}

void pawl_i_rooms_add(struct rooms *set, uint32_t handle)
{
	uint32_t room = handle / ROOM_BITS, others = set->in >> room & 1 ? set->bits[room] : 0;

	set->in |= (uint64_t)1 << room;
	set->bits[room] = others | room_bit(handle);
}

void pawl_i_rooms_call(const struct rooms *set)
{
	for (uint64_t left = set->in; left != 0; left &= left - 1) {
		size_t room = (size_t)__builtin_ctzll(left);

		call_room(&rooms[room].lobby, set->bits[room]);
	}
}
