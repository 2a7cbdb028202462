/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * pawl/base.h - what every header of pawl stands on: linkage, attributes,
 * and how inline functions and their exported twins are made.
 *
 * PAWL_NO_INLINE	define it before including any header of pawl, and every
 *			call goes to the exported function (debuggers, FFI).
 * PAWL_DEBUG		implies PAWL_NO_INLINE.
 */
#ifndef PAWL_BASE_H
#define PAWL_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if !defined __GNUC__
# error "pawl needs gcc, clang or a compiler that knows their builtins"
#endif

#ifdef __cplusplus
# define PAWL_BEGIN_DECLS extern "C" {
# define PAWL_END_DECLS }
#else
# define PAWL_BEGIN_DECLS
# define PAWL_END_DECLS
#endif

#define PAWL_API __attribute__((__visibility__("default")))
#define PAWL_NONNULL_ __attribute__((__nonnull__))
#define PAWL_MUST_CHECK_ __attribute__((__warn_unused_result__))

/*
 * An inline function has one body, in its header, and one exported twin of the
 * same name.  gnu_inline says "never emit this body": what is not inlined (at
 * -O0, or because its address is taken) calls the twin.  lib/inline.c defines
 * PAWL_INLINE_ as nothing, and so emits the twins.
 */
#ifndef PAWL_INLINE_
# define PAWL_INLINE_ extern inline __attribute__((__gnu_inline__))
#endif
#if !defined PAWL_NO_INLINE && !defined PAWL_DEBUG
# define PAWL_INLINES_ 1
#endif

#define pawl_likely_(x) __builtin_expect(!!(x), 1)

#endif
