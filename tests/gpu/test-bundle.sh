#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The archive that takes program, module and tests to a machine with a driver alone (build-aux/make-gpu-bundle.sh), with the host's stand-in for a device as its
# module: unpacked in another place, without any of this environment, and in a root with nothing else in it.

. "$ASSAY_SRCDIR/tests/tap.sh"

module=$ASSAY_BUILDDIR/tests/gpu/emulated-cuda.so
if [ ! -e "$module" ] || nm "$module" | grep -qE '__asan|__gcov'; then
  skip_all "the kernels were not built for the host, or with instruments"
fi
cd "$scratch" || exit 1

# make_bundle ARCHIVE SRCDIR MODULE
make_bundle ()
{
  sh "$ASSAY_SRCDIR/build-aux/make-gpu-bundle.sh" "$@" "$ASSAY_BUILDDIR"/gpu-bundle/assay "$ASSAY_BUILDDIR"/gpu-bundle/factors "$ASSAY_BUILDDIR"/gpu-bundle/measure "$ASSAY_BUILDDIR"/gpu-bundle/walks "$ASSAY_BUILDDIR"/gpu-bundle/test-*
}

# bare COMMAND...: in an environment that says where programs are, and nothing else.
bare () { env -i PATH=/usr/bin:/bin "$@"; }
carried () { env -i PATH=/usr/bin:/bin ASSAY_BUNDLE_LOADER=carried "$@"; }

check "the archive is made and within its size" prints '^one/assay-gpu.tar.gz: [0-9]* bytes of at most 60000000$' \
  eval 'mkdir one two && make_bundle one/assay-gpu.tar.gz "$ASSAY_SRCDIR" "$module"'
check "and has the same bytes when it is made again" eval 'make_bundle two/assay-gpu.tar.gz "$ASSAY_SRCDIR" "$module" && cmp one/assay-gpu.tar.gz two/assay-gpu.tar.gz'
check "without a module there is none, in one line" prints '^gpu-bundle: none.so is not there' make_bundle three.tar.gz "$ASSAY_SRCDIR" none.so
mkdir -p large/data && cp -r "$ASSAY_SRCDIR/data/regimes" "$ASSAY_SRCDIR/data/schemas" large/data && cp -r "$ASSAY_SRCDIR/bench" "$ASSAY_SRCDIR/tests" "$ASSAY_SRCDIR"/COPYING* large
head -c 61000000 /dev/urandom >large/data/regimes/large
check "nor is one of more than its size" eval 'refuses make_bundle four.tar.gz large "$module" && [ ! -e four.tar.gz ]'
rm -rf large two

mkdir "another place" && tar -C "another place" -xzf one/assay-gpu.tar.gz && rm -rf one || exit 1
top="$scratch/another place/assay-gpu"

