/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * test_cache_lines.c - which memory a hit writes.
 *
 * Each object of the library gets pages of its own.  Those that threads share are then
 * made unwritable: a hit that writes one of them is stopped by SIGSEGV.
 */
#include "config.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <pawl/cache.h>

#include "platform/memory.h"
#include "reclaim/smr.h"

#include "support.h"

enum { OBJECTS = 1000, KEYS = 50 };

static struct {
	void *start;
	size_t bytes;
} objects[OBJECTS];
static int count;

/* In place of lib/platform/memory.c; never gives back. */
void *pawl_i_memory_get(size_t size, size_t align)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t bytes = (size + page - 1) / page * page;
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED && align <= page && count < OBJECTS);
	objects[count].start = p;
	objects[count++].bytes = bytes;
	return p;
}

void pawl_i_memory_put(void *p)
{
	(void)p;
}

static void protect(int from, int to, int protection)
{
	for (int i = from; i < to; i++)
		must(mprotect(objects[i].start, objects[i].bytes, protection) == 0);
}

static int fetch(const void *key, size_t len, pawl_cache_value *ret, void *user)
{
	static char values[KEYS];

	(void)len, (void)user;
	ret->value = &values[*(const unsigned char *)key];
	return 0;
}

static void look(void *value, void *arg)
{
	*(void **)arg = value;
}

static pawl_cache *open_full_cache(int *ret_first, int *ret_cells)
{
	pawl_cache_config cfg = { .size = sizeof cfg, .fetch = fetch };
	pawl_cache_ref *r;
	pawl_cache *c;

	/* The thread's record, which is its own, comes before. */
	must(pawl_i_smr_enter());
	pawl_i_smr_leave();
	*ret_first = count;
	*ret_cells = count + 1;		/* the cache, then the cells of its tally */
	must(pawl_cache_open(&cfg, &c) == 0);
	for (unsigned char key = 0; key < KEYS; key++) {
		must(pawl_cache_get_or_fetch(c, &key, 1, PAWL_FOREVER, &r) == 0);
		pawl_cache_release(c, r);
	}
	return c;
}

static void lend_all(void *cache)
{
	for (unsigned char key = 0; key < KEYS; key++) {
		void *value = NULL;

		must(pawl_cache_with(cache, &key, 1, 0, look, &value) == 0);
		must(value != NULL);
	}
}

/* In child processes, which CMocka shall not keep alive. */
static void lend_all_and_die(void *cache)
{
	(void)signal(SIGSEGV, SIG_DFL);
	lend_all(cache);
}

static void miss_and_die(void *cache)
{
	pawl_cache_ref *r;

	(void)signal(SIGSEGV, SIG_DFL);
	must(pawl_cache_get(cache, "\377", 1, &r) != 0);
}

static void hits_of_with_write_nothing_that_is_shared(void **state)
{
	int first, cells;
	pawl_cache *c = open_full_cache(&first, &cells);
	struct child child;

	(void)state;
	protect(first, count, PROT_READ);
	protect(cells, cells + 1, PROT_READ | PROT_WRITE);	/* one per CPU */
	lend_all(c);
	/* The protection works: a miss is counted in its shard. */
	child_run(&child, miss_and_die, c);
	assert_int_equal(child.signal, SIGSEGV);
	/* And the cells are what was expected. */
	protect(cells, cells + 1, PROT_READ);
	child_run(&child, lend_all_and_die, c);
	assert_int_equal(child.signal, SIGSEGV);
	protect(first, count, PROT_READ | PROT_WRITE);
	pawl_cache_close(c);
}

/* The object that is the entry of @r. */
static int object_of(const void *r)
{
	for (int i = 0; i < count; i++)
		if (objects[i].start == r)
			return i;
	return -1;
}

static void hits_that_count_a_reference_write_its_entry_only(void **state)
{
	int first, cells;
	pawl_cache *c = open_full_cache(&first, &cells);

	(void)state;
	for (unsigned char key = 0; key < KEYS; key++) {
		pawl_cache_ref *r;
		int entry;

		assert_int_equal(pawl_cache_get(c, &key, 1, &r), 0);
		pawl_cache_release(c, r);
		entry = object_of(r);
		assert_true(entry > cells);
		protect(first, count, PROT_READ);
		protect(cells, cells + 1, PROT_READ | PROT_WRITE);
		protect(entry, entry + 1, PROT_READ | PROT_WRITE);
		assert_int_equal(pawl_cache_get(c, &key, 1, &r), 0);
		pawl_cache_release(c, r);
		assert_int_equal(pawl_cache_get_or_fetch(c, &key, 1, 0, &r), 0);
		pawl_cache_release(c, r);
		protect(first, count, PROT_READ | PROT_WRITE);
	}
	pawl_cache_close(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hits_of_with_write_nothing_that_is_shared),
		TEST(hits_that_count_a_reference_write_its_entry_only),
	};

#ifdef PAWL_CACHE_LOCKED_READS
	(void)tests;
	printf("1..0 # SKIP lookups take the lock in this build\n");
	return 0;
#else
	return test_main(tests);
#endif
}
