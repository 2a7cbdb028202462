/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * labels.c - see labels.h.
 *
 * Which label belongs to which access is decided as in build-aux/lint-orders.awk: those
 * in comments in the statement or directly above it, and among these the first that has
 * the orders of the call.  If none has them, it is the first: twins weaken an order and
 * leave the comment as it is.
 *
 * The compiler says one line for a call that spans several, and not always its first: so
 * a line belongs to the access whose call it is in, else to that whose statement it is in.
 */
#include "config.h"

#include <ctype.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explorer/labels.h"

enum { ORDER_SIZE = 10, MAX_ARGS = 5 };	/* no order has 9 characters */

/* "M4 acq_rel/acquire:" in a comment. */
struct note {
	char label[LABEL_SIZE], order[ORDER_SIZE], failure[ORDER_SIZE];
	unsigned first, last;	/* lines of the comment */
	bool own;		/* no code stands before it */
};

/* An atomic access: the lines of its call, and where its statement begins. */
struct access {
	char label[LABEL_SIZE];
	unsigned statement, first, last;
};

struct source {
	struct source *older;
	char *told;		/* name in the debug information */
	char *path;
	const char *base;	/* in path */
	struct access *accesses;
	size_t n_accesses;
};

/* A file while it is read: comments and strings become blanks. */
struct text {
	char *bytes, *end;
	char **line;		/* line[1..lines], each ends with '\0' */
	unsigned lines;
	struct note *notes;
	size_t n_notes;
};

static struct source *sources;

void *checked(void *memory)
{
	if (!memory) {
		fputs("explorer: out of memory\n", stderr);
		abort();
	}
	return memory;
}

/* Room for one more at the end of @array; grows when @n is a power of two. */
static void *one_more(void *array, size_t n, size_t size)
{
	return n & (n - 1) ? array : checked(realloc(array, (n ? 2 * n : 1) * size));
}

