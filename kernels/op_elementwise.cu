/* SPDX-License-Identifier: GPL-3.0-or-later */
/* op_elementwise.cu: y = phi (x), and sums and products element by element. The derivative of phi is written out, its second one is that one's tangent. */
#include "op.cuh"

/* --- y = phi (x): a function gives phi and its derivative dphi, over S ----------------------------------------------------- */

template <class S, class Phi> struct Value { __device__ S operator() (S x) const { return Phi::phi (x); } };
template <class S, class Phi> struct Derivative { __device__ S operator() (S x, S dy) const { return Phi::dphi (x) * dy; } };

template <class Phi>
struct Elementwise {
  template <class S>
  static int
  forward (const Scope &scope)
  {
    return run_map (scope, Phi::name (), count (scope.call->in_shape[0]), output<S> (scope, 0), Value<S, Phi> {}, input<S> (scope, 0));
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    const Adjoint<S> dx = adjoint<S> (scope, 0);

    return dx.to == NULL || run_map (scope, Phi::name (), count (scope.call->in_shape[0]), dx, Derivative<S, Phi> {}, input<S> (scope, 0), seed<S> (scope));
  }
};

#define ELEMENTWISE(op)                                                              \
  namespace rules { struct op : Elementwise<op##_function> {}; }                      \
  ASSAY_CUDA_OP (op)

struct gelu_function {
  static const char *name () { return "gelu"; }
  template <class S> static __device__ S phi (S x) { return x * (S (1) + erf_of (S (0.70710678118654752440) * x)) / S (2); }
  template <class S>
  static __device__ S
  dphi (S x)
  {                                                               /* N + x n: distribution and density of the normal law */
    return (S (1) + erf_of (S (0.70710678118654752440) * x)) / S (2) + x * (S (0.39894228040143267794) * exp_of (-x * x / S (2)));
  }
};
ELEMENTWISE (gelu);

struct gelu_tanh_function {
  static const char *name () { return "gelu_tanh"; }
  template <class S> static __device__ S inner (S x) { return tanh_of (S (0.79788456080286535588) * (x + S (0.044715) * x * x * x)); }
  template <class S> static __device__ S phi (S x) { return x * (S (1) + inner (x)) / S (2); }
  template <class S>
  static __device__ S
  dphi (S x)
  {
    const S t = inner (x), u = S (0.79788456080286535588) * (S (1) + S (3 * 0.044715) * x * x);

    return (S (1) + t + x * (S (1) - t * t) * u) / S (2);
  }
};
ELEMENTWISE (gelu_tanh);

/* phi = x s,  s the logistic function of slope x;  phi' = s + slope x s (1 - s) */
template <class S>
static __device__ S
d_times_sigmoid (S x, S slope)
{
  const S s = sigmoid_of (slope * x);

  return s + slope * s * (S (1) - s) * x;
}

struct gelu_quick_function {
  static const char *name () { return "gelu_quick"; }
  template <class S> static __device__ S phi (S x) { return x * sigmoid_of (S (1.702) * x); }
  template <class S> static __device__ S dphi (S x) { return d_times_sigmoid (x, S (1.702)); }
};
ELEMENTWISE (gelu_quick);

struct silu_function {
  static const char *name () { return "silu"; }
  template <class S> static __device__ S phi (S x) { return x * sigmoid_of (x); }
  template <class S> static __device__ S dphi (S x) { return d_times_sigmoid (x, S (1)); }
};
ELEMENTWISE (silu);

/* Comparisons are false for NaN, which so passes through. */
struct relu_function {
  static const char *name () { return "relu"; }
  template <class S> static __device__ S phi (S x) { return value_of (x) < 0 ? S (0) : x; }
  template <class S> static __device__ S dphi (S x) { return value_of (x) <= 0 ? S (0) : S (1); }
};
ELEMENTWISE (relu);

struct relu_squared_function {
  static const char *name () { return "relu_squared"; }
  template <class S> static __device__ S phi (S x) { return value_of (x) < 0 ? S (0) : x * x; }
  template <class S> static __device__ S dphi (S x) { return value_of (x) < 0 ? S (0) : S (2) * x; }
};
ELEMENTWISE (relu_squared);

struct sigmoid_function {
  static const char *name () { return "sigmoid"; }
  template <class S> static __device__ S phi (S x) { return sigmoid_of (x); }
  template <class S>
  static __device__ S
  dphi (S x)
  {
    const S s = sigmoid_of (x);

    return s * (S (1) - s);
  }
};
ELEMENTWISE (sigmoid);

struct softplus_function {
  static const char *name () { return "softplus"; }
  template <class S> static __device__ S phi (S x) { return softplus_of (x); }
  template <class S> static __device__ S dphi (S x) { return sigmoid_of (x); }
};
ELEMENTWISE (softplus);

struct tanh_function {
  static const char *name () { return "tanh"; }
  template <class S> static __device__ S phi (S x) { return tanh_of (x); }
  template <class S>
  static __device__ S
  dphi (S x)
  {
    const S t = tanh_of (x);

    return (S (1) - t) * (S (1) + t);
  }
};
ELEMENTWISE (tanh);

/* --- sums and products ----------------------------------------------------------------------------------------------------- */

template <class T> struct Sum { __device__ T operator() (T a, T b) const { return a + b; } };
template <class S> struct Product { __device__ S operator() (S a, S b) const { return a * b; } };
template <class T> struct Scaled { T k; __device__ T operator() (T x) const { return k * x; } };

/* dx (+)= k dy */
template <class T>
static int
add_scaled (const Scope &scope, const char *name, int i, T k)
{
  const Adjoint<T> dx = adjoint<T> (scope, i);

  return dx.to == NULL || run_map (scope, name, count (scope.call->in_shape[i]), dx, Scaled<T> { k }, seed<T> (scope));
}

namespace rules {
struct add {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_map (scope, "add", count (scope.call->in_shape[0]), output<T> (scope, 0), Sum<T> {}, input<T> (scope, 0), input<T> (scope, 1));
  }

  template <class T>
  static int
  backward (const Scope &scope)
  {
    return add_scaled<T> (scope, "add backward", 0, 1) && add_scaled<T> (scope, "add backward", 1, 1);
  }
};

struct scale {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_map (scope, "scale", count (scope.call->in_shape[0]), output<T> (scope, 0), Scaled<T> { (T) scope.call->attr[0] }, input<T> (scope, 0));
  }

  template <class T> static int backward (const Scope &scope) { return add_scaled<T> (scope, "scale backward", 0, (T) scope.call->attr[0]); }
};

