# pawl_sanitizers.m4 - --enable-tsan, --enable-asan, --enable-ubsan.
# SPDX-License-Identifier: BSD-2-Clause

# _PAWL_TRY_SANITIZER(FLAGS, NAME)
# Stop with one line if a program built with FLAGS does not run.
AC_DEFUN([_PAWL_TRY_SANITIZER], [
	AC_MSG_CHECKING([whether programs built with $1 run])
	pawl_save_CFLAGS=$CFLAGS
	CFLAGS="$CFLAGS $1"
	AC_RUN_IFELSE([AC_LANG_PROGRAM([[#include <stdlib.h>]], [[free(malloc(16));]])],
		[pawl_runs=yes], [pawl_runs=no],
		[AC_LINK_IFELSE([AC_LANG_PROGRAM], [pawl_runs="assumed, as it links"], [pawl_runs=no])])
	CFLAGS=$pawl_save_CFLAGS
	AC_MSG_RESULT([$pawl_runs])
	AS_IF([test "$pawl_runs" = no], [AC_MSG_ERROR(m4_normalize([--enable-$2: a program built with
		'$CC $1' does not link or run; install the sanitizer runtime (Debian: libgcc-12-dev
		for gcc, libclang-rt-14-dev for clang), and if it is there lower
		vm.mmap_rnd_bits to 28 or run under 'setarch -R']))])
])

# PAWL_SANITIZERS
# Sets SAN_CFLAGS and SAN_NAMES (both empty without sanitizers), the conditionals
# SANITIZED and ENABLE_TSAN, and PAWL_SANITIZER_RULES, which refuse `make install`.
AC_DEFUN([PAWL_SANITIZERS], [
	AC_ARG_ENABLE([tsan], [AS_HELP_STRING([--enable-tsan], [build with ThreadSanitizer])],
		[], [enable_tsan=no])
	AC_ARG_ENABLE([asan], [AS_HELP_STRING([--enable-asan], [build with AddressSanitizer])],
		[], [enable_asan=no])
	AC_ARG_ENABLE([ubsan], [AS_HELP_STRING([--enable-ubsan], [build with UndefinedBehaviorSanitizer])],
		[], [enable_ubsan=no])

	AS_IF([test "$enable_tsan" != no && test "$enable_asan" != no],
		[AC_MSG_ERROR([--enable-tsan and --enable-asan exclude each other: use two build directories])])

	SAN_CFLAGS= SAN_NAMES=
	AS_IF([test "$enable_tsan" != no], [
		_PAWL_TRY_SANITIZER([-fsanitize=thread], [tsan])
		SAN_NAMES="thread" SAN_CFLAGS="-fsanitize=thread"])
	AS_IF([test "$enable_asan" != no], [
		_PAWL_TRY_SANITIZER([-fsanitize=address], [asan])
		SAN_NAMES="address" SAN_CFLAGS="-fsanitize=address"])
	AS_IF([test "$enable_ubsan" != no], [
		_PAWL_TRY_SANITIZER([-fsanitize=undefined -fno-sanitize-recover=undefined], [ubsan])
		SAN_NAMES="${SAN_NAMES:+$SAN_NAMES,}undefined"
		SAN_CFLAGS="$SAN_CFLAGS -fsanitize=undefined -fno-sanitize-recover=undefined"])

	PAWL_SANITIZER_RULES=
	AS_IF([test -n "$SAN_NAMES"], [
		SAN_CFLAGS="$SAN_CFLAGS -fno-omit-frame-pointer -g"
		PAWL_SANITIZER_RULES='
install install-am install-exec install-exec-am install-data install-data-am install-strip: pawl-refuse-install
install-libLTLIBRARIES install-pkgincludeHEADERS install-pkgconfigDATA: pawl-refuse-install
pawl-refuse-install:
	@echo "make install: this tree is built with -fsanitize=$(SAN_NAMES) and plain programs cannot load such a library; configure a tree without sanitizers and install that one." >&2; exit 1
.PHONY: pawl-refuse-install'])

	AC_SUBST([SAN_CFLAGS])
	AC_SUBST([SAN_NAMES])
	AC_SUBST([PAWL_SANITIZER_RULES])
	AM_SUBST_NOTMAKE([PAWL_SANITIZER_RULES])
	AM_CONDITIONAL([SANITIZED], [test -n "$SAN_NAMES"])
	AM_CONDITIONAL([ENABLE_TSAN], [test "$enable_tsan" != no])
])
