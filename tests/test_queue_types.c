/* SPDX-License-Identifier: BSD-2-Clause */
/* test_queue_types.c - pawl/queue.h: PAWL_QUEUE_OF.  In C++: test_queue_types_cxx.cc. */
#include "config.h"

#include <errno.h>

#include <pawl/queue.h>

#include "support.h"

struct job {
	char name[5];
	double cost;
};

PAWL_QUEUE_OF(job_queue, struct job);
PAWL_QUEUE_OF(byte_queue, unsigned char);
PAWL_QUEUE_OF(text_queue, const char *);

static void a_typed_queue_has_each_form(void **state)
{
	struct job in[3] = { { "one", 1 }, { "two", 2 }, { "tri", 3 } }, out[3], *slot = NULL;
	job_queue q;
	size_t n;

	(void)state;
	assert_int_equal(job_queue_open(&q, 3, 0), 0);
	assert_int_equal(pawl_queue_capacity(q.queue), 3);
	assert_int_equal(job_queue_push(&q, &in[0]), 0);
	assert_int_equal(job_queue_trypush(&q, &in[1]), 0);
	assert_int_equal(job_queue_push_until(&q, &in[2], 0), 0);
	assert_int_equal(job_queue_push_until(&q, &in[2], 0), ETIMEDOUT);
	assert_int_equal(job_queue_trypush(&q, &in[2]), EAGAIN);
	assert_int_equal(job_queue_pop(&q, &out[0]), 0);
	assert_int_equal(job_queue_trypop(&q, &out[1]), 0);
	assert_int_equal(job_queue_pop_until(&q, &out[2], 0), 0);
	for (size_t i = 0; i < 3; i++) {
		assert_string_equal(out[i].name, in[i].name);
		assert_true(out[i].cost == in[i].cost);
	}
	assert_int_equal(job_queue_push_n(&q, in, 3, 0, &n), 0);
	assert_int_equal(job_queue_pop_n(&q, out, 2, 0, &n), 0);
	assert_int_equal(n, 2);
	assert_int_equal(job_queue_reserve(&q, 0, &slot), 0);
	assert_int_equal((uintptr_t)slot % _Alignof(struct job), 0);
	job_queue_abandon(&q, slot);
	assert_int_equal(job_queue_reserve(&q, 0, &slot), 0);
	*slot = (struct job){ "four", 4 };
	assert_int_equal(job_queue_commit(&q, slot), 0);
	job_queue_close(&q);
	assert_int_equal(job_queue_push(&q, in), EPIPE);
	assert_int_equal(job_queue_pop(&q, out), 0);
	assert_int_equal(job_queue_pop(&q, out), 0);
	assert_string_equal(out->name, "four");
	assert_int_equal(job_queue_pop(&q, out), EPIPE);
	job_queue_free(&q);
	assert_null(q.queue);
	job_queue_free(&q);
}

static void items_are_as_large_as_their_type(void **state)
{
	const char *text = "text", *got = NULL;
	unsigned char byte = 0;
	byte_queue bytes;
	text_queue texts;

	(void)state;
	assert_int_equal(byte_queue_open(&bytes, 100, 0), 0);
	for (unsigned char i = 0; i < 100; i++)
		assert_int_equal(byte_queue_trypush(&bytes, &i), 0);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(byte_queue_trypop(&bytes, &byte), 0);
		assert_int_equal(byte, i);
	}
	byte_queue_free(&bytes);
	assert_int_equal(text_queue_open(&texts, 1, PAWL_QUEUE_DROP_OLDEST), 0);
	assert_int_equal(text_queue_push(&texts, &(const char *){ "older" }), 0);
	assert_int_equal(text_queue_push(&texts, &text), 0);
	assert_int_equal(text_queue_pop(&texts, &got), 0);
	assert_ptr_equal(got, text);
	text_queue_free(&texts);
}

static void open_of_a_typed_queue_fails_as_that_of_another(void **state)
{
	job_queue q;

	(void)state;
	assert_int_equal(job_queue_open(&q, 0, 0), EINVAL);
	assert_int_equal(job_queue_open(&q, 1, 1), EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_typed_queue_has_each_form),
		TEST(items_are_as_large_as_their_type),
		TEST(open_of_a_typed_queue_fails_as_that_of_another),
	};

	return test_main(tests);
}
