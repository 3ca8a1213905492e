# SPDX-License-Identifier: GPL-3.0-or-later
# The CUDA toolkit: nvcc and the runtime library.

# ASSAY_CUDA
# Adds --with-cuda=check|yes|no|DIR.  Sets have_cuda, the conditional HAVE_CUDA,
# and substitutes NVCC, CUDA_CPPFLAGS (for C that includes the runtime's header)
# and CUDA_LIBS.  NVCCFLAGS is the user's.
AC_DEFUN([ASSAY_CUDA],
[AC_REQUIRE([AC_PROG_CC])
AC_ARG_WITH([cuda],
  [AS_HELP_STRING([--with-cuda=check|yes|no|DIR], [the CUDA backend, DIR being the toolkit's folder @<:@check@:>@])],
  [], [with_cuda=check])
AC_ARG_VAR([NVCC], [CUDA compiler command])
AC_ARG_VAR([NVCCFLAGS], [CUDA compiler flags])
have_cuda=no
CUDA_CPPFLAGS=
CUDA_LIBS=
AS_CASE([$with_cuda],
  [no], [NVCC=],
  [check|yes], [AC_PATH_PROG([NVCC], [nvcc], [], [$PATH$PATH_SEPARATOR/usr/local/cuda/bin])],
  [AC_PATH_PROG([NVCC], [nvcc], [], [$with_cuda/bin])])
AS_IF([test -n "$NVCC"],
  [assay_cuda_dir=`AS_DIRNAME(["$NVCC"])`/..
   assay_cuda_dir=`cd "$assay_cuda_dir" && pwd`
   AS_IF([test -d "$assay_cuda_dir/lib64"],
     [assay_cuda_lib=$assay_cuda_dir/lib64], [assay_cuda_lib=$assay_cuda_dir/lib])
   AC_MSG_CHECKING([whether $NVCC builds a kernel])
   cat >conftest.cu <<'_ASSAY_CUDA'
__global__ void twice (float *x) { x[[threadIdx.x]] *= 2; }
int main (void) { twice<<<1, 1>>> (nullptr); return cudaDeviceReset () != cudaSuccess; }
_ASSAY_CUDA
   AS_IF([AC_TRY_COMMAND([$NVCC $NVCCFLAGS -o conftest$EXEEXT conftest.cu >&AS_MESSAGE_LOG_FD 2>&1])],
     [have_cuda=yes
      CUDA_CPPFLAGS="-I$assay_cuda_dir/include"
      CUDA_LIBS="-L$assay_cuda_lib -lcublas -lcusolver -lcudart"])
   rm -f conftest.cu conftest$EXEEXT
   AC_MSG_RESULT([$have_cuda])])
AS_IF([test $have_cuda = no && test "x$with_cuda" != xno && test "x$with_cuda" != xcheck],
  [AC_MSG_ERROR([--with-cuda=$with_cuda, but no working nvcc was found])])
AS_IF([test $have_cuda = yes],
  [AC_DEFINE([ASSAY_HAVE_CUDA], [1], [The CUDA toolkit is there])],
  [NVCC=])
AM_CONDITIONAL([HAVE_CUDA], [test $have_cuda = yes])
AC_SUBST([CUDA_CPPFLAGS])
AC_SUBST([CUDA_LIBS])])