static bool is_word(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

static bool is_order(const char *s)
{
	static const char *const orders[] = {
		"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst",
	};

	for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
		if (strcmp(s, orders[i]) == 0)
			return true;
	return false;
}

/* The note that begins at @p, if one does; it may go on in the next line. */
static bool parse_note(const char *p, struct note *n)
{
	char letters[4], digits[5];
	int length = 0;

	memset(n, 0, sizeof *n);
	if (sscanf(p, "%3[A-Z]%4[0-9]%*[ \t\n*]%9[a-z_]%n", letters, digits, n->order,
		   &length) != 3 || !is_order(n->order))
		return false;
	p += length;
	length = 0;
	if (*p == '/')
		(void)sscanf(p, "/%9[a-z_]%n", n->failure, &length);
	snprintf(n->label, sizeof n->label, "%s%s", letters, digits);
	return p[length] == ':';
}

/* Take the notes of a comment, then blank it. */
static void eat_comment(struct text *t, char *p, char *end, struct note where)
{
	struct note n;

	for (char *q = p; q < end; q++) {
		if (!isupper((unsigned char)*q) || is_word(q[-1]) || !parse_note(q, &n))
			continue;
		n.first = where.first;
		n.last = where.last;
		n.own = where.own;
		t->notes = one_more(t->notes, t->n_notes, sizeof n);
		t->notes[t->n_notes++] = n;
	}
	for (; p < end; p++)
		if (*p != '\n')
			*p = ' ';
}

/* The end of the comment that begins at @p. */
static char *comment_end(const struct text *t, char *p)
{
	char *end = p[1] == '*' ? strstr(p + 2, "*/") : strchr(p, '\n');

	return !end ? t->end : p[1] == '*' ? end + 2 : end;
}

/* Blank what is between the quotes; returns the last one. */
static char *eat_string(char *p)
{
	char quote = *p++;

	for (; *p && *p != '\n' && *p != quote; p++) {
		if (*p == '\\' && p[1] && p[1] != '\n')
			*p++ = ' ';
		*p = ' ';
	}
	return *p == quote ? p : p - 1;
}

static void eat_comments(struct text *t)
{
	struct note where = { .last = 1, .own = true };

	for (char *p = t->bytes; p < t->end; p++) {
		if (*p == '/' && (p[1] == '*' || p[1] == '/')) {
			char *end = comment_end(t, p);

			where.first = where.last;
			for (char *q = p; q < end; q++)
				where.last += *q == '\n';
			eat_comment(t, p + 1, end, where);
			where.own = where.own || where.last != where.first;
			*p = ' ';
			p = end - 1;
		} else if (*p == '\n') {
			where.last++;
			where.own = true;
		} else if (!isspace((unsigned char)*p)) {
			where.own = false;
			if (*p == '"' || *p == '\'')
				p = eat_string(p);
		}
	}
}

static void split_lines(struct text *t)
{
	char *p = t->bytes;

	t->lines = 1;
	for (char *q = p; q < t->end; q++)
		t->lines += *q == '\n';
	t->line = checked(calloc((size_t)t->lines + 1, sizeof *t->line));
	for (unsigned i = 1; i <= t->lines; i++) {
		t->line[i] = p;
		p += strcspn(p, "\n");
		*p++ = '\0';
	}
}

/* True if no statement goes on after line @i. */
static bool ends_statement(const struct text *t, unsigned i)
{
	const char *first = t->line[i] + strspn(t->line[i], " \t\\");
	const char *last = t->line[i] + strlen(t->line[i]);

	while (last > first && strchr(" \t\\", last[-1]))
		last--;
	return last == first || *first == '#' || strchr(";{}:", last[-1]);
}

/* The arguments of the call whose "(" is at @p in line @line; returns its last line. */
static unsigned arguments(const struct text *t, unsigned line, const char *p,
	char arg[MAX_ARGS][ORDER_SIZE])
{
	int depth = 0, n = 0, length = 0;

	memset(arg, 0, MAX_ARGS * sizeof *arg);
	for (;; p++) {
		if (*p == '\0') {
			if (line == t->lines)
				return line;
			p = t->line[++line] - 1;
			continue;
		}
		depth += strchr("([{", *p) != NULL;
		depth -= strchr(")]}", *p) != NULL;
		if (depth == 0)
			return line;
		if (*p == ',' && depth == 1) {
			n++;
			length = 0;
		} else if (n < MAX_ARGS && is_word(*p) && length < ORDER_SIZE - 1) {
			arg[n][length++] = *p;
		}
	}
}

/* True if @n is in the lines @first..@last, or directly above them. */
static bool belongs(const struct note *n, unsigned first, unsigned last)
{
	return (n->first >= first && n->first <= last) ||
		(n->own && n->last + 1 >= first && n->last <= last);
}

/* The label of the access in the statement of the lines @first..@last. */
static const char *label_for(const struct text *t, unsigned first, unsigned last,
	const char *order, const char *failure)
{
	const struct note *other = NULL;

	for (size_t i = 0; i < t->n_notes; i++) {
		const struct note *n = &t->notes[i];

		if (!belongs(n, first, last))
			continue;
		if (strcmp(n->order, order) == 0 &&
		    (!*n->failure || strcmp(n->failure, failure) == 0))
			return n->label;
		if (!other)
			other = n;
	}
	return other ? other->label : "";
}

static void add_access(struct source *s, const struct text *t, unsigned line, const char *paren,
	int order_at)
{
	struct access a = { .statement = line, .first = line };
	char arg[MAX_ARGS][ORDER_SIZE];
	unsigned end;

	end = a.last = arguments(t, line, paren, arg);
	while (a.statement > 1 && !ends_statement(t, a.statement - 1))
		a.statement--;
	while (end < t->lines && !ends_statement(t, end))
		end++;
	strcpy(a.label, label_for(t, a.statement, end, arg[order_at], arg[MAX_ARGS - 1]));
	s->accesses = one_more(s->accesses, s->n_accesses, sizeof a);
	s->accesses[s->n_accesses++] = a;
}

/* If a macro of pawl/atomic.h is called at @p: its "(", and which argument the order is. */
static const char *call_at(const char *p, int *ret_order_at)
{
	static const struct { const char *name; int order_at; } macros[] = {
		{ "pawl_load_", 1 }, { "pawl_store_", 2 }, { "pawl_xchg_", 2 },
		{ "pawl_fetch_add_", 2 }, { "pawl_fetch_sub_", 2 }, { "pawl_fetch_or_", 2 },
		{ "pawl_fetch_and_", 2 }, { "pawl_cas_", 3 }, { "pawl_cas_weak_", 3 },
	};

	for (size_t i = 0; i < sizeof macros / sizeof *macros; i++) {
		size_t length = strlen(macros[i].name);

		if (strncmp(p, macros[i].name, length) != 0)
			continue;
		length += strspn(p + length, " ");
		if (p[length] == '(') {
			*ret_order_at = macros[i].order_at;
			return p + length;
		}
	}
	return NULL;
}

static void find_accesses(struct source *s, const struct text *t)
{
	for (unsigned i = 1; i <= t->lines; i++) {
		for (const char *p = t->line[i]; (p = strstr(p, "pawl_")) != NULL; p++) {
			int order_at;
			const char *paren = call_at(p, &order_at);

			if (paren && (p == t->line[i] || !is_word(p[-1])))
				add_access(s, t, i, paren, order_at);
		}
	}
}

static void read_source(struct source *s)
{
	struct text t = { 0 };
	FILE *f = fopen(s->path, "r");
	size_t room = 0;
	ssize_t length;

	if (!f)
		return;
	length = getdelim(&t.bytes, &room, '\0', f);	/* a text file has none: all of it */
	fclose(f);
	if (length > 0) {
		t.end = t.bytes + length;
		eat_comments(&t);
		split_lines(&t);
		find_accesses(s, &t);
	}
	free(t.notes);
	free(t.line);
	free(t.bytes);
}

static const char *label_at(const struct source *s, unsigned line)
{
	const char *near = "";

	for (size_t i = s->n_accesses; i-- > 0;) {
		const struct access *a = &s->accesses[i];

		if (line >= a->first && line <= a->last)
			return a->label;
		if (line >= a->statement && line < a->first)
			near = a->label;
	}
	return near;
}

/* What to show of @path: from the top of the source tree that it is in. */
static const char *base_of(const char *path)
{
	static char mark[PATH_MAX];
	const char *last = strrchr(path, '/'), *before;

	for (size_t n = strlen(path); n-- > 0;) {
		if (path[n] != '/')
			continue;
		snprintf(mark, sizeof mark, "%.*s/lib/layers", (int)n, path);
		if (access(mark, F_OK) == 0)
			return path + n + 1;
	}
	before = last ? memrchr(path, '/', (size_t)(last - path)) : NULL;
	return before ? before + 1 : path;
}

static const struct source *source_of(const char *told)
{
	struct source *s;

	for (s = sources; s; s = s->older)
		if (strcmp(s->told, told) == 0)
			return s;
	s = checked(calloc(1, sizeof *s));
	s->told = checked(strdup(told));
	s->path = realpath(told, NULL);
	if (!s->path)
		s->path = s->told;
	s->base = base_of(s->path);
	s->older = sources;
	sources = s;
	read_source(s);
	return s;
}

void labels_find(const char *told, unsigned line, const char **ret_file, const char **ret_base,
	char ret_label[LABEL_SIZE])
{
	const struct source *s = source_of(told);

	*ret_file = s->path;
	*ret_base = s->base;
	strcpy(ret_label, label_at(s, line));
}
