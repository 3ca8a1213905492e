#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# make-gpu-bundle.sh ARCHIVE SRCDIR MODULE PROGRAM...: one tar.gz that runs where nothing of ours is installed: the programs, the CUDA module, what they read
# when they run, and every shared library they need, down to the C library and its loader, except CUDA's, which belong to the machine.
# The same bytes from the same inputs. More than 60 MB are an error.
#
#   bin/ lib/ share/   as installed; programs look for lib/ beside them, by a run path that they were linked with
#   lib/assay/         the module, and cuda-libraries: the names of CUDA's libraries that it needs
#   libc/              loader and C library, apart from the others, for systems with an older one; version says which it is
#   bench/ tests/      run.sh and check-gpu.sh, as in the sources
#   NAME               for each program: bench/gpu/launch.sh, which chooses the loader and finds CUDA

set -e
archive=$1 srcdir=$2 module=$3
shift 3
most=60000000
cuda='^lib(cuda|cudart|cublas|cublasLt|cusolver|cusparse|nvJitLink|nvrtc)[-.]'
libc='^(ld-linux-x86-64|libc|libm|libmvec|libpthread|libdl|librt|libresolv|libutil)\.so'

fail () { echo "gpu-bundle: $*" >&2; exit 1; }
[ -e "$module" ] || fail "$module is not there: the CUDA module is what the bundle is for; configure with nvcc"
name=$(basename "$archive" .tar.gz)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
top=$work/$name
mkdir -p "$top/bin" "$top/lib/assay" "$top/libc" "$top/share/assay" "$top/bench/gpu" "$top/bench/peers" "$top/tests/gpu"

cp "$module" "$top/lib/assay/assay-cuda.so"
cp "$srcdir/bench/gpu/launch.sh" "$top/launch.sh"
for program; do
  cp "$program" "$top/bin/"
  ln -s launch.sh "$top/$(basename "$program")"
done
cp "$srcdir"/bench/gpu/*.sh "$srcdir"/bench/gpu/*.py "$top/bench/gpu/"
rm "$top/bench/gpu/launch.sh"
cp "$srcdir/bench/peers/torch_model.py" "$srcdir/bench/peers/kronfluence_factors.py" "$top/bench/peers/"
cp "$srcdir/tests/gpu/check-gpu.sh" "$top/tests/gpu/"
cp -r "$srcdir/data/regimes" "$srcdir/data/schemas" "$top/share/assay/"
cp "$srcdir/bench/gpu/BUNDLE" "$top/README"
cp "$srcdir/COPYING" "$srcdir/COPYING.CUDA" "$top/"
(cd "$srcdir" && git rev-parse HEAD 2>/dev/null || echo unknown) >"$top/commit"

# What this machine's loader finds is what is carried, by the name it was asked for.
ldd "$module" "$@" >"$work/needed" || fail "ldd: $(grep -v '=>' "$work/needed" | head -n 1)"
awk '$2 == "=>" { print $1, $3 == "not" ? "" : $3 }' "$work/needed" | LC_ALL=C sort -u >"$work/libraries"
: >"$top/lib/assay/cuda-libraries"
while read -r soname path; do
  if echo "$soname" | grep -Eq "$cuda"; then echo "$soname" >>"$top/lib/assay/cuda-libraries"
  elif echo "$soname" | grep -Eq "$libc"; then continue
  else
    [ -n "$path" ] || fail "$soname is not on this machine"
    cp -L "$path" "$top/lib/$soname"
  fi
done <"$work/libraries"

# All of the C library, whatever our programs need of it: CUDA's libraries ask for parts that hold nothing any more.
loader=$(awk '$1 ~ /ld-linux-x86-64/ { print $1; exit }' "$work/needed")
home=$(dirname "$(awk '$1 == "libc.so.6" { print $3; exit }' "$work/needed")")
cp -L "$loader" "$top/libc/ld-linux-x86-64.so.2"
for soname in libc.so.6 libm.so.6 libmvec.so.1 libpthread.so.0 libdl.so.2 librt.so.1 libresolv.so.2 libutil.so.1; do
  [ ! -e "$home/$soname" ] || cp -L "$home/$soname" "$top/libc/"
done
getconf GNU_LIBC_VERSION | sed 's/^glibc //' >"$top/libc/version"

find "$top/bin" "$top/lib" "$top/libc" -type f \( -perm -100 -o -name '*.so*' \) -exec strip --strip-unneeded {} +
chmod -R u=rwX,go=rX "$top"
chmod 755 "$top/launch.sh" "$top"/bench/gpu/*.sh "$top"/tests/gpu/*.sh "$top"/bin/*
for file in "$top"/bin/* "$top"/lib/*.so* "$top"/lib/assay/*.so "$top"/libc/*.so*; do
  path=$(readelf -d "$file" | sed -n 's/.*(R[UN]*PATH).*\[\(.*\)\]/\1/p' | tr : '\n' | grep -v '^\$ORIGIN') && fail "$(basename "$file") looks for libraries in $path"
done

tar -C "$work" --sort=name --mtime="@${SOURCE_DATE_EPOCH:-0}" --owner=0 --group=0 --numeric-owner --format=ustar -cf - "$name" | gzip -6n >"$archive.new"
size=$(wc -c <"$archive.new")
[ "$size" -le $most ] || { rm "$archive.new"; fail "$archive would have $size bytes, at most $most expected"; }
mv "$archive.new" "$archive"
echo "$archive: $size bytes of at most $most"
