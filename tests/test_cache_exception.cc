/* SPDX-License-Identifier: BSD-2-Clause */
/* test_cache_exception.cc - C++ exceptions that leave the callbacks of a cache reach its
 * caller, and leave nothing held. */
#include <cerrno>
#include <cstdio>
#include <stdexcept>

#include <unistd.h>

#include <pawl/cache.h>

namespace {

int tests;
int failures;

void report(bool ok, const char *name)
{
	std::printf("%sok %d - %s\n", ok ? "" : "not ", ++tests, name);
	failures += !ok;
}

struct world {
	int fetches, drops, looks;
	bool throws;
};

int fetch(const void *, size_t, pawl_cache_value *ret, void *user)
{
	world *w = static_cast<world *>(user);

	w->fetches++;
	if (w->throws)
		throw std::runtime_error("from fetch");
	ret->value = w;
	return 0;
}

void drop(void *, void *user)
{
	static_cast<world *>(user)->drops++;
}

void look(void *value, void *)
{
	world *w = static_cast<world *>(value);

	w->looks++;
	if (w->throws)
		throw std::runtime_error("from the callback of with");
}

/* Whether the call throws. */
bool with_throws(pawl_cache *c)
{
	try {
		return pawl_cache_with(c, "key", 3, PAWL_FOREVER, look, nullptr) != 0;
	} catch (const std::runtime_error &) {
		return true;
	}
}

} // namespace

int main()
{
	world w = { 0, 0, 0, true };
	pawl_cache_config cfg = pawl_cache_config();
	pawl_cache *c;
	pawl_cache_ref *r;

	(void)alarm(100);
	std::puts("1..5");
	cfg.size = sizeof cfg;
	cfg.fetch = fetch;
	cfg.drop = drop;
	cfg.user = &w;
	if (pawl_cache_open(&cfg, &c) != 0)
		return 99;

	bool caught = with_throws(c);
	report(caught && w.fetches == 1 && w.looks == 0,
	       "an exception of fetch reaches the caller");
	report(pawl_cache_get(c, "key", 3, &r) == ENOENT, "and nothing is kept");

	w.throws = false;
	caught = with_throws(c);
	report(!caught && w.fetches == 2 && w.looks == 1, "the next caller fetches");

	w.throws = true;
	caught = with_throws(c) && with_throws(c);
	report(caught && w.fetches == 2 && w.looks == 3,
	       "an exception of a callback reaches the caller");

	/* It would abort, were a reference or a section left open. */
	w.throws = false;
	int err = pawl_cache_with(c, "other", 5, PAWL_FOREVER, look, nullptr);
	pawl_cache_close(c);
	report(err == 0 && w.drops == 2, "and the cache can be used and closed");
	return failures != 0;
}
