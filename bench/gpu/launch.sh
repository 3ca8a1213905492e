#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs the program of this bundle whose name it was called by (assay, test-parity, ... are links to this file), on whatever Linux is here:
#
#   - by the system's loader and C library where that is at least as new as the one the program was linked with, by those of libc/ elsewhere;
#     ASSAY_BUNDLE_LOADER=carried or =system decides otherwise. All other libraries are those of lib/.
#   - with CUDA's libraries, which are not in the bundle, from where they are: LD_LIBRARY_PATH, the system's own list, /usr/local/cuda*, PyTorch's packages.
#     The driver's libcuda.so.1 is the system's; it asks for an older C library than either.

here=$(dirname "$(readlink -f "$0")")
name=$(basename "$0")
[ -x "$here/bin/$name" ] || { echo "$name: $here/bin has no program of that name" >&2; exit 127; }

# at_least VERSION VERSION: whether the first "2.36" is no older than the second.
at_least ()
{
  [ $((${1%%.*} * 1000 + ${1#*.})) -ge $((${2%%.*} * 1000 + ${2#*.})) ]
}

# is_known SONAME: whether the system's loader finds it by itself.
is_known ()
{
  { /sbin/ldconfig -p || ldconfig -p; } 2>/dev/null | grep -qF "$1 "
}

# Folders with CUDA's libraries, one a line; Python is asked last, since that takes longest.
list_places ()
{
  echo "${LD_LIBRARY_PATH-}" | tr : '\n'
  printf '%s\n' /usr/local/cuda/lib64 /usr/local/cuda*/lib64 /usr/local/cuda*/targets/x86_64-linux/lib
  printf '%s\n' "${VIRTUAL_ENV-/nowhere}"/lib/python3*/site-packages/nvidia/*/lib "${CONDA_PREFIX-/nowhere}"/lib "${CONDA_PREFIX-/nowhere}"/lib/python3*/site-packages/nvidia/*/lib
  printf '%s\n' /usr/lib/python3*/*-packages/nvidia/*/lib /usr/local/lib/python3*/*-packages/nvidia/*/lib "${HOME-/nowhere}"/.local/lib/python3*/site-packages/nvidia/*/lib
  python3 -c 'import glob, sys; print (*[f for p in sys.path for f in glob.glob (glob.escape (p) + "/nvidia/*/lib")], sep="\n")' 2>/dev/null
}

# find_cuda: sets $found, folders as a search path, and $missing, the names that are nowhere.
find_cuda ()
{
  found= missing= places=
  while read -r library; do
    is_known "$library" && continue
    [ -n "$places" ] || places=$(list_places)
    folder=$(printf '%s\n' "$places" | while IFS= read -r place; do [ -n "$place" ] && [ -e "$place/$library" ] && printf '%s\n' "$place" && break; done)
    case :$found: in *":$folder:"*) ;; *) found=$found${found:+:}$folder ;; esac
    [ -n "$folder" ] || missing="$missing $library"
  done <"$here/lib/assay/cuda-libraries"
}

find_cuda
[ -z "$missing" ] || case "$name:$*" in
  assay:info* | *cuda* | [!a]*)
    echo "$name: not found:$missing; looked in LD_LIBRARY_PATH, ldconfig's list, /usr/local/cuda*, and nvidia/*/lib of Python's packages" >&2 ;;
esac

loader=${ASSAY_BUNDLE_LOADER-}
if [ -z "$loader" ]; then
  loader=carried
  version=$(getconf GNU_LIBC_VERSION 2>/dev/null) && version=${version#glibc } && at_least "$version" "$(cat "$here/libc/version")" && loader=system
fi
case $loader in
  carried) exec "$here/libc/ld-linux-x86-64.so.2" --library-path "$here/libc:$here/lib${found:+:$found}" "$here/bin/$name" "$@" ;;
  system)
    LD_LIBRARY_PATH=${LD_LIBRARY_PATH-}${LD_LIBRARY_PATH:+${found:+:}}$found
    [ -z "$LD_LIBRARY_PATH" ] || export LD_LIBRARY_PATH
    exec "$here/bin/$name" "$@"
    ;;
  *) echo "ASSAY_BUNDLE_LOADER: carried or system expected, $loader found" >&2; exit 2 ;;
esac
