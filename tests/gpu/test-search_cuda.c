/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches of an index that a device has: the answers of the processor, bit by bit, with as many rows left and as many recomputed, of stores where few rows
 * are left and where all are. On the host's stand-in for a device, whose memory can be made smaller. */
#include "influence/index_search.h"

#include "base/error.h"
#include "base/isa.h"
#include "base/mem.h"
#include "base/rng.h"

#include <dlfcn.h>
#include <math.h>
#include <string.h>

#define ENOUGH ((gsize) 1 << 32)

static void (*set_memory) (gsize bytes);

/* Rows y (N,P) of which D coordinates are kept and the others are one group; queries v (Q,P). */
typedef struct {
  gint64 N, Q, D, P;
  double *y, *v, *norms;
  AssayGradientIndex *index;
  AssayIndexQuery *query;
} Store;

static double
get_norm (gint64 n, const double *x)
{
  double sum = 0;

  for (gint64 k = 0; k < n; k++)
    sum += x[k] * x[k];
  return sqrt (sum) * (1 + 1e-12);                                /* not below the true one */
}

static void
draw (AssayRng *rng, gint64 n, gint64 P, double decay, double *x)
{
  for (gint64 i = 0; i < n; i++)
    {
      const double size = exp (2 * assay_rng_normal (rng));

      for (gint64 p = 0; p < P; p++)
        x[i * P + p] = size * assay_rng_normal (rng) * pow ((double) p + 1, -decay);
      if (i > 3 && i % 17 == 0)                                   /* ties */
        memcpy (x + i * P, x + (i - 3) * P, P * sizeof *x);
      else if (i % 29 == 5)
        memset (x + i * P, 0, P * sizeof *x);
    }
}

static Store *
store_new (gint64 N, gint64 Q, gint64 D, double decay)
{
  Store *s = g_new0 (Store, 1);
  AssayRng rng = assay_rng_new (11, (guint64) (N + Q + D));

  s->N = N, s->Q = Q, s->D = D, s->P = D + 30;
  s->y = g_new (double, N * s->P);
  s->v = g_new (double, Q * s->P);
  s->norms = g_new (double, Q);
  s->query = g_new (AssayIndexQuery, Q);
  s->index = assay_gradient_index_new (N, D, 1, NULL);
  draw (&rng, N, s->P, decay, s->y);
  draw (&rng, Q, s->P, decay, s->v);
  s->v[0] += 1;                                                   /* nobody asks with nothing */
  for (gint64 i = 0; i < N; i++)
    {
      const double *row = s->y + i * s->P, left_out = get_norm (s->P - D, row + D);

      g_assert_true (assay_gradient_index_encode (s->index, i, row, &left_out, get_norm (s->P, row)));
    }
  for (gint64 q = 0; q < Q; q++)
    {
      const double *v = s->v + q * s->P;

      s->norms[q] = get_norm (s->P - D, v + D);
      s->query[q] = (AssayIndexQuery) { v, &s->norms[q], (double) s->P * 0x1p-52 * get_norm (s->P, v) };
    }
  return s;
}

static void
store_free (Store *s)
{
  assay_gradient_index_free (s->index);
  g_free (s->y);
  g_free (s->v);
  g_free (s->norms);
  g_free (s->query);
  g_free (s);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Store, store_free)

static gboolean
recompute (gpointer data, gint64 n, const gint64 *rows, double *scores, GError **error)
{
  const Store *s = data;

  (void) error;
  for (gint64 q = 0; q < s->Q; q++)
    for (gint64 i = 0; i < n; i++)
      {
        double sum = 0;

        for (gint64 p = 0; p < s->P; p++)
          sum += s->v[q * s->P + p] * s->y[rows[i] * s->P + p];
        scores[q * n + i] = sum;
      }
  return TRUE;
}

static AssayBackend *
open_device (void)
{
  GError *error = NULL;
  AssayBackend *device = assay_backend_cuda_new (CUDA_MODULE, 0, 1, &error);

  g_assert_no_error (error);
  return device;
}

static AssayIndexAnswer *
search (Store *s, AssayDeviceIndex *there, AssayWorkers *workers, gint64 k, AssayIndexOrder order)
{
  GError *error = NULL;
  AssayIndexAnswer *answer = assay_gradient_index_search (s->index, there, workers, s->Q, s->query, k, order, recompute, s, &error);

  g_assert_no_error (error);
  return answer;
}

static void
compare (Store *s, AssayDeviceIndex *there, AssayWorkers *workers, gint64 k, AssayIndexOrder order, gboolean is_there)
{
  g_autoptr (AssayIndexAnswer) a = search (s, NULL, workers, k, order), b = search (s, there, workers, k, order);

  g_assert_cmpmem (b->hit, s->Q * k * sizeof *b->hit, a->hit, s->Q * k * sizeof *a->hit);
  g_assert_cmpint (b->n_exact, ==, a->n_exact);
  for (gint64 q = 0; q < s->Q; q++)
    {
      g_assert_cmpint (b->left[q][0], ==, is_there ? s->N : a->left[q][0]);
      g_assert_cmpint (b->left[q][2], ==, a->left[q][2]);
      g_assert_cmpint (b->left[q][3], ==, a->left[q][3]);
    }
}

