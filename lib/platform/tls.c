/* SPDX-License-Identifier: BSD-2-Clause */
/* tls.c - see tls.h. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <pawl/atomic.h>

#include "platform/tls.h"

__thread uint64_t pawl_self_;
__thread struct tls pawl_i_tls;

uint64_t pawl_i_self_make(void)
{
	static uint32_t last;
	uint64_t none = 0;
	uint32_t id;

	do
		/* S1 relaxed: only uniqueness counts, which any RMW gives. */
		id = pawl_fetch_add_(&last, 1, relaxed) + 1;
	while (id == 0 || id > TLS_LAST_ID);
	/* S2 relaxed: the thread's own; a step that a signal handler cannot split. */
	(void)pawl_cas_(&pawl_self_, &none, (uint64_t)id << 32, relaxed, relaxed);
	return pawl_self_;
}

uint32_t pawl_i_tls_tid(void)
{
	return (uint32_t)syscall(SYS_gettid);
}

struct exit_call {
	void (*fn)(void *arg);
	void *arg;
};

static pthread_key_t key;
static int key_error;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static __thread struct exit_call exit_calls[TLS_EXITS];

/* Each is taken off first: a fn may register anew. */
static void run_exit_calls(void *calls)
{
	struct exit_call *call = calls;

	for (int slot = 0; slot < TLS_EXITS; slot++, call++) {
		struct exit_call taken = *call;

		call->fn = NULL;
		if (taken.fn)
			taken.fn(taken.arg);
	}
}

static void make_key(void)
{
	key_error = pthread_key_create(&key, run_exit_calls);
}

int pawl_i_tls_at_exit(enum tls_exit slot, void (*fn)(void *arg), void *arg)
{
	int saved = errno, err;

	(void)pthread_once(&key_once, make_key);
	err = key_error != 0 ? key_error : pthread_setspecific(key, exit_calls);
	errno = saved;
	if (err != 0)
		return ENOMEM;
	exit_calls[slot] = (struct exit_call){ fn, arg };
	return 0;
}
