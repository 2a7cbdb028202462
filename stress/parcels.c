/* SPDX-License-Identifier: BSD-2-Clause */
/* parcels.c - see parcels.h. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "parcels.h"

struct source {
	_Alignas(STRESS_LINE) uint64_t sent;
	uint64_t sum;		/* of their checks */
};

/* What a taker took of one source. */
struct intake {
	uint64_t next;		/* it is this one or a later one */
	uint64_t taken, sum;
};

static struct source *sources;
static struct intake *intakes;	/* of the first taker, from each source; of the second, ... */
static unsigned source_count, taker_count;

void parcels_open(unsigned s, unsigned t)
{
	source_count = s;
	taker_count = t;
	sources = aligned_alloc(STRESS_LINE, s * sizeof *sources);
	intakes = calloc((size_t)s * t, sizeof *intakes);
	if (!sources || !intakes) {
		stress_fail("no memory");
		exit(1);
	}
	memset(sources, 0, s * sizeof *sources);
}

/* splitmix64's last step, for each of them. */
static uint64_t check_of(const struct parcel *p)
{
	uint64_t x = p->source * UINT64_C(0xd1342543de82ef95) +
		p->number * UINT64_C(0x9e3779b97f4a7c15) + p->load;

	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

void parcels_make(struct parcel *ret, unsigned source, uint64_t ahead, uint64_t load)
{
	ret->source = source;
	ret->number = sources[source].sent + ahead;
	ret->load = load;
	ret->check = check_of(ret);
}

void parcels_sent(const struct parcel *p)
{
	sources[p->source].sent++;
	sources[p->source].sum += p->check;
}

void parcels_taken(const struct parcel *p, unsigned taker)
{
	struct intake *in;

	if (p->source >= source_count || p->check != check_of(p)) {
		stress_fail("taker %u got a parcel that is damaged: %" PRIu64 " of source %" PRIu64,
			taker, p->number, p->source);
		return;
	}
	in = &intakes[(size_t)taker * source_count + p->source];
	if (p->number < in->next)
		stress_fail("taker %u got parcel %" PRIu64 " of source %" PRIu64
			" after %" PRIu64, taker, p->number, p->source, in->next - 1);
	in->next = p->number + 1;
	in->taken++;
	in->sum += p->check;
}

static void judge(unsigned source)
{
	const struct source *s = &sources[source];
	uint64_t taken = 0, sum = 0;

	for (unsigned taker = 0; taker < taker_count; taker++) {
		taken += intakes[(size_t)taker * source_count + source].taken;
		sum += intakes[(size_t)taker * source_count + source].sum;
	}
	if (taken != s->sent)
		stress_fail("source %u sent %" PRIu64 " parcels, and %" PRIu64 " were taken",
			source, s->sent, taken);
	else if (sum != s->sum)
		stress_fail("source %u: as many parcels as were sent, but not the same", source);
}

uint64_t parcels_close(void)
{
	uint64_t sent = 0;

	for (unsigned i = 0; i < source_count; i++) {
		judge(i);
		sent += sources[i].sent;
	}
	free(sources);
	free(intakes);
	return sent;
}
