/* SPDX-License-Identifier: BSD-2-Clause */
/* test_once_exception.cc - a C++ exception that leaves an initialiser counts as its failure:
 * it reaches who called do(), and the next in line runs its own. */
#include <cstdio>
#include <stdexcept>
#include <string>

#include <pthread.h>
#include <unistd.h>

#include <pawl/counter.h>
#include <pawl/debug.h>
#include <pawl/once.h>

namespace {

int tests;
int failures;

void report(bool ok, const char *name)
{
	std::printf("%sok %d - %s\n", ok ? "" : "not ", ++tests, name);
	failures += !ok;
}

struct flight {
	pawl_once once;
	pawl_counter not_started;	/* zero once the first initialiser runs */
	pawl_counter closed;		/* zero once it may throw */
	int own_result;
	int own_runs;
};

int throw_when_told(void *arg)
{
	flight *f = static_cast<flight *>(arg);

	pawl_counter_add(&f->not_started, -1);
	if (pawl_counter_wait_zero(&f->closed, PAWL_FOREVER) != 0)
		return 1;
	throw std::runtime_error("from the initialiser");
}

int succeed(void *arg)
{
	static_cast<flight *>(arg)->own_runs++;
	return 0;
}

void *wait_in_line(void *arg)
{
	flight *f = static_cast<flight *>(arg);

	f->own_result = pawl_once_do(&f->once, succeed, f);
	return nullptr;
}

/* Whether the dump says that somebody waits for @f. */
bool somebody_waits_for(const flight *f)
{
	char text[16384], what[64];
	int fds[2];
	ssize_t n;

	if (pipe(fds) != 0)
		return false;
	pawl_dump(fds[1]);
	close(fds[1]);
	n = read(fds[0], text, sizeof text);
	close(fds[0]);
	std::snprintf(what, sizeof what, "for once %p", static_cast<const void *>(&f->once));
	return n > 0 && std::string(text, static_cast<size_t>(n)).find(what) != std::string::npos;
}

/* Let the first initialiser throw when another thread waits in line. */
void *open_when_somebody_waits(void *arg)
{
	flight *f = static_cast<flight *>(arg);
	pthread_t waiter;

	if (pawl_counter_wait_zero(&f->not_started, PAWL_FOREVER) != 0 ||
	    pthread_create(&waiter, nullptr, wait_in_line, f) != 0)
		return nullptr;
	while (!somebody_waits_for(f))
		usleep(200);
	pawl_counter_add(&f->closed, -1);
	pthread_join(waiter, nullptr);
	return nullptr;
}

bool throws(flight *f)
{
	try {
		(void)pawl_once_do(&f->once, throw_when_told, f);
	} catch (const std::runtime_error &e) {
		return std::string(e.what()) == "from the initialiser";
	}
	return false;
}

}

int main()
{
	flight line = { PAWL_ONCE_INIT, PAWL_COUNTER_INIT(1), PAWL_COUNTER_INIT(1), -1, 0 };
	flight alone = { PAWL_ONCE_INIT, PAWL_COUNTER_INIT(1), PAWL_COUNTER_INIT(0), -1, 0 };
	pthread_t opener;

	alarm(100);
	report(throws(&alone), "an_exception_reaches_who_called_do");
	report(!pawl_once_is_done(&alone.once), "it_is_not_done_then");
	report(pawl_once_do(&alone.once, succeed, &alone) == 0 && alone.own_runs == 1,
	       "it_can_be_done_later");
	if (pthread_create(&opener, nullptr, open_when_somebody_waits, &line) != 0)
		return 99;
	report(throws(&line), "an_exception_reaches_its_caller_while_others_wait");
	pthread_join(opener, nullptr);
	report(line.own_result == 0 && line.own_runs == 1, "the_next_in_line_runs_its_own");
	report(pawl_once_is_done(&line.once), "and_it_is_done");
	std::printf("1..%d\n", tests);
	return failures != 0;
}
