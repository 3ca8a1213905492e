# SPDX-License-Identifier: GPL-3.0-or-later
# An MPI, for the module that is loaded at run time where several ranks were started.

# ASSAY_MPI
# Adds --with-mpi=check|yes|no.  Sets have_mpi, the conditional HAVE_MPI, and
# substitutes MPICC, which is the user's.
AC_DEFUN([ASSAY_MPI],
[AC_REQUIRE([AC_PROG_CC])
AC_ARG_WITH([mpi],
  [AS_HELP_STRING([--with-mpi=check|yes|no], [the MPI module, for one job on several processes @<:@check@:>@])],
  [], [with_mpi=check])
AC_ARG_VAR([MPICC], [MPI C compiler command])
have_mpi=no
AS_IF([test "x$with_mpi" != xno],
  [AC_PATH_PROGS([MPICC], [mpicc mpicc.openmpi mpicc.mpich])
   AS_IF([test -n "$MPICC"],
     [AC_MSG_CHECKING([whether $MPICC builds a module])
      cat >conftest.c <<'_ASSAY_MPI'
#include <mpi.h>
int run (void) { int n; return MPI_Init_thread (0, 0, MPI_THREAD_FUNNELED, &n) != MPI_SUCCESS; }
_ASSAY_MPI
      AS_IF([AC_TRY_COMMAND([$MPICC -shared -fPIC -o conftest$EXEEXT conftest.c >&AS_MESSAGE_LOG_FD 2>&1])], [have_mpi=yes])
      rm -f conftest.c conftest$EXEEXT
      AC_MSG_RESULT([$have_mpi])])
   AS_IF([test $have_mpi = no && test "x$with_mpi" = xyes],
     [AC_MSG_ERROR([--with-mpi=yes, but no mpicc was found that builds: install libopenmpi-dev])])])
AM_CONDITIONAL([HAVE_MPI], [test $have_mpi = yes])])