# outside NOT COMMAND...: prints which libraries the loader, asked by COMMAND FILE, would take from elsewhere, those apart that match NOT.
outside ()
{
  apart=$1
  shift
  for file in "$top"/bin/*; do
    "$@" "$file" >list && grep -qE "=> .*another place.*/lib/" list || [ "${file##*/}" = measure ] || [ "${file##*/}" = test-parity ] || echo "$file: no libraries"
    grep -F '=>' list | grep -vF "=> $top/" | grep -vE "$apart" || :
  done
}
check "nothing but the C library is found outside" silent outside '^\s*(libc|libm|libmvec|libpthread|libdl|librt|libresolv|libutil)\.so' bare ldd
check "by the carried loader nothing at all" silent outside '^$' "$top/libc/ld-linux-x86-64.so.2" --library-path "$top/libc:$top/lib" --list
check "no run path leads anywhere else" silent eval 'for file in "$top"/bin/* "$top"/lib/*.so* "$top"/lib/assay/*.so; do readelf -d "$file" | grep -E "R(UN)?PATH" | grep -vF "[\$ORIGIN" || :; done'
check "the programs are stripped" silent eval 'for file in "$top"/bin/*; do nm "$file" 2>&1 | grep -v "no symbols" || :; done'

check "it says its version" prints '^assay \(Assay\)' bare "$top/assay" --version
check "and finds its module and the device" prints 'emulated device' bare "$top/assay" info
check "through a link too" prints 'emulated device' eval 'ln -s "$top/assay" assay && bare ./assay info'
check "and by the carried loader" prints 'emulated device' carried "$top/assay" info
check "a word that is no loader is refused" prints 'carried or system expected, other found' env -i PATH=/usr/bin:/bin ASSAY_BUNDLE_LOADER=other "$top/assay" info

# answer HOW CASE: a training on the device and what influenced a query of it.
answer ()
{
  $1 "$top/assay" new "$2" && $1 "$top/assay" import "$2" dose --modulus 3 --name dose --held-out 0.2 --quiet \
    && $1 "$top/assay" train "$2" --name m --data dose --model transformer --width 8 --layers 1 --heads 2 --steps 2 --batch 4 --device cuda --quiet \
    && $1 "$top/assay" influence "$2" --model-name m --query edited:0 --method dot --device cuda --json --quiet >"$2.json" && $1 "$top/assay" verify "$2"
}
check "it trains and answers on the device, and the case verifies" answer bare first.assay
check "and by the carried loader" answer carried second.assay
numbers () { python3 -c 'import json, sys; print ([r["score"] for r in json.load (open (sys.argv[1]))["scores"]])' "$1"; }
check "with the same bits" eval 'numbers first.assay.json >a && numbers second.assay.json >b && [ -s a ] && cmp a b'
check "its parity test passes" eval 'bare "$top/test-parity" "$top/lib/assay/assay-cuda.so" scores >out 2>&1 && grep -q "^ok" out'
check "its suites of operations and models run, by the carried loader too" eval '
  carried ASSAY_CUDA_MODULE="$top/lib/assay/assay-cuda.so" "$top/test-ops_cuda" --tap -p /ops/cuda/add >out 2>&1 && grep -q "^ok" out &&
  bare ASSAY_CUDA_MODULE="$top/lib/assay/assay-cuda.so" "$top/test-oracle_cuda" --tap -l >out 2>&1 && [ -s out ]'
check "its benchmark runs, without a compiler" eval 'OUT=$scratch/results TINY=1 CC=none NVCC=none sh "$top/bench/gpu/run.sh" >out 2>&1 || { cat out; false; }'
check "and leaves walks and EK-FAC in its results" eval 'grep -q "\"what\": \"walk\"" results/gpu-results.jsonl && grep -q "\"what\": \"ekfac\"" results/gpu-results.jsonl'

echo libassay-none.so.1 >"$top/lib/assay/cuda-libraries"
check "a library of CUDA that is nowhere is named, with where it was looked for" prints '^assay: not found: libassay-none.so.1; looked in LD_LIBRARY_PATH' bare "$top/assay" info
check "not to a command that has no use for it" eval 'silent eval "bare \"\$top/assay\" --version >out" && grep -q "^assay (Assay)" out'
mkdir nvidia && cp "$module" nvidia/libassay-none.so.1
check "LD_LIBRARY_PATH names a folder that has it" eval 'env -i PATH=/usr/bin:/bin LD_LIBRARY_PATH=/nowhere:"$scratch/nvidia" "$top/assay" info >out 2>&1 && grep -q "emulated device" out && refuses grep "not found" out'
: >"$top/lib/assay/cuda-libraries"

# A root with nothing but the bundle and, where that may be mounted, /proc.
mkdir root && cp -r "$top"/. root && mkdir root/proc root/tmp
in_root () { unshare --mount sh -c 'mount --rbind /proc root/proc && exec chroot root /libc/ld-linux-x86-64.so.2 --library-path /libc:/lib "$@"' sh "$@"; }
if in_root /bin/assay --version >out 2>&1; then
  check "in an empty root it finds its module and the device" prints 'emulated device' in_root /bin/assay info
  check "and trains there" eval 'in_root /bin/assay new /tmp/c.assay && in_root /bin/assay import /tmp/c.assay dose --modulus 3 --name dose --quiet &&
    in_root /bin/assay train /tmp/c.assay --name m --data dose --model transformer --width 8 --layers 1 --heads 2 --steps 1 --batch 4 --device cuda --quiet &&
    in_root /bin/assay verify /tmp/c.assay'
  check "and finds what regimes ask for" prints '^Foundation Model Transparency Index' in_root /bin/assay coverage /tmp/c.assay --regime fmti
else
  skip "in an empty root" "no root may be changed here: $(head -n 1 out)"
fi

finish