/* The same numbers in another shape. */
struct flatten {
  template <class T>
  static int
  forward (const Scope &scope)
  {
    return run_map (scope, "flatten", count (scope.call->in_shape[0]), output<T> (scope, 0), Scaled<T> { 1 }, input<T> (scope, 0));
  }

  template <class T> static int backward (const Scope &scope) { return add_scaled<T> (scope, "flatten backward", 0, 1); }
};

struct mul {
  template <class S>
  static int
  forward (const Scope &scope)
  {
    return run_map (scope, "mul", count (scope.call->in_shape[0]), output<S> (scope, 0), Product<S> {}, input<S> (scope, 0), input<S> (scope, 1));
  }

  template <class S>
  static int
  backward (const Scope &scope)
  {
    for (int k = 0; k < 2; k++)
      {
        const Adjoint<S> dx = adjoint<S> (scope, k);

        if (dx.to != NULL && !run_map (scope, "mul backward", count (scope.call->in_shape[0]), dx, Product<S> {}, input<S> (scope, 1 - k), seed<S> (scope)))
          return 0;
      }
    return 1;
  }
};
}
ASSAY_CUDA_OP_LINEAR (add);
ASSAY_CUDA_OP_LINEAR (scale);
ASSAY_CUDA_OP_LINEAR (flatten);
ASSAY_CUDA_OP (mul);
