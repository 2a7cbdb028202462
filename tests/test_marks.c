/* SPDX-License-Identifier: BSD-2-Clause */
/* test_marks.c - lib/runtime/marks.h and alarms.h, by one thread; models have several. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "runtime/alarms.h"
#include "runtime/marks.h"

#include "support.h"

/*** Marks *************************************************************************************/

static struct marks marks;
static uint8_t wanted[MARKS_MAX], taken[MARKS_MAX];

static void take_one(uint32_t n)
{
	must(n < MARKS_MAX);
	taken[n]++;
}

static void take_all(void)
{
	memset(taken, 0, sizeof taken);
	pawl_i_marks_take(&marks, take_one);
	assert_memory_equal(taken, wanted, sizeof taken);
	assert_false(pawl_i_marks_any(&marks));
	memset(wanted, 0, sizeof wanted);
}

static void add(uint32_t n)
{
	wanted[n] = 1;
	pawl_i_marks_add(&marks, n);
	assert_true(pawl_i_marks_any(&marks));
}

static void what_was_added_is_taken_once(void **state)
{
	const uint32_t edges[] = { 0, 1, 63, 64, 4095, 4096, MARKS_MAX - 1 };
	unsigned seed = 1;

	(void)state;
	take_all();
	for (size_t i = 0; i < COUNT_OF(edges); i++) {
		add(edges[i]);
		take_all();
	}
	for (size_t i = 0; i < COUNT_OF(edges); i++) {
		add(edges[i]);
		add(edges[i]);
	}
	take_all();
	for (int round = 1; round < 200; round += 10) {
		for (int i = 0; i < round * round; i++)
			add((uint32_t)rand_r(&seed) % MARKS_MAX);
		take_all();
	}
}

static unsigned again;

static void take_and_add(uint32_t n)
{
	taken[n]++;
	if (again > 0) {
		again--;
		add(n);
	}
}

static void what_is_added_meanwhile_is_taken_the_next_time(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < 100; n++)
		pawl_i_marks_add(&marks, n);
	again = 100;
	memset(taken, 0, sizeof taken);
	pawl_i_marks_take(&marks, take_and_add);
	for (uint32_t n = 0; n < 100; n++)
		assert_int_equal(taken[n], 1);
	take_all();
}

/*** Alarms ************************************************************************************/

enum { ALARMS = 300 };

static struct alarms alarms;
static struct alarm alarm_of[ALARMS];

static int64_t earliest(void)
{
	int64_t at = INT64_MAX;

	for (int i = 0; i < ALARMS; i++)
		if (alarm_of[i].place != 0 && alarm_of[i].at < at)
			at = alarm_of[i].at;
	return at;
}

static void the_next_alarm_is_the_earliest(void **state)
{
	unsigned seed = 2;

	(void)state;
	assert_int_equal(alarms_next(&alarms), INT64_MAX);
	for (int step = 0; step < 20000; step++) {
		struct alarm *a = &alarm_of[rand_r(&seed) % ALARMS];

		if (a->place == 0 && rand_r(&seed) % 3 != 0)
			pawl_i_alarms_set(&alarms, a, rand_r(&seed) % 1000);
		else
			pawl_i_alarms_clear(&alarms, a);
		assert_true(alarms_next(&alarms) == earliest());
	}
	for (int i = 0; i < ALARMS; i++) {
		pawl_i_alarms_clear(&alarms, &alarm_of[i]);
		assert_true(alarms_next(&alarms) == earliest());
	}
	assert_int_equal(alarms.count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_added_is_taken_once),
		TEST(what_is_added_meanwhile_is_taken_the_next_time),
		TEST(the_next_alarm_is_the_earliest),
	};

	return test_main(tests);
}
