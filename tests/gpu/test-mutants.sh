#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Whether the host's stand-in for a device would find a mistake in a kernel: the kernels with one mistake each must not pass the parity test.

. "$ASSAY_SRCDIR/tests/tap.sh"

# mutant NAME SED: index_scores.cu with one line changed, in a module with everything else as it is.
mutant ()
{
  sed "$2" "$ASSAY_SRCDIR/kernels/index_scores.cu" >"$scratch/$1.cu" || return 1
  cmp -s "$scratch/$1.cu" "$ASSAY_SRCDIR/kernels/index_scores.cu" && { [ "$1" = same ] || { echo "the line to change is not there"; return 1; }; }
  ${CXX-c++} -std=c++17 -O1 -w -U_FORTIFY_SOURCE -fPIC -ffp-contract=off -DASSAY_EMULATED -I"$ASSAY_SRCDIR/tests/gpu/emulation" -I"$ASSAY_SRCDIR/kernels" \
    -x c++ -c -o "$scratch/$1.o" "$scratch/$1.cu" || return 1
  ${CXX-c++} -shared -o "$scratch/$1.so" "$scratch/$1.o" "$ASSAY_BUILDDIR/tests/gpu/emulated-device.o" "$ASSAY_BUILDDIR/tests/gpu/emulated-dense.o" "$ASSAY_BUILDDIR/tests/gpu/emulated-product.o" "$ASSAY_BUILDDIR/tests/gpu/emulated-op.o" "$ASSAY_BUILDDIR/tests/gpu/emulated-ranks.o" \
    "$ASSAY_BUILDDIR/tests/gpu/emulated-emulation.o" "$ASSAY_BUILDDIR/tests/gpu/emulated-nccl.o" $LAPACKE_LIBS || return 1
}

