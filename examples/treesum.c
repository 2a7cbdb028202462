/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * treesum.c - checksum every file of a directory tree, with several threads.
 *
 * Its output is what find, sort and cksum give together, see usage().  Who does what:
 *
 *	walker	     lists the directories, and puts each regular file on the work list
 *	workers	     take files off the list and read them
 *	main thread  shows the progress, and at the end sorts and prints
 *	watcher	     waits for Ctrl-C
 *
 *	walker --> work list (a queue) --> workers --> struct file --> main thread
 *
 * What it shows of pawl:
 *
 *	queue		the work list.  It is bounded: a walker that is faster than the
 *			disk waits, and files are read soon after they were listed.
 *			Closed by the walker at its end, and by Ctrl-C before.
 *	counter		totals that all threads add to; and waiting, with a deadline,
 *			until no worker is left.
 *	once		the tables in posix_crc.h are made by the first who needs them.
 *	cache		a file with several names (hard links) is read once, by whoever
 *			comes first, and the others wait for that result.
 *
 * Build: cc treesum.c $(pkg-config --cflags --libs pawl)
 */
#define _FILE_OFFSET_BITS 64 /* large files, where that is a choice */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pawl/cache.h>
#include <pawl/counter.h>
#include <pawl/queue.h>

#include "posix_crc.h"

enum { LIST_SLOTS = 256, MAX_THREADS = 1024, READ_SIZE = 64 * 1024 };
enum { EXIT_PROBLEMS = 1, EXIT_USAGE = 2 };

/* Reasons that errno has no value for. */
enum { NOT_REGULAR = -1, NOT_FOLLOWED = -2 };

struct sum {
	uint64_t size;
	uint32_t crc;
};

/* One name of a file.  Made by the walker, completed by one worker, then read by main. */
struct file {
	struct file *next; /* the walker's chain of all files */
	struct sum sum;
	bool done;
	char path[];
};

/* A directory that is still to be listed. */
struct directory {
	struct directory *next;
	char path[];
};

static struct file *all_files;

static pawl_cache *linked_sums;

static pawl_counter working; /* workers that have not ended */
static pawl_counter n_files, n_bytes, n_read, n_problems;

static bool quiet, verbose, on_tty;

/*** Messages *************************************************************************************/

static void die(const char *why)
{
	fprintf(stderr, "treesum: %s\n", why);
	exit(EXIT_PROBLEMS);
}

static void *need(void *memory)
{
	if (!memory)
		die("out of memory");
	return memory;
}

static const char *reason(int err)
{
	switch (err) {
	case NOT_REGULAR:
		return "not a regular file or directory";
	case NOT_FOLLOWED:
		return "symbolic link, not followed";
	default:
		return strerror(err);
	}
}

/* Name a file that cannot be summed.  A name must not play tricks on the terminal. */
static void report(const char *path, int err)
{
	pawl_counter_add(&n_problems, 1);

	flockfile(stderr); /* the whole line is one message; strerror() is used by one at a time */
	fputs(on_tty ? "\r\033[Ktreesum: " : "treesum: ", stderr);
	for (; *path; path++)
		putc((unsigned char)*path < ' ' || *path == 127 ? '?' : *path, stderr);
	fprintf(stderr, ": %s\n", reason(err));
	funlockfile(stderr);
}

static void show_totals(const char *before, const char *after)
{
	fprintf(stderr,
		"%sfiles: %" PRId64 ", read: %" PRId64 ", bytes: %" PRId64 ", problems: %" PRId64
		"%s",
		before, pawl_counter_get(&n_files), pawl_counter_get(&n_read),
		pawl_counter_get(&n_bytes), pawl_counter_get(&n_problems), after);
}

/*** The work list ********************************************************************************/

static pawl_queue *list;	 /* of struct file pointers */
static pawl_counter interrupted; /* the signal that ended it early: leave what is left; 0: none */

static void list_open(void)
{
	const pawl_queue_config cfg = {
		.size = sizeof cfg,
		.capacity = LIST_SLOTS,
		.item_size = sizeof(struct file *),
	};
	int err = pawl_queue_open(&cfg, &list);

	if (err != 0)
		die(strerror(err));
}

/* Wait while there is no room.  False: interrupted. */
static bool list_put(struct file *file)
{
	return pawl_queue_push(list, &file) == 0;
}

/* Return: the signal, or 0. */
static int list_interrupted(void)
{
	return (int)pawl_counter_get(&interrupted);
}

