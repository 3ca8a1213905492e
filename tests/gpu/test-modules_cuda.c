/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What factors and scores are made of on a device (kernels/op_module.cu), in each precision, against sums in double: off by what the factors of products are
 * rounded by, and the sums, at most; and the same bits of an example and a vector beside any others. On the host's stand-in, or by ASSAY_CUDA_MODULE. */
#include "hessian/module_there.h"

#include "base/rng.h"

#include <math.h>
#include <string.h>

enum { B = 5, T = 7, R = 13, C = 11, SIZE = R * C, STRIDE = (SIZE + 7) / 8 * 8, Q = 4, N = B + 2 };

typedef struct { double r[B * T * R], c[B * T * C], x[Q * SIZE], basis[C * C], weight[SIZE]; } Numbers;

/* factor: what a factor of a product is off by, as a part of it; unit: of the type. */
static const struct { const char *name; AssayDtype dtype; AssayCompute compute; double factor, unit; } precisions[] = {
  { "f64", ASSAY_F64, ASSAY_COMPUTE_FULL, 0, 0x1p-53 },
  { "f32", ASSAY_F32, ASSAY_COMPUTE_FULL, 0, 0x1p-24 },
  { "tf32", ASSAY_F32, ASSAY_COMPUTE_TF32, 0x1p-10, 0x1p-24 },    /* rounded or cut off */
  { "bf16", ASSAY_F32, ASSAY_COMPUTE_BF16, 0x1p-8, 0x1p-24 },
};

static AssayBackend *device;

typedef struct {
  AssayModuleThere there;
  double factor, unit;
  Numbers n;
  gpointer r, c, x, rounded, basis, weight;     /* on the device; rounded (Q,STRIDE): what products take */
} Room;

/* Draws n numbers that the type holds. */
static void
draw (AssayRng *rng, AssayDtype dtype, gsize n, double *x)
{
  for (gsize i = 0; i < n; i++)
    x[i] = dtype == ASSAY_F32 ? (double) (float) assay_rng_normal (rng) : assay_rng_normal (rng);
}

static gpointer
make (gsize bytes)
{
  gpointer buffer = device->alloc (device, bytes, NULL);

  g_assert_nonnull (buffer);
  return buffer;
}

/* Of `count` rows of n numbers, stride elements apart. */
static gpointer
send (AssayDtype dtype, const double *x, gsize count, gsize n, gsize stride)
{
  const gsize width = assay_dtype_width (dtype);
  g_autofree char *typed = g_malloc0 (count * stride * width);
  gpointer buffer = make (count * stride * width);

  for (gsize k = 0; k < count; k++)
    assay_dtype_convert (ASSAY_F64, x + k * n, dtype, typed + k * stride * width, n);
  g_assert_true (device->copy_in (device, buffer, typed, count * stride * width, NULL));
  return buffer;
}

static void
fetch (AssayDtype dtype, gpointer buffer, gsize n, double *x)
{
  g_autofree char *typed = g_malloc (n * assay_dtype_width (dtype));

  g_assert_true (device->copy_out (device, typed, buffer, n * assay_dtype_width (dtype), NULL));
  assay_dtype_convert (dtype, typed, ASSAY_F64, x, n);
}

static Room *
room_new (gsize p)
{
  const AssayDtype dtype = precisions[p].dtype;
  AssayRng rng = assay_rng_new (7, p);
  Room *room = g_new0 (Room, 1);

  room->there = (AssayModuleThere) { device, dtype, precisions[p].compute };
  room->factor = precisions[p].factor;
  room->unit = precisions[p].unit;
  draw (&rng, dtype, sizeof room->n / sizeof (double), room->n.r);
  for (guint i = 0; i < SIZE; i++)
    room->n.weight[i] = fabs (room->n.weight[i]);
  room->r = send (dtype, room->n.r, B * T, R, R);
  room->c = send (dtype, room->n.c, B * T, C, C);
  room->x = send (dtype, room->n.x, Q, SIZE, STRIDE);
  room->basis = send (dtype, room->n.basis, C, C, C);
  room->weight = send (ASSAY_F64, room->n.weight, 1, SIZE, SIZE);
  room->rounded = room->x;
  if (precisions[p].compute == ASSAY_COMPUTE_BF16)
    {
      room->rounded = make (Q * STRIDE * 2);
      g_assert_true (assay_module_there_round (&room->there, Q * STRIDE, room->x, room->rounded, NULL));
    }
  return room;
}

