# SPDX-License-Identifier: GPL-3.0-or-later
# The CUDA toolkit, for the module that is loaded at run time where there is a device.

# ASSAY_CUDA
# Adds --with-cuda=check|yes|no|DIR.  Sets have_cuda, the conditional HAVE_CUDA,
# and substitutes NVCC, CUDA_ARCHS (nvcc's options for the processors to build
# for), CUDA_LIBS and CUDA_RPATH, by which a module finds them on this machine.
# NVCC, NVCCFLAGS and CUDA_ARCHS are the user's.
AC_DEFUN([ASSAY_CUDA],
[AC_REQUIRE([AC_PROG_CC])
AC_ARG_WITH([cuda],
  [AS_HELP_STRING([--with-cuda=check|yes|no|DIR], [the CUDA module, DIR being the toolkit's folder @<:@check@:>@])],
  [], [with_cuda=check])
AC_ARG_VAR([NVCC], [CUDA compiler command])
AC_ARG_VAR([NVCCFLAGS], [CUDA compiler flags])
AC_ARG_VAR([CUDA_ARCHS], [nvcc's options for the processors to build for, as in -arch=sm_90])
have_cuda=no
CUDA_LIBS=
CUDA_RPATH=
AS_CASE([$with_cuda],
  [no], [NVCC=],
  [check|yes], [AC_PATH_PROG([NVCC], [nvcc], [], [$PATH$PATH_SEPARATOR/usr/local/cuda/bin])],
  [AC_PATH_PROG([NVCC], [nvcc], [], [$with_cuda/bin])])
AS_IF([test -n "$NVCC"],
  [assay_cuda_dir=`AS_DIRNAME(["$NVCC"])`/..
   assay_cuda_dir=`cd "$assay_cuda_dir" && pwd`
   AS_IF([test -d "$assay_cuda_dir/lib64"],
     [assay_cuda_lib=$assay_cuda_dir/lib64], [assay_cuda_lib=$assay_cuda_dir/lib])
   CUDA_LIBS="-L$assay_cuda_lib -lcublasLt -lcusolver -ldl"
   CUDA_RPATH="-Xlinker -rpath -Xlinker $assay_cuda_lib"
   # Ampere, Hopper and Blackwell, and what comes after by PTX; what an older toolkit does not know is left out.
   AS_IF([test -n "$CUDA_ARCHS"], [assay_cuda_tries=1], [assay_cuda_tries="3 2 1"])
   for assay_cuda_try in $assay_cuda_tries; do
     AS_CASE([${CUDA_ARCHS:+given}$assay_cuda_try],
       [given*], [assay_cuda_archs=$CUDA_ARCHS],
       [3], [assay_cuda_archs="-gencode arch=compute_80,code=sm_80 -gencode arch=compute_90,code=sm_90 -gencode arch=compute_100,code=sm_100 -gencode arch=compute_100,code=compute_100"],
       [2], [assay_cuda_archs="-gencode arch=compute_80,code=sm_80 -gencode arch=compute_90,code=sm_90 -gencode arch=compute_90,code=compute_90"],
       [assay_cuda_archs="-gencode arch=compute_80,code=sm_80 -gencode arch=compute_80,code=compute_80"])
     AC_MSG_CHECKING([whether $NVCC builds a module ($assay_cuda_archs)])
     cat >conftest.cu <<'_ASSAY_CUDA'
#include <cublasLt.h>
#include <cusolverDn.h>
__global__ void twice (float *x) { x[[threadIdx.x]] *= 2; }
int run (void) { cusolverDnParams_t p; twice<<<1, 1>>> (nullptr); return cusolverDnCreateParams (&p) != CUSOLVER_STATUS_SUCCESS; }
_ASSAY_CUDA
     AS_IF([AC_TRY_COMMAND([$NVCC $NVCCFLAGS $assay_cuda_archs -shared -Xcompiler -fPIC -o conftest$EXEEXT conftest.cu $CUDA_LIBS >&AS_MESSAGE_LOG_FD 2>&1])],
       [have_cuda=yes
        CUDA_ARCHS=$assay_cuda_archs])
     rm -f conftest.cu conftest$EXEEXT
     AC_MSG_RESULT([$have_cuda])
     AS_IF([test $have_cuda = yes], [break])
   done])
AS_IF([test $have_cuda = no && test "x$with_cuda" != xno && test "x$with_cuda" != xcheck],
  [AC_MSG_ERROR([--with-cuda=$with_cuda, but no nvcc was found that builds and links with cuBLAS and cuSOLVER])])
AS_IF([test $have_cuda = no], [NVCC=])
AM_CONDITIONAL([HAVE_CUDA], [test $have_cuda = yes])
AC_SUBST([CUDA_LIBS])
AC_SUBST([CUDA_RPATH])])