static void
test_answers (void)
{
  static const struct { gint64 N, Q, D; double decay; } stores[] = {
    { 1000, 1, 700, 1 }, { 777, 5, 256, 0.5 }, { 500, 34, 300, 1.5 }, { 100, 130, 300, 0 }, { 31, 3, 10, 1 }, { 8500, 1, 20, 1 },
  };
  g_autoptr (AssayBackend) device = open_device ();
  gint64 least = G_MAXINT64;

  for (guint c = 0; c < G_N_ELEMENTS (stores); c++)
    {
      g_autoptr (Store) s = store_new (stores[c].N, stores[c].Q, stores[c].D, stores[c].decay);
      g_autoptr (AssayDeviceIndex) there = assay_device_index_new (s->index, device, NULL);
      g_autoptr (AssayIndexAnswer) one = NULL;

      g_assert_nonnull (there);
      for (AssayIndexOrder order = 0; assay_index_orders[order] != NULL; order++)
        compare (s, there, device->workers, 7, order, TRUE);
      compare (s, there, device->workers, s->N, c % 2 == 0 ? ASSAY_INDEX_HELPFUL : ASSAY_INDEX_MAGNITUDE, TRUE);
      one = search (s, there, device->workers, 1, ASSAY_INDEX_HELPFUL);
      least = MIN (least, one->left[0][2] * 20 / s->N);
    }
  g_assert_cmpint (least, ==, 0);                                 /* some store leaves less than a twentieth */
}

/* More rows are left than there is room for: all count. */
static void
count_found (gint64 q, gint64 n, const gint32 *rows, const float *sum, const float *bound, gpointer data)
{
  gint64 *found = data;

  g_assert_true ((rows == NULL) == (n > found[0]));
  g_assert_true ((sum == NULL) == (rows == NULL) && (bound == NULL) == (rows == NULL));
  for (gint64 i = 1; rows != NULL && i < n; i++)
    g_assert_cmpint (rows[i - 1], <, rows[i]);
  found[1 + q] = n;
}

static void
test_room (void)
{
  g_autoptr (AssayBackend) device = open_device ();
  g_autoptr (Store) s = store_new (900, 2, 300, 1);
  g_autoptr (AssayDeviceIndex) there = assay_device_index_new (s->index, device, NULL);
  AssayIndexTile *tile = assay_index_tile_new (s->index, 2, s->query, 0, NULL);
  gint64 found[3] = { G_MAXINT64, 0, 0 }, again[3];

  g_assert_true (assay_device_index_find (there, 2, &tile, 5, TRUE, found[0], count_found, found, NULL));
  g_assert_cmpint (found[1], >=, 5);
  g_assert_cmpint (found[1], <, 900);
  again[0] = MIN (found[1], found[2]) - 1;
  g_assert_true (assay_device_index_find (there, 2, &tile, 5, TRUE, again[0], count_found, again, NULL));
  g_assert_cmpmem (again + 1, 2 * sizeof *again, found + 1, 2 * sizeof *found);
  assay_index_tile_free (tile);
}

/* Room for the index and not for the scores: the pass is made here. Not even for the index: it is said. */
static void
test_memory (void)
{
  g_autoptr (AssayBackend) device = open_device ();
  g_autoptr (Store) s = store_new (600, 5, 300, 1);
  g_autoptr (AssayDeviceIndex) there = assay_device_index_new (s->index, device, NULL), none = NULL;
  g_autoptr (GError) error = NULL;

  g_assert_nonnull (there);
  set_memory (0);                                                 /* for more */
  compare (s, there, device->workers, 7, ASSAY_INDEX_MAGNITUDE, FALSE);
  none = assay_device_index_new (s->index, device, &error);
  set_memory (ENOUGH);
  g_assert_null (none);
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
  compare (s, there, device->workers, 7, ASSAY_INDEX_MAGNITUDE, TRUE);
}

int
main (int argc, char **argv)
{
  gpointer module = dlopen (CUDA_MODULE, RTLD_NOW | RTLD_LOCAL);
  GError *error = NULL;

  g_test_init (&argc, &argv, NULL);
  g_assert_nonnull (module);
  *(gpointer *) &set_memory = dlsym (module, "emulation_set_memory");
  g_assert_nonnull (set_memory);
  assay_isa_set ("baseline", &error);                             /* others may round a sum once less, and counts hang on that */
  g_assert_no_error (error);
  g_test_add_func ("/search/answers, certificates and what is left are the processor's", test_answers);
  g_test_add_func ("/search/more than there is room for is counted, not listed", test_room);
  g_test_add_func ("/search/without memory for it the pass is made on the processor", test_memory);
  return g_test_run ();
}