# wrong_op NAME FILE SED OP: whether the suite of operations finds a mistake in FILE.cu, by the values and derivatives of OP.
wrong_op ()
{
  sed "$3" "$ASSAY_SRCDIR/kernels/$2.cu" >"$scratch/$1.cu" || return 1
  cmp -s "$scratch/$1.cu" "$ASSAY_SRCDIR/kernels/$2.cu" && { [ "$1" = right ] || { echo "the line to change is not there"; return 1; }; }
  rm -rf "$scratch/objects" && mkdir "$scratch/objects" && cp "$ASSAY_BUILDDIR"/tests/gpu/emulated-*.o "$scratch/objects" || return 1
  ${CXX-c++} -std=c++17 -O1 -w -U_FORTIFY_SOURCE -fPIC -ffp-contract=off -DASSAY_EMULATED -I"$ASSAY_SRCDIR/tests/gpu/emulation" -I"$ASSAY_SRCDIR/kernels" \
    -x c++ -c -o "$scratch/objects/emulated-$2.o" "$scratch/$1.cu" && ${CXX-c++} -shared -o "$scratch/$1.so" "$scratch"/objects/*.o $LAPACKE_LIBS || return 1
  for rule in "value and adjoint are those of the oracle" "tangent backward is the complex step of backward"; do
    ASSAY_CUDA_MODULE=$scratch/$1.so "$ASSAY_BUILDDIR/tests/gpu/test-ops_cuda" -p "/ops/cuda/$4/$rule" >"$scratch/$1.tap" 2>&1 || return 0
  done
  return 1
}
# wrong_product NAME SED: whether the tests of products find a mistake in product.cu.
wrong_product ()
{
  sed "$2" "$ASSAY_SRCDIR/kernels/product.cu" >"$scratch/$1.cu" || return 1
  cmp -s "$scratch/$1.cu" "$ASSAY_SRCDIR/kernels/product.cu" && { [ "$1" = right ] || { echo "the line to change is not there"; return 1; }; }
  rm -rf "$scratch/objects" && mkdir "$scratch/objects" && cp "$ASSAY_BUILDDIR"/tests/gpu/emulated-*.o "$scratch/objects" || return 1
  ${CXX-c++} -std=c++17 -O1 -w -U_FORTIFY_SOURCE -fPIC -ffp-contract=off -DASSAY_EMULATED -I"$ASSAY_SRCDIR/tests/gpu/emulation" -I"$ASSAY_SRCDIR/kernels" \
    -x c++ -c -o "$scratch/objects/emulated-product.o" "$scratch/$1.cu" && ${CXX-c++} -shared -o "$scratch/$1.so" "$scratch"/objects/*.o $LAPACKE_LIBS || return 1
  ! ASSAY_CUDA_MODULE=$scratch/$1.so "$ASSAY_BUILDDIR/tests/gpu/test-products_cuda" >"$scratch/$1.tap" 2>&1
}
right_product () { ! wrong_product right ""; }
right_op () { wrong_op right "$1" "" "$2"; [ $? -eq 1 ] && grep -q '^ok' "$scratch/right.tap"; }

# wrong_tile NAME FILE SED: whether the parity test finds a mistake in FILE, which is op_attention.cu or what it includes. Its bounds do not come from the kernel they judge.
wrong_tile ()
{
  rm -rf "$scratch/tile" "$scratch/objects" && mkdir "$scratch/tile" "$scratch/objects" || return 1
  cp "$ASSAY_SRCDIR/kernels/op_attention.cu" "$scratch/tile" && sed "$3" "$ASSAY_SRCDIR/kernels/$2" >"$scratch/tile/$2" || return 1
  cmp -s "$scratch/tile/$2" "$ASSAY_SRCDIR/kernels/$2" && { [ "$1" = right_tile ] || { echo "the line to change is not there"; return 1; }; }
  cp "$ASSAY_BUILDDIR"/tests/gpu/emulated-*.o "$scratch/objects" || return 1
  ${CXX-c++} -std=c++17 -O1 -w -U_FORTIFY_SOURCE -fPIC -ffp-contract=off -DASSAY_EMULATED -I"$ASSAY_SRCDIR/tests/gpu/emulation" -I"$ASSAY_SRCDIR/kernels" \
    -x c++ -c -o "$scratch/objects/emulated-op_attention.o" "$scratch/tile/op_attention.cu" && ${CXX-c++} -shared -o "$scratch/$1.so" "$scratch"/objects/*.o $LAPACKE_LIBS || return 1
  ! "$ASSAY_BUILDDIR/tests/gpu/test-parity" "$scratch/$1.so" small >"$scratch/$1.tap" 2>&1 && grep -q '^not ok.* attention' "$scratch/$1.tap"
}
right_tile () { wrong_tile right_tile op_attention.cu ""; [ $? -eq 1 ] && grep -q '^ok.* attention' "$scratch/right_tile.tap"; }

passes () { "$ASSAY_BUILDDIR/tests/gpu/test-parity" "$scratch/$1.so" scores >"$scratch/$1.tap" 2>&1; }
found () { mutant "$1" "$2" && ! passes "$1"; }

if [ ! -e "$ASSAY_BUILDDIR/tests/gpu/emulated-emulation.o" ] || nm "$ASSAY_BUILDDIR/tests/gpu/emulated-emulation.o" | grep -qE '__asan|__gcov'; then
  skip "kernels with mistakes" "the kernels were not built for the host, or with instruments"
else
  check "the kernels as they are pass" eval 'mutant same "" && passes same'
  check "a barrier too few before a stage is used again is found" found barrier 's|^      __syncthreads ();  .*||'
  check "a copy that is not waited for is found" found wait 's/copy_wait<STAGES - 2>/copy_wait<STAGES - 1>/'
  check "another order of roundings is found" found order 's/__fmul_rn (row, __fmul_rn (query, __int2float_rn (dot)))/__fmul_rn (__fmul_rn (row, query), __int2float_rn (dot))/'
  check "an operation as it is passes" right_op op_norm rmsnorm
  check "a mean over the wrong number is found" wrong_op mean op_norm 's|mh = warp_sum (mh) / S (C);|mh = warp_sum (mh) / S (C + 1);|' rmsnorm
  check "products as they are pass" right_product
  check "a product whose way follows its number of rows is found" wrong_product rows 's/chosen.M = ROWS;/;/; s/key.M = chosen.M;/key.M = p->M;/'
  check "tiles of attention as they are pass" right_tile
  check "a tile that is overwritten before all have used it is found" wrong_tile overwritten op_attention.cu '/the values before were used by all/d'
  if [ -n "${ASSAY_TEST_LONG-}" ]; then                            # up to half a minute each
    check "reading queries before all are there is found" found unready 's|^  __syncthreads ();$||'
    check "fragments out of the wrong places are found" found swizzle 's|lane / 8 % 2 ^ lane % 8|lane / 16 ^ lane % 8|'
    check "rows behind the last one are found" found behind 's/first + 2 \* p + half < rows.n)/first + 2 * p + half < rows.stride)/'
    check "factors that are cut off instead of rounded are found" wrong_product cut 's/store_number ((float \*) y, to + column, true, load_number (x, from + column, is_narrow))/y[to + column] = ((const uint16_t *) (x + from + column))[1]/'
    check "a term too few in the adjoint of a loss is found" wrong_op loss op_loss 's|exp_of (-l\[n\]) - S (1)|exp_of (-l[n])|' xent
    check "a slab whose terms are the slab's before is found" wrong_op slab op_convolution 's|terms\[1 - slab\]\[threadIdx.x\] = |if (at < 0) terms[1 - slab][threadIdx.x] = |' conv2d
    check "weights that meet the wrong positions are found" wrong_tile positions attention_matrix_tile.cuh 's|(j + l % 16)|(j + l % 8)|'
    check "weights that are read before their row has written them are found" wrong_tile unwritten op_attention.cu "/a row's weights are its own/d"
    check "keys behind a query are found" wrong_tile behind_query op_attention.cu 's|s.sees (c, r) : s.sees (r, c)|s.sees (r, c) : s.sees (c, r)|'
    check "a softmax that forgets what its earlier tiles are worth is found" wrong_tile worth op_attention.cu 's|row->sum = row->sum \* shrink;||'
    check "query heads that are left out of a key head's adjoint are found" wrong_tile group op_attention.cu 's|h < (g + 1) \* group|h <= g * group|'
    check "channels that are exchanged are found" wrong_tile channels attention_matrix_tile.cuh 's|out\[0\]\[c + 2\], out\[0\]\[c + 3\]|out[0][c + 3], out[0][c + 2]|'
  fi
fi

finish
