/* SPDX-License-Identifier: BSD-2-Clause */
/* fork.h - what must be put right in the child of a fork, where no other thread lives. */
#ifndef PAWL_PLATFORM_FORK_H
#define PAWL_PLATFORM_FORK_H

/* Have @fn called in each child, before fork() returns there.  For constructors. */
void pawl_i_fork_child(void (*fn)(void));

#endif
