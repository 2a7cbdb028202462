/* SPDX-License-Identifier: BSD-2-Clause */
/* test_queue_types_cxx.cc - pawl/queue.h in C++: PAWL_QUEUE_OF of a class. */
#include <cerrno>
#include <cstdio>
#include <cstring>

#include <pawl/queue.h>

namespace {

int tests;
int failures;

void report(bool ok, const char *name)
{
	std::printf("%sok %d - %s\n", ok ? "" : "not ", ++tests, name);
	failures += !ok;
}

/* Trivially copyable, but it has constructors and methods. */
class job {
public:
	job() : number_(-1) {}
	explicit job(int number) : number_(number) {}
	int number() const { return number_; }

private:
	int number_;
};

PAWL_QUEUE_OF(job_queue, job);
PAWL_QUEUE_OF(pointer_queue, const char *);

bool each_form()
{
	const job in[3] = { job(1), job(2), job(3) };
	job out[3], *slot = nullptr;
	job_queue q;
	std::size_t n;
	bool ok;

	if (job_queue_open(&q, 3, 0) != 0)
		return false;
	ok = job_queue_push(&q, &in[0]) == 0 && job_queue_trypush(&q, &in[1]) == 0 &&
		job_queue_push_until(&q, &in[2], 0) == 0 &&
		job_queue_trypush(&q, &in[2]) == EAGAIN;
	ok = ok && job_queue_pop(&q, &out[0]) == 0 && out[0].number() == 1 &&
		job_queue_trypop(&q, &out[1]) == 0 && out[1].number() == 2 &&
		job_queue_pop_until(&q, &out[2], 0) == 0 && out[2].number() == 3;
	ok = ok && job_queue_push_n(&q, in, 2, 0, &n) == 0 && n == 2 &&
		job_queue_pop_n(&q, out, 3, 0, &n) == 0 && n == 2 && out[1].number() == 2;
	ok = ok && job_queue_reserve(&q, 0, &slot) == 0;
	if (ok) {
		*slot = job(7);
		ok = job_queue_commit(&q, slot) == 0 && job_queue_reserve(&q, 0, &slot) == 0;
	}
	if (ok)
		job_queue_abandon(&q, slot);
	job_queue_close(&q);
	ok = ok && job_queue_pop(&q, out) == 0 && out->number() == 7 &&
		job_queue_pop(&q, out) == EPIPE && job_queue_push(&q, in) == EPIPE;
	job_queue_free(&q);
	return ok && !q.queue;
}

bool of_pointers()
{
	const char *text = "text", *got = nullptr;
	pointer_queue q;
	bool ok;

	if (pointer_queue_open(&q, 1, PAWL_QUEUE_DROP_OLDEST) != 0)
		return false;
	ok = pointer_queue_push(&q, &text) == 0 && pointer_queue_pop(&q, &got) == 0 && got == text;
	pointer_queue_free(&q);
	return ok;
}

bool eviction()
{
	pawl_queue_config cfg = pawl_queue_config();
	int gone = 0;
	pawl_queue *q;

	cfg.size = sizeof cfg;
	cfg.capacity = 1;
	cfg.item_size = sizeof(int);
	cfg.flags = PAWL_QUEUE_DROP_OLDEST;
	cfg.evicted = [](void *item, void *user) { std::memcpy(user, item, sizeof(int)); };
	cfg.user = &gone;
	if (pawl_queue_open(&cfg, &q) != 0)
		return false;
	for (int i = 1; i <= 3; i++)
		if (pawl_queue_push(q, &i) != 0)
			gone = -1;
	bool ok = gone == 2;
	pawl_queue_free(q);
	return ok && gone == 3;
}

}

int main()
{
	report(each_form(), "a typed queue has each form");
	report(of_pointers(), "a queue of pointers");
	report(eviction(), "evicted() may be a lambda");
	std::printf("1..%d\n", tests);
	return failures != 0;
}