static void
room_free (Room *room)
{
  gpointer all[] = { room->r, room->c, room->x, room->basis, room->weight, room->rounded != room->x ? room->rounded : NULL };

  for (guint k = 0; k < G_N_ELEMENTS (all); k++)
    device->release (device, all[k]);
  g_free (room);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Room, room_free)

/* What a sum of `terms` products of so many rounded factors is off by, as a part of the sum of their magnitudes; the sum that it is compared with, in double,
 * is off by as much as one in f64. */
static double
get_part (const Room *room, int factors, int terms)
{
  return (pow (1 + room->factor, factors) * (1 + room->unit) - 1) + 2 * terms * room->unit * pow (1 + room->factor, factors) + terms * 0x1p-52;
}

/* The entry (i,j) of D_b and the sum of the magnitudes of its terms. */
static double
get_entry (const Numbers *n, int b, int e, double *size)
{
  double sum = 0;

  *size = 0;
  for (int t = b * T; t < (b + 1) * T; t++)
    {
      const double term = n->r[t * R + e / C] * n->c[t * C + e % C];

      sum += term;
      *size += fabs (term);
    }
  return sum;
}

static void
check (double found, double expected, double bound)
{
  if (!(fabs (found - expected) <= bound))
    g_error ("%.17g expected, %.17g found: %.3g of the bound", expected, found, fabs (found - expected) / bound);
}

/* The scores of all, made one by one (of an example, of a vector) or at once. */
static void
score (const Room *room, gboolean is_formed, int of_examples, int of_vectors, double *scores)
{
  const gsize width = assay_dtype_width (room->there.dtype), kept = room->there.compute == ASSAY_COMPUTE_BF16 ? 2 : width;
  gpointer D = make (B * STRIDE * kept), table = make (Q * N * sizeof (double)), also = make (Q * N * sizeof (double));
  g_autofree double *second = g_new (double, Q * N);
  gboolean ok = device->zero (device, table, Q * N * sizeof (double), NULL) && device->zero (device, also, Q * N * sizeof (double), NULL)
                && device->zero (device, D, B * STRIDE * kept, NULL);

  for (int b = 0; b < B; b += of_examples)
    {
      const int count = MIN (of_examples, B - b);
      const char *r = (char *) room->r + (gsize) (b * T * R) * width, *c = (char *) room->c + (gsize) (b * T * C) * width;

      ok = ok && (!is_formed || assay_module_there_form (&room->there, count, T, R, C, r, c, STRIDE, (char *) D + (gsize) (b * STRIDE) * kept, NULL));
      for (int q = 0; ok && q < Q; q += of_vectors)
        {
          const int n = MIN (of_vectors, Q - q);
          double *to = (double *) table + q * N + 1 + b, *and_to = (double *) also + q * N + 1 + b;

          ok = is_formed ? assay_module_there_products (&room->there, count, n, STRIDE, (char *) D + (gsize) (b * STRIDE) * kept,
                                                        (char *) room->rounded + (gsize) (q * STRIDE) * kept, N, to, and_to, NULL)
                         : assay_module_there_positions (&room->there, count, T, R, C, r, c, n, SIZE, (char *) room->x + (gsize) (q * SIZE) * width, N, to, and_to, NULL);
        }
    }
  g_assert_true (ok);
  fetch (ASSAY_F64, table, Q * N, scores);
  fetch (ASSAY_F64, also, Q * N, second);
  g_assert_cmpmem (scores, Q * N * sizeof *scores, second, Q * N * sizeof *second);
  device->release (device, D);
  device->release (device, table);
  device->release (device, also);
}