/* Wait while there is nothing.  NULL: there will be nothing more, or interrupted. */
static struct file *list_take(void)
{
	struct file *file;

	return pawl_queue_pop(list, &file) == 0 && !list_interrupted() ? file : NULL;
}

/* Have everybody stop soon.  False: they were told before. */
static bool list_interrupt(int signo)
{
	if (list_interrupted())
		return false;
	pawl_counter_add(&interrupted, signo);
	pawl_queue_close(list);
	return true;
}

/*** Workers **************************************************************************************/

/* Read a file to its end.  Return: 0; ECANCELED if interrupted; why it cannot be read. */
static int read_sum(int fd, struct sum *ret_sum)
{
	unsigned char buffer[READ_SIZE];
	struct sum sum = { 0, 0 };

	crc_begin();
	for (;;) {
		ssize_t n = read(fd, buffer, sizeof buffer);

		if (n < 0)
			return errno;
		if (n == 0)
			break;
		if (list_interrupted())
			return ECANCELED;
		sum.crc = crc_bytes(sum.crc, buffer, (size_t)n);
		sum.size += (uint64_t)n;
	}
	sum.crc = crc_end(sum.crc, sum.size);
	*ret_sum = sum;
	pawl_counter_add(&n_read, 1);
	return 0;
}

/* The cache calls fetch_sum() on the thread that asks, so this tells it what to read. */
static _Thread_local int fetch_fd;

static int fetch_sum(const void *key, size_t len, pawl_cache_value *ret, void *unused)
{
	struct sum *sum = need(malloc(sizeof *sum));
	int err = read_sum(fetch_fd, sum);

	(void)key, (void)len, (void)unused;
	if (err == 0)
		ret->value = sum;
	else
		free(sum);
	return err;
}

static void drop_sum(void *value, void *unused)
{
	(void)unused;
	free(value);
}

static void copy_sum(void *value, void *ret_sum)
{
	*(struct sum *)ret_sum = *(const struct sum *)value;
}

/*
 * The sum of a file that has other names too.  If reading fails, that is reported for
 * the name it was read by; whoever waits with another name tries for itself.
 */
static int linked_sum(int fd, const struct stat *st, struct sum *ret_sum)
{
	/* The time of change too: the number of a deleted file may be given to a new one. */
	uint64_t key[] = { st->st_dev, st->st_ino, (uint64_t)st->st_ctim.tv_sec,
			   (uint64_t)st->st_ctim.tv_nsec };

	fetch_fd = fd;
	return pawl_cache_with(linked_sums, key, sizeof key, PAWL_FOREVER, copy_sum, ret_sum);
}

/* Since it was listed, the file may have gone, or become a link, a device or a pipe. */
static int sum_file(const char *path, struct sum *ret_sum)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;
	int err;

	if (fd < 0)
		return errno == ELOOP ? NOT_FOLLOWED : errno;
	if (fstat(fd, &st) != 0)
		err = errno;
	else if (!S_ISREG(st.st_mode))
		err = NOT_REGULAR;
	else if (st.st_nlink > 1)
		err = linked_sum(fd, &st, ret_sum);
	else
		err = read_sum(fd, ret_sum);
	close(fd);
	return err;
}

static void *work(void *unused)
{
	struct file *file;

	(void)unused;
	while ((file = list_take()) != NULL) {
		int err = sum_file(file->path, &file->sum);

		if (err == 0) {
			file->done = true;
			pawl_counter_add(&n_files, 1);
			pawl_counter_add(&n_bytes, (int64_t)file->sum.size);
		} else if (err != ECANCELED) {
			report(file->path, err);
		}
	}
	pawl_counter_add(&working, -1);
	return NULL;
}

/*** The walker ***********************************************************************************/

/* False: interrupted. */
static bool add_file(const char *path)
{
	struct file *file = need(calloc(1, sizeof *file + strlen(path) + 1));

	strcpy(file->path, path);
	file->next = all_files;
	all_files = file;
	return list_put(file);
}

static void add_directory(struct directory **todo, const char *path)
{
	struct directory *dir = need(malloc(sizeof *dir + strlen(path) + 1));

	strcpy(dir->path, path);
	dir->next = *todo;
	*todo = dir;
}

/* The type of a directory's entry, as DT_REG or DT_DIR; negative: -errno. */
static int type_of(DIR *dir, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN) /* most file systems say it at once */
		return entry->d_type;
	if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return -errno;
	return S_ISREG(st.st_mode) ? DT_REG : S_ISDIR(st.st_mode) ? DT_DIR : DT_LNK;
}

