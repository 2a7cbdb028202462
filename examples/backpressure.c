/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * backpressure.c - a producer that is a hundred times faster than its consumer.
 *
 * With a list that grows, everything that is not consumed yet lies in memory: the program
 * runs well in every test, and is killed on the day when the consumer is slow for an hour.
 *
 *	list_append(&todo, message);	// never says no
 *
 * The queue is bounded twice: in messages, and in bytes, as messages have all sizes.  When
 * it is full, push waits; so the producer becomes as fast as the consumer, and what it
 * reads from, a socket for example, is not read on: the pressure goes back to the source.
 *
 * Build: cc backpressure.c $(pkg-config --cflags --libs pawl)
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <pawl/counter.h>
#include <pawl/queue.h>

enum { MESSAGES = 1000, MOST_MESSAGES = 64, MOST_BYTES = 32 * 1024, MESSAGE_MAX = 4000 };

struct message {
	size_t size;
	char text[];
};

static pawl_queue *queue;	 /* of pointers to messages */
static pawl_counter bytes_there; /* in the queue, and in the hands of the two */
static pawl_counter consumed;

static struct message *make_message(int number)
{
	size_t size = 100 + (size_t)number * 7919 % (MESSAGE_MAX - 100);
	struct message *m = malloc(size);

	if (!m)
		abort();
	memset(m, 0, size);
	m->size = size;
	return m;
}

static void *consume(void *unused)
{
	struct message *m;

	while (pawl_queue_pop(queue, &m) == 0) { /* else: closed, and nothing is left */
		nanosleep(&(struct timespec){ .tv_nsec = 200 * 1000 }, NULL);
		pawl_counter_add(&consumed, 1);
		pawl_counter_add(&bytes_there, -(int64_t)m->size);
		free(m);
	}
	return unused;
}

/* Return: how long it waited. */
static pawl_ns produce(int64_t *ret_most, int64_t *ret_sum)
{
	pawl_ns waited = 0;

	for (int i = 0; i < MESSAGES; i++) {
		struct message *m = make_message(i);
		int64_t size = (int64_t)m->size, there = pawl_counter_add(&bytes_there, size);
		pawl_time before = pawl_now();

		*ret_sum += size;
		*ret_most = there > *ret_most ? there : *ret_most;
		/* From here on it is the consumer's. */
		if (pawl_queue_push_weighed(queue, &m, m->size, PAWL_FOREVER) != 0)
			abort();
		waited += pawl_now() - before;
	}
	pawl_queue_close(queue);
	return waited;
}

int main(void)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg,
		.capacity = MOST_MESSAGES,
		.item_size = sizeof(struct message *),
		.max_weight = MOST_BYTES,
	};
	/* What is in the queue, and one message in the hand of each. */
	const int64_t bound = MOST_BYTES + 2 * MESSAGE_MAX;
	int64_t most = 0, sum = 0;
	pawl_time start = pawl_now();
	pthread_t consumer;
	pawl_ns waited;

	if (pawl_queue_open(&cfg, &queue) != 0 ||
	    pthread_create(&consumer, NULL, consume, NULL) != 0) {
		fputs("backpressure: cannot begin\n", stderr);
		return EXIT_FAILURE;
	}
	waited = produce(&most, &sum);
	pthread_join(consumer, NULL);
	pawl_queue_free(queue);

	printf("messages: %" PRId64 "\n", pawl_counter_get(&consumed));
	printf("bytes: %" PRId64 "\n", sum);
	printf("at most in memory: %" PRId64 " bytes\n", most);
	printf("bound: %" PRId64 " bytes\n", bound);
	printf("the producer waited: %" PRId64 " ms", waited / PAWL_MS(1));
	printf(" of %" PRId64 "\n", (pawl_now() - start) / PAWL_MS(1));
	return most <= bound ? EXIT_SUCCESS : EXIT_FAILURE;
}