static void
check_scores (const Room *room, gboolean is_formed)
{
  double found[Q * N], again[Q * N];
  const double part = is_formed ? get_part (room, 4, T + SIZE) : get_part (room, 2, C + 1);

  score (room, is_formed, B, Q, found);
  for (int q = 0; q < Q; q++)
    {
      g_assert_cmpfloat (found[q * N], ==, 0);                    /* beside the columns that were asked for */
      g_assert_cmpfloat (found[q * N + N - 1], ==, 0);
      for (int b = 0; b < B; b++)
        {
          double sum = 0, sizes = 0;

          for (int e = 0; e < SIZE; e++)
            {
              double size, entry = get_entry (&room->n, b, e, &size);

              sum += room->n.x[q * SIZE + e] * entry;
              sizes += fabs (room->n.x[q * SIZE + e]) * size;
            }
          check (found[q * N + 1 + b], sum, part * sizes + 0x1p-52 * (T + SIZE) * sizes);
        }
    }
  for (int k = 1; k <= 3; k++)
    {
      score (room, is_formed, k, k == 2 ? 1 : k == 3 ? Q : 3, again);
      g_assert_cmpmem (again, sizeof again, found, sizeof found);
    }
}

static void
test_scores (gconstpointer data)
{
  g_autoptr (Room) room = room_new (GPOINTER_TO_SIZE (data));
  gpointer x = room->x;

  check_scores (room, TRUE);
  room->x = send (room->there.dtype, room->n.x, Q, SIZE, SIZE);
  check_scores (room, FALSE);
  device->release (device, room->x);
  room->x = x;
}

/* sum of weight D^2: an entry that is off by d is squared off by at most 2 |D| d + d^2. */
static void
test_forms (gconstpointer data)
{
  g_autoptr (Room) room = room_new (GPOINTER_TO_SIZE (data));
  const gsize width = assay_dtype_width (room->there.dtype);
  const double part = get_part (room, 2, T);
  double found[B], alone[B], squares[SIZE];
  gpointer sum = make (sizeof found), total = make (sizeof squares);

  g_assert_true (device->zero (device, sum, sizeof found, NULL) && device->zero (device, total, sizeof squares, NULL));
  g_assert_true (assay_module_there_forms (&room->there, B, T, R, C, room->r, room->c, room->weight, sum, NULL));
  g_assert_true (assay_module_there_squares (&room->there, B, T, R, C, room->r, room->c, total, NULL));
  fetch (ASSAY_F64, sum, B, found);
  fetch (ASSAY_F64, total, SIZE, squares);
  g_assert_true (device->zero (device, sum, sizeof found, NULL));
  for (int b = 0; b < B; b++)
    g_assert_true (assay_module_there_forms (&room->there, 1, T, R, C, (char *) room->r + (gsize) (b * T * R) * width, (char *) room->c + (gsize) (b * T * C) * width,
                                             room->weight, (double *) sum + b, NULL));
  fetch (ASSAY_F64, sum, B, alone);
  g_assert_cmpmem (alone, sizeof alone, found, sizeof found);
  for (int b = 0; b < B; b++)
    {
      double expected = 0, bound = 0;

      for (int e = 0; e < SIZE; e++)
        {
          double size, entry = get_entry (&room->n, b, e, &size), off = part * size;

          expected += room->n.weight[e] * entry * entry;
          bound += room->n.weight[e] * (2 * fabs (entry) * off + off * off + (SIZE + 3) * 0x1p-52 * entry * entry);
        }
      check (found[b], expected, bound);
    }
  for (int e = 0; e < SIZE; e++)
    {
      double expected = 0, bound = 0;

      for (int b = 0; b < B; b++)
        {
          double size, entry = get_entry (&room->n, b, e, &size), off = part * size;

          expected += entry * entry;
          bound += 2 * fabs (entry) * off + off * off + (B + 2) * 0x1p-52 * entry * entry;
        }
      check (squares[e], expected, bound);
    }
  device->release (device, sum);
  device->release (device, total);
}