/* False: interrupted. */
static bool add_entry(struct directory **todo, const char *parent, int type, const char *name)
{
	size_t room = strlen(parent) + strlen(name) + 2;
	const char *slash = parent[strlen(parent) - 1] == '/' ? "" : "/";
	char *path = need(malloc(room));
	bool go_on = true;

	snprintf(path, room, "%s%s%s", parent, slash, name);
	if (type == DT_REG)
		go_on = add_file(path);
	else if (type == DT_DIR)
		add_directory(todo, path);
	else if (type < 0)
		report(path, -type);
	free(path);
	return go_on;
}

/* Its files go to the workers, its directories to @todo.  False: interrupted. */
static bool list_directory(struct directory **todo, const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool go_on = true;

	if (!dir) {
		report(path, errno);
		if (fd >= 0)
			close(fd);
		return true;
	}
	while (go_on && (errno = 0, entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			go_on = add_entry(todo, path, type_of(dir, entry), entry->d_name);
	}
	if (go_on && errno != 0)
		report(path, errno);
	closedir(dir);
	return go_on;
}

/* An explicit stack instead of recursion: a deep tree costs neither stack nor open files. */
static bool walk(const char *path)
{
	struct directory *todo = NULL, *dir;
	bool go_on = true;

	add_directory(&todo, path);
	while ((dir = todo) != NULL) {
		todo = dir->next;
		go_on = go_on && list_directory(&todo, dir->path);
		free(dir);
	}
	return go_on;
}

/* What the user named: false if interrupted. */
static bool walk_argument(const char *path)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		report(path, errno);
	else if (S_ISDIR(st.st_mode))
		return walk(path);
	else if (S_ISREG(st.st_mode))
		return add_file(path);
	else
		report(path, S_ISLNK(st.st_mode) ? NOT_FOLLOWED : NOT_REGULAR);
	return true;
}

static void *walk_all(void *arguments)
{
	for (char **path = arguments; *path; path++) {
		if (!walk_argument(*path))
			break;
	}
	pawl_queue_close(list); /* nothing more will come */
	return NULL;
}

/*** Signals **************************************************************************************/

/* End as the signal would have ended us, so that the shell that waits sees why. */
static void die_of(int signo)
{
	sigset_t set;

	signal(signo, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, signo);
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
	raise(signo);
}

/*
 * A signal handler may do next to nothing: no mutex, no stdio.  So there is none: all
 * threads block the signals, and this one waits for them, as for anything else.
 */
static void *watch_signals(void *set)
{
	int signo;

	for (;;) {
		if (sigwait(set, &signo) != 0)
			continue;
		/* The second Ctrl-C, or one while the result is printed, ends us at once. */
		if (pawl_counter_get(&working) == 0 || !list_interrupt(signo))
			die_of(signo);
	}
	return NULL;
}

/* Only those that are not ignored: nohup, or a shell's background job, means it. */
static void block_signals(sigset_t *ret_set)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction now;

	sigemptyset(ret_set);
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
			sigaddset(ret_set, signals[i]);
	}
	pthread_sigmask(SIG_BLOCK, ret_set, NULL); /* threads inherit it */
}

/*** The main thread ******************************************************************************/

static int by_path(const void *a, const void *b)
{
	return strcmp((*(struct file *const *)a)->path, (*(struct file *const *)b)->path);
}

/* Print what is done, sorted, and free everything.  False: standard output failed. */
static bool print_sums(void)
{
	struct file **sorted;
	size_t n = 0;

	for (struct file *f = all_files; f; f = f->next)
		n++;
	sorted = need(malloc((n + 1) * sizeof *sorted));
	n = 0;
	for (struct file *f = all_files; f; f = f->next)
		sorted[n++] = f;
	qsort(sorted, n, sizeof *sorted, by_path);

	for (size_t i = 0; i < n; i++) {
		if (sorted[i]->done)
			printf("%" PRIu32 " %" PRIu64 " %s\n", sorted[i]->sum.crc,
				sorted[i]->sum.size, sorted[i]->path);
		free(sorted[i]);
	}
	free(sorted);
	return fflush(stdout) == 0 && !ferror(stdout);
}

static pthread_t start_thread(void *(*fn)(void *arg), void *arg)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, fn, arg);

	if (err != 0)
		die(strerror(err));
	return thread;
}

