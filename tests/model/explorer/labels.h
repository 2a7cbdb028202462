/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * labels.h - from a line of a source file to the label of the atomic access that stands
 * there, by reading the file.
 */
#ifndef EXPLORER_LABELS_H
#define EXPLORER_LABELS_H

enum { LABEL_SIZE = 8 };

/*
 * @told: the file's name in the debug information; @line: 0: unknown.
 *
 * Return: the file, which can be opened from any directory; what to show of it (see symbols.h);
 * the label, "M5", or "": no atomic access in the statement, or no label.
 */
void labels_find(const char *told, unsigned line, const char **ret_file, const char **ret_base,
	char ret_label[LABEL_SIZE]);

/* @memory, which is not NULL; else the program ends. */
void *checked(void *memory);

#endif
