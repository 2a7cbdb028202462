# pawl_dist.m4 - make dist writes the same bytes from the same sources.
# SPDX-License-Identifier: BSD-2-Clause

# PAWL_REPRODUCIBLE_DIST
# With GNU tar: names sorted, no owner, no umask, one date for every file.
# Makefile.am gives the date in $(pawl_epoch).
AC_DEFUN([PAWL_REPRODUCIBLE_DIST], [
	AC_REQUIRE([AM_INIT_AUTOMAKE])
	AC_CACHE_CHECK([whether tar can write reproducible archives], [pawl_cv_tar_sort], [
		AS_IF([${TAR-tar} --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner \
			--mode=u+rw,go+r,go-w --format=ustar -cf /dev/null -T /dev/null >/dev/null 2>&1],
			[pawl_cv_tar_sort=yes], [pawl_cv_tar_sort=no])])
	AS_IF([test "$pawl_cv_tar_sort" = yes], [
		am__tar='$${TAR-tar} --sort=name --mtime=@$(pawl_epoch) --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w --format=ustar -chf - "$$tardir"'
	])
])