/* Start everybody, show the progress until no worker is left, and join them. */
static void run(unsigned n_threads, char **paths)
{
	pthread_t *workers = need(calloc(n_threads, sizeof *workers));
	pthread_t walker;

	pawl_counter_add(&working, n_threads);
	walker = start_thread(walk_all, paths);
	for (unsigned i = 0; i < n_threads; i++)
		workers[i] = start_thread(work, NULL);

	/* A deadline is an instant, so each round makes a new one. */
	while (pawl_counter_wait_zero(&working,
		       on_tty ? pawl_after(PAWL_MS(200)) : PAWL_FOREVER) != 0)
		show_totals("\r", "\033[K");
	if (on_tty)
		fputs("\r\033[K", stderr);

	pthread_join(walker, NULL);
	for (unsigned i = 0; i < n_threads; i++)
		pthread_join(workers[i], NULL);
	free(workers);
}

static void usage(FILE *to)
{
	fputs("Usage: treesum [OPTION]... [DIR|FILE]...\n"
	      "Print the POSIX checksum, the size and the name of every regular file below each\n"
	      "DIR (default: .), as cksum(1) does, but with several threads.\n"
	      "\n"
	      "  -j, --threads=N  read N files at a time (1 to 1024; default: one per CPU)\n"
	      "  -q, --quiet      no progress and no summary; problems are reported all the same\n"
	      "  -v, --verbose    print a summary to standard error, even if all went well\n"
	      "  -h, --help       print this and exit\n"
	      "\n"
	      "Output and its order (by the bytes of the whole path) are those of\n"
	      "    find DIR -type f -print0 | LC_ALL=C sort -z | xargs -0 cksum\n"
	      "A file with several names is read once.  Symbolic links are not followed.\n"
	      "\n"
	      "What cannot be read is reported and counted, and the rest is summed.  Ctrl-C stops\n"
	      "it and prints what is done, with a summary; a second one stops it at once.\n"
	      "Progress is shown if standard error is a terminal.\n"
	      "\n"
	      "Exit status: 0, 1 if there were problems, 2 if the command line is wrong; ended by\n"
	      "the signal if there was one (130 in the shell after Ctrl-C).\n",
		to);
}

static void usage_error(const char *why)
{
	if (why)
		fprintf(stderr, "treesum: %s\n", why);
	fputs("Try 'treesum --help'.\n", stderr);
	exit(EXIT_USAGE);
}

static unsigned parse_threads(const char *text)
{
	char *end;
	long n = strtol(text, &end, 10);

	if (end == text || *end || n < 1 || n > MAX_THREADS)
		usage_error("the number of threads must be from 1 to 1024");
	return (unsigned)n;
}

static unsigned default_threads(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > MAX_THREADS ? MAX_THREADS : (unsigned)n;
}

/* Return: the number of threads; what comes after the options begins at optind. */
static unsigned parse_options(int argc, char **argv)
{
	static const struct option options[] = {
		{ "threads", required_argument, NULL, 'j' },
		{ "quiet", no_argument, NULL, 'q' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned n_threads = default_threads();
	int option;

	while ((option = getopt_long(argc, argv, "j:qvh", options, NULL)) != -1) {
		switch (option) {
		case 'j':
			n_threads = parse_threads(optarg);
			break;
		case 'q':
			quiet = true;
			break;
		case 'v':
			verbose = true;
			break;
		case 'h':
			usage(stdout);
			exit(fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_PROBLEMS);
		default:
			usage_error(NULL);
		}
	}
	return n_threads;
}

int main(int argc, char **argv)
{
	static char here[] = ".";
	char *default_paths[] = { here, NULL };
	pawl_cache_config config = {
		.size = sizeof config,
		.fetch = fetch_sum,
		.drop = drop_sum,
	};
	unsigned n_threads = parse_options(argc, argv);
	static sigset_t signals; /* outlives main's frame, as the watcher does */
	int signo;

	if (pawl_cache_open(&config, &linked_sums) != 0)
		die("out of memory");
	list_open();
	on_tty = !quiet && isatty(STDERR_FILENO);
	block_signals(&signals);
	pthread_detach(start_thread(watch_signals, &signals)); /* it ends with the process */

	run(n_threads, optind < argc ? argv + optind : default_paths);

	pawl_cache_close(linked_sums);
	if (!print_sums())
		report("standard output", errno);
	signo = list_interrupted();
	if (!quiet && (verbose || on_tty || signo || pawl_counter_get(&n_problems) > 0))
		show_totals(signo ? "treesum: interrupted: " : "treesum: ", "\n");
	if (signo)
		die_of(signo);
	return pawl_counter_get(&n_problems) > 0 ? EXIT_PROBLEMS : EXIT_SUCCESS;
}