static void
test_sides (gconstpointer data)
{
  g_autoptr (Room) room = room_new (GPOINTER_TO_SIZE (data));
  g_autofree double *turned = g_new (double, B * T * C);
  double moment[C * C];
  gpointer sum = make (sizeof moment), y = make (B * T * C * sizeof (double));

  g_assert_true (device->zero (device, sum, sizeof moment, NULL));
  g_assert_true (assay_module_there_moment (&room->there, B * T, C, room->c, sum, NULL));
  g_assert_true (assay_module_there_rotate (&room->there, B * T, C, room->c, room->basis, y, NULL));
  fetch (ASSAY_F64, sum, C * C, moment);
  fetch (room->there.dtype, y, B * T * C, turned);
  for (int i = 0; i < C * C; i++)
    {
      double expected = 0, size = 0;

      for (int t = 0; t < B * T; t++)
        {
          expected += room->n.c[t * C + i / C] * room->n.c[t * C + i % C];
          size += fabs (room->n.c[t * C + i / C] * room->n.c[t * C + i % C]);
        }
      check (moment[i], expected, get_part (room, 2, B * T) * size);
    }
  for (int i = 0; i < B * T * C; i++)
    {
      double expected = 0, size = 0;

      for (int k = 0; k < C; k++)
        {
          expected += room->n.c[i / C * C + k] * room->n.basis[k * C + i % C];
          size += fabs (room->n.c[i / C * C + k] * room->n.basis[k * C + i % C]);
        }
      check (turned[i], expected, get_part (room, 2, C) * size);
    }
  device->release (device, sum);
  device->release (device, y);
}

/* A moment that is made in strips, of which one is narrower: both halves of it. */
static void
test_wide_moment (gconstpointer data)
{
  enum { WIDE = 530, FEW = 6 };
  const gsize p = GPOINTER_TO_SIZE (data);
  const AssayModuleThere there = { device, precisions[p].dtype, precisions[p].compute };
  const double unit = precisions[p].unit, factor = precisions[p].factor, part = factor * (2 + factor) + (FEW + 1) * unit * (1 + factor) * (1 + factor);
  AssayRng rng = assay_rng_new (8, p);
  g_autofree double *x = g_new (double, FEW * WIDE), *moment = g_new (double, WIDE * WIDE);
  gpointer sum = make (WIDE * WIDE * sizeof (double)), X;

  draw (&rng, there.dtype, FEW * WIDE, x);
  X = send (there.dtype, x, FEW, WIDE, WIDE);
  for (guint k = 0; k < 2; k++)                                   /* it is added to what was there */
    g_assert_true (assay_module_there_moment (&there, FEW, WIDE, X, sum, NULL));
  fetch (ASSAY_F64, sum, WIDE * WIDE, moment);
  for (int i = 0; i < WIDE; i++)
    for (int j = 0; j < WIDE; j++)
      {
        double expected = 0, size = 0;

        for (int t = 0; t < FEW; t++)
          {
            expected += 2 * x[t * WIDE + i] * x[t * WIDE + j];
            size += 2 * fabs (x[t * WIDE + i] * x[t * WIDE + j]);
          }
        check (moment[i * WIDE + j], expected, part * size);
        g_assert_cmpfloat (moment[i * WIDE + j], ==, moment[j * WIDE + i]);
      }
  device->release (device, X);
  device->release (device, sum);
}

int
main (int argc, char **argv)
{
  const char *module = g_getenv ("ASSAY_CUDA_MODULE");
  int status;

  g_test_init (&argc, &argv, NULL);
  if ((device = assay_backend_cuda_new (module ? module : CUDA_MODULE, 0, 1, NULL)) == NULL)
    return 77;
  for (gsize p = 0; p < G_N_ELEMENTS (precisions); p++)
    {
      static const struct { const char *name; void (*func) (gconstpointer data); } cases[] = {
        { "scores by gradients that are formed, and by positions", test_scores }, { "squares of gradients, and forms", test_forms }, { "moments and turned sides", test_sides },
        { "a wide moment", test_wide_moment }
      };

      for (guint k = 0; k < G_N_ELEMENTS (cases); k++)
        {
          g_autofree char *path = g_strdup_printf ("/modules/%s/%s", precisions[p].name, cases[k].name);

          g_test_add_data_func (path, GSIZE_TO_POINTER (p), cases[k].func);
        }
    }
  status = g_test_run ();
  assay_backend_free (device);
  return status;
}
