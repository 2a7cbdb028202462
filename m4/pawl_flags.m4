# pawl_flags.m4 - probes of compiler and linker flags.
# SPDX-License-Identifier: BSD-2-Clause

# PAWL_CC_FLAGS(VARIABLE, FLAGS)
# Append to VARIABLE each of FLAGS that the C compiler takes without a warning.
AC_DEFUN([PAWL_CC_FLAGS], [
	AC_LANG_PUSH([C])
	for pawl_flag in $2; do
		AS_VAR_PUSHDEF([pawl_cache], [pawl_cv_cc_flag_$pawl_flag])
		AC_CACHE_CHECK([whether $CC accepts $pawl_flag], [pawl_cache], [
			pawl_save_CFLAGS=$CFLAGS
			CFLAGS="$CFLAGS -Werror $pawl_flag"
			AC_COMPILE_IFELSE([AC_LANG_SOURCE([extern int pawl_probe; int pawl_probe = 0;])],
				[AS_VAR_SET([pawl_cache], [yes])], [AS_VAR_SET([pawl_cache], [no])])
			CFLAGS=$pawl_save_CFLAGS])
		AS_VAR_IF([pawl_cache], [yes], [AS_VAR_APPEND([$1], [" $pawl_flag"])])
		AS_VAR_POPDEF([pawl_cache])
	done
	AC_LANG_POP([C])
])

# PAWL_LD_FLAG(VARIABLE, FLAG, [FILE-CONTENT])
# Append FLAG to VARIABLE if a program links with it.  The word @FILE@ in FLAG
# stands for a file with FILE-CONTENT.
AC_DEFUN([PAWL_LD_FLAG], [
	AC_LANG_PUSH([C])
	AS_VAR_PUSHDEF([pawl_cache], [pawl_cv_ld_flag_$2])
	AC_CACHE_CHECK([whether the linker accepts $2], [pawl_cache], [
		pawl_save_LDFLAGS=$LDFLAGS
		printf '%s\n' '$3' >conftest.map
		pawl_flag='$2'
		AS_CASE([$pawl_flag], [*@FILE@], [pawl_flag=${pawl_flag%@FILE@}conftest.map])
		LDFLAGS="$LDFLAGS $pawl_flag"
		AC_LINK_IFELSE([AC_LANG_PROGRAM],
			[AS_VAR_SET([pawl_cache], [yes])], [AS_VAR_SET([pawl_cache], [no])])
		rm -f conftest.map
		LDFLAGS=$pawl_save_LDFLAGS])
	AS_VAR_IF([pawl_cache], [yes], [AS_VAR_APPEND([$1], [" $2"])])
	AS_VAR_POPDEF([pawl_cache])
	AC_LANG_POP([C])
])
