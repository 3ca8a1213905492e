/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_position.cu: rope. Pairs of channels of every head are turned; angles are worked out in double. */
#include "op.cuh"

#include "rope_frequencies.h"

#define PAIRS 256               /* of a head; their frequencies travel with the launch */

struct Turn {
  int64_t T, width, D, n;       /* width: of a row, n: channels of a head that are turned */
  int64_t next, partner, first;
  double magnitude, direction, frequency[PAIRS];
};

/* to (+)= from turned; direction is -1 for the adjoint. */
template <class T>
struct RopeTurn {
  Turn turn;
  In<T> from;
  Adjoint<T> to;

  __device__ void
  operator() (int64_t i) const
  {
    const int64_t t = i / turn.width % turn.T, c = i % turn.width % turn.D;
    const int64_t pair = turn.next == 2 ? c / 2 : c % (turn.n / 2);
    const bool is_second = turn.next == 2 ? c % 2 == 1 : c >= turn.n / 2;

    if (c >= turn.n)
      to.add (i, from[i]);
    else
      {
        const double angle = (double) (turn.first + t) * turn.frequency[pair];
        const T cosine = (T) (turn.magnitude * cos (angle)), sine = (T) (turn.magnitude * turn.direction * sin (angle));

        to.add (i, is_second ? from[i] * cosine + from[i - turn.partner] * sine : from[i] * cosine - from[i + turn.partner] * sine);
      }
  }
};

template <class T>
static int
run_rope (const Scope &scope, const char *name, double direction, In<T> from, Adjoint<T> to)
{
  const AssayCudaShape &x = scope.call->in_shape[0];
  const double *attr = scope.call->attr;
  RopeTurn<T> body = { {}, from, to };
  Turn &turn = body.turn;

  turn.T = x.dim[1];
  turn.width = x.dim[2];
  turn.D = x.dim[2] / (int64_t) attr[ROPE_HEADS];
  turn.n = attr[ROPE_TURNED] > 0 ? (int64_t) attr[ROPE_TURNED] : turn.D;
  turn.next = attr[ROPE_ADJACENT] != 0 ? 2 : 1;
  turn.partner = attr[ROPE_ADJACENT] != 0 ? 1 : turn.n / 2;
  turn.first = scope.call->position;
  turn.magnitude = attr[ROPE_MAGNITUDE];
  turn.direction = direction;
  if (turn.n > 2 * PAIRS)
    return assay_cuda_fail (scope.failure, ASSAY_CUDA_BAD_CALL, "rope: at most %d channels of a head expected, %lld found", 2 * PAIRS, (long long) turn.n);
  rope_set_frequencies (turn.n, attr, turn.frequency);
  return run_elements (scope, name, count (x), body);
}

namespace rules {
struct rope {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_rope<T> (scope, "rope", 1, input<T> (scope, 0), { (T *) scope.call->y[0], true, is_narrow (scope.call->narrow_y, 0) });
  }

  template <class T>
  static int
  backward (const Scope &scope)
  {
    const Adjoint<T> dx = adjoint<T> (scope, 0);

    return dx.to == NULL || run_rope<T> (scope, "rope backward", -1, seed<T> (scope), dx);
  }
};
}
ASSAY_CUDA_OP_LINEAR (rope);
