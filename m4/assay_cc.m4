# SPDX-License-Identifier: GPL-3.0-or-later
# What the C compiler accepts.

# ASSAY_CC_FLAGS(VARIABLE, FLAGS)
# Substitutes VARIABLE with those FLAGS that $CC takes without a warning.  Each
# is tried together with the ones accepted before it, because some flags only
# make sense in company (-fassociative-math needs -fno-signed-zeros).
AC_DEFUN([ASSAY_CC_FLAGS],
[AC_REQUIRE([AC_PROG_CC])
$1=
assay_saved_CFLAGS=$CFLAGS
for assay_flag in $2; do
  AC_MSG_CHECKING([whether $CC takes $assay_flag])
  CFLAGS="$assay_saved_CFLAGS -Werror $$1 $assay_flag"
  AC_COMPILE_IFELSE([AC_LANG_SOURCE([[int assay_probe (void); int assay_probe (void) { return 0; }]])],
    [AC_MSG_RESULT([yes])
     $1="${$1:+$$1 }$assay_flag"],
    [AC_MSG_RESULT([no])])
done
CFLAGS=$assay_saved_CFLAGS
AC_SUBST([$1])])

# ASSAY_CC_LINKS(FLAG, IF-YES, IF-NO)
# Whether a program compiled and linked with FLAG comes out.
AC_DEFUN([ASSAY_CC_LINKS],
[AC_MSG_CHECKING([whether $CC links with $1])
assay_saved_CFLAGS=$CFLAGS
CFLAGS="$CFLAGS $1"
AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
  [CFLAGS=$assay_saved_CFLAGS
   AC_MSG_RESULT([yes])
   $2],
  [CFLAGS=$assay_saved_CFLAGS
   AC_MSG_RESULT([no])
   $3])])
