/* SPDX-License-Identifier: BSD-2-Clause */
/* machine.c - what the figures were measured on, its CPUs, and how fast it multiplies. */
#include "config.h"

#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "section.h"

#ifndef BENCH_FLAGS
# define BENCH_FLAGS "unknown"
#endif
#ifdef __clang__
# define COMPILER __VERSION__
#else
# define COMPILER "gcc " __VERSION__
#endif

enum { MAX_CPUS = CPU_SETSIZE, CALIBRATIONS = 40, CALIBRATION_STEPS = 20000 };

/* CPUs of this process, one of each core first. */
static struct {
	unsigned count, cores;
	unsigned order[MAX_CPUS];
} cpus;
static double step_ns;

static long read_topology(unsigned cpu, const char *what)
{
	char path[128];
	long value = -1;
	FILE *file;

	snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/topology/%s", cpu, what);
	file = fopen(path, "r");
	if (!file)
		return -1;
	if (fscanf(file, "%ld", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

static bool same_core(unsigned a, unsigned b)
{
	long core = read_topology(a, "core_id");

	return core >= 0 && core == read_topology(b, "core_id") &&
		read_topology(a, "physical_package_id") == read_topology(b, "physical_package_id");
}

static bool core_is_listed(unsigned cpu, unsigned listed)
{
	for (unsigned i = 0; i < listed; i++)
		if (same_core(cpus.order[i], cpu))
			return true;
	return false;
}

static void find_cpus(void)
{
	unsigned siblings[MAX_CPUS];
	unsigned extra = 0;
	cpu_set_t set;

	if (cpus.count > 0)
		return;
	if (sched_getaffinity(0, sizeof set, &set) != 0)
		fatal("sched_getaffinity failed");
	for (unsigned cpu = 0; cpu < MAX_CPUS; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		if (core_is_listed(cpu, cpus.count))
			siblings[extra++] = cpu;
		else
			cpus.order[cpus.count++] = cpu;
	}
	cpus.cores = cpus.count;
	for (unsigned i = 0; i < extra; i++)
		cpus.order[cpus.count++] = siblings[i];
}

unsigned machine_cpus(void)
{
	find_cpus();
	return cpus.count;
}

void machine_pin(unsigned first, unsigned count)
{
	cpu_set_t set;

	find_cpus();
	if (count == 0)
		count = cpus.count;
	CPU_ZERO(&set);
	for (unsigned i = first; i < first + count && i < cpus.count; i++)
		CPU_SET(cpus.order[i], &set);
	if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0)
		fatal("cannot pin a thread to %u CPUs from the %u. of mine", count, first + 1);
}

/* "cpu7 user nice system idle iowait ...", in ticks. */
static bool read_idle(const char *line, unsigned *ret_cpu, int64_t *ret_ns)
{
	unsigned long long idle, iowait;

	if (sscanf(line, "cpu%u %*u %*u %*u %llu %llu", ret_cpu, &idle, &iowait) != 3)
		return false;
	*ret_ns = (int64_t)(idle + iowait) * (1000000000 / sysconf(_SC_CLK_TCK));
	return true;
}

int64_t machine_idle(unsigned count)
{
	FILE *file = fopen("/proc/stat", "r");
	int64_t total = 0, ns;
	unsigned found = 0, cpu;
	char line[1024];

	find_cpus();
	if (count == 0)
		count = cpus.count;
	while (file && fgets(line, sizeof line, file)) {
		if (strncmp(line, "cpu ", 4) == 0 || !read_idle(line, &cpu, &ns))
			continue;
		for (unsigned i = 0; i < count && i < cpus.count; i++)
			if (cpus.order[i] == cpu) {
				total += ns;
				found++;
			}
	}
	if (file)
		fclose(file);
	return found == count ? total : -1;
}

/* The quickest of many: only interruptions make it slower. */
static double calibrate(void)
{
	struct section section = { .value = 1 };
	double best = 1e9;

	for (int i = 0; i < CALIBRATIONS; i++) {
		int64_t begin = clock_ns();
		double ns;

		section_run(&section, CALIBRATION_STEPS);
		ns = (double)(clock_ns() - begin) / CALIBRATION_STEPS;
		best = ns < best ? ns : best;
	}
	return best;
}

unsigned machine_steps(unsigned ns)
{
	if (step_ns == 0)
		step_ns = calibrate();
	return (unsigned)((double)ns / step_ns + 0.5);
}

static void cpu_model(char *model, size_t size)
{
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[256];

	snprintf(model, size, "unknown");
	while (file && fgets(line, sizeof line, file)) {
		const char *colon = strchr(line, ':');

		if (!colon || strncmp(line, "model name", 10) != 0)
			continue;
		snprintf(model, size, "%.*s", (int)strcspn(colon + 2, "\n\"\\"), colon + 2);
		break;
	}
	if (file)
		fclose(file);
}

static const char *commit(void)
{
	const char *name = getenv("PAWL_BENCH_COMMIT");

	return name && *name && !strpbrk(name, "\"\\\n") ? name : "unknown";
}

static double load_average(void)
{
	double load = -1;

	return getloadavg(&load, 1) == 1 ? load : -1;
}

/* Ours and the user's flags come as one string that may have quotes in it. */
static void flags(char *text, size_t size)
{
	size_t n = 0;

	for (const char *p = BENCH_FLAGS; *p && n + 1 < size; p++)
		text[n++] = *p == '"' || *p == '\\' ? '\'' : *p;
	text[n] = '\0';
}

static void facts(FILE *out, const char *form)
{
	char model[128], text[512];
	unsigned per_100 = machine_steps(100);
	struct utsname system;

	find_cpus();
	cpu_model(model, sizeof model);
	flags(text, sizeof text);
	uname(&system);
	fprintf(out, form, model, system.machine, cpus.count, cpus.cores,
		sysconf(_SC_NPROCESSORS_ONLN), system.sysname, system.release, COMPILER, text,
		PACKAGE_VERSION, commit(), load_average(), per_100, per_100 * step_ns);
}

void machine_header(void)
{
	facts(stderr,
	      "# cpu       %s (%s), %u usable, %u cores of them, %ld online\n"
	      "# kernel    %s %s\n"
	      "# compiler  %s, %s\n"
	      "# pawl      %s, commit %s\n"
	      "# load      %.2f when it began\n"
	      "# section   100 ns = %u dependent multiply-adds (%.1f ns)\n");
	fprintf(stderr,
		"# pinning   one thread and pairs: a core each; more threads: to the CPUs named\n"
		"# ns/op     one thread: CPU time; more: wall time per operation of all together\n");
}

void machine_json(FILE *out)
{
	facts(out,
	      "{\"cpu\": \"%s\", \"machine\": \"%s\", \"cpus\": %u, \"cores\": %u, \"online\": %ld,\n"
	      "\"system\": \"%s\", \"kernel\": \"%s\", \"compiler\": \"%s\", \"flags\": \"%s\",\n"
	      "\"version\": \"%s\", \"commit\": \"%s\", \"load\": %.2f,\n"
	      "\"steps_per_100_ns\": %u, \"section_ns\": %.1f}");
}
