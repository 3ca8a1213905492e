/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certified searches against brute force in double on stores of all sorts, every interval against a wider type, kernels against each other. */
#include "influence/index_search.h"

#include "base/error.h"
#include "base/isa.h"
#include "base/mem.h"
#include "base/rng.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Rows and queries in double, whole: D kept coordinates, then the groups'. */
typedef struct {
  gint64 N, Q, D, P;
  guint G;
  gint64 group_end[ASSAY_INDEX_GROUPS + 1];     /* group g: coordinates group_end[g] .. group_end[g+1]-1; group_end[0] = D */
  double *y, *v;                /* (N,P), (Q,P) */
  double *score;                /* (Q,N) in double */
  AssayGradientIndex *index;
  double *norms;                /* (Q,G) */
  AssayIndexQuery *query;
  AssayRng rng;
} Store;

typedef enum { DECAYING, FLAT, TIED, SPARSE, SPIKED, TINY, HUGE_AND_TINY, N_SORTS } Sort;

static void
use (const char *isa)
{
  GError *error = NULL;

  assay_isa_set (isa, &error);
  g_assert_no_error (error);
}

static double
draw (Store *store)
{
  return assay_rng_normal (&store->rng);
}

static guint
pick (Store *store, guint n)
{
  return (guint) (assay_rng_uniform (&store->rng) * n);
}

static void
fill (Store *store, Sort sort, gint64 n, double *x)
{
  double rate = 0.5 + assay_rng_uniform (&store->rng);

  for (gint64 i = 0; i < n; i++)
    {
      double *row = x + i * store->P, size = exp (draw (store));

      for (gint64 p = 0; p < store->P; p++)
        switch (sort)
          {
          case DECAYING: row[p] = size * draw (store) * pow ((double) p + 1, -rate); break;
          case TIED: row[p] = (double) pick (store, 3) - 1; break;
          case SPARSE: row[p] = pick (store, 20) == 0 ? draw (store) : 0; break;
          case SPIKED: row[p] = p % 256 == 7 ? 1e6 * draw (store) : 1e-3 * draw (store); break;
          case TINY: row[p] = 1e-200 * draw (store); break;
          case HUGE_AND_TINY: row[p] = exp (10 * draw (store)); break;
          default: row[p] = draw (store);
          }
      if (pick (store, 10) == 0)
        memset (row, 0, store->P * sizeof *row);
      else if (i > 0 && pick (store, 10) == 0)
        memcpy (row, x + pick (store, (guint) i) * store->P, store->P * sizeof *row);
      else if (i > 0 && pick (store, 20) == 0)
        for (gint64 p = 0; p < store->P; p++)
          row[p] = -row[p - store->P];
    }
}

static double
norm_of (gint64 n, const double *x)
{
  double most = 0, sum = 0;

  for (gint64 k = 0; k < n; k++)
    most = MAX (most, fabs (x[k]));
  for (gint64 k = 0; k < n && most > 0; k++)
    sum += x[k] / most * (x[k] / most);
  return most * sqrt (sum);
}

static void
encode_row (Store *store, gint64 i)
{
  const double *row = store->y + i * store->P;
  double left_out[ASSAY_INDEX_GROUPS];

  for (guint g = 0; g < store->G; g++)
    left_out[g] = norm_of (store->group_end[g + 1] - store->group_end[g], row + store->group_end[g]);
  g_assert_true (assay_gradient_index_encode (store->index, i, row, left_out, norm_of (store->P, row)));
}

static Store *
store_new (guint64 seed, Sort rows, Sort queries, gint64 N, gint64 Q, gint64 D, guint G)
{
  Store *store = g_new0 (Store, 1);

  store->rng = assay_rng_new (seed, 0);
  store->N = N, store->Q = Q, store->D = D, store->G = G;
  store->group_end[0] = D;
  for (guint g = 0; g < G; g++)
    store->group_end[g + 1] = store->group_end[g] + 1 + pick (store, 40);
  store->P = store->group_end[G];
  store->y = g_new (double, N * store->P);
  store->v = g_new (double, Q * store->P);
  store->score = g_new0 (double, Q * N);
  store->norms = g_new0 (double, Q * G + 1);
  store->query = g_new0 (AssayIndexQuery, Q);
  store->index = assay_gradient_index_new (N, D, G, NULL);
  fill (store, rows, N, store->y);
  fill (store, queries, Q, store->v);
  for (gint64 i = 0; i < N; i++)
    encode_row (store, i);
  for (gint64 q = 0; q < Q; q++)
    {
      const double *v = store->v + q * store->P;

      for (guint g = 0; g < G; g++)
        store->norms[q * G + g] = norm_of (store->group_end[g + 1] - store->group_end[g], v + store->group_end[g]) * (1 + 1e-12);
      /* A sum of P products in double is within P 2^-53 |v|'|y| of the true one; twice that for the norms' own rounding. */
      store->query[q] = (AssayIndexQuery) { v, store->norms + q * G, 2 * (double) store->P * 0x1p-53 * norm_of (store->P, v) + DBL_MIN };
      for (gint64 i = 0; i < N; i++)
        for (gint64 p = 0; p < store->P; p++)
          store->score[q * N + i] += v[p] * store->y[i * store->P + p];
    }
  return store;
}

static void
store_free (Store *store)
{
  assay_gradient_index_free (store->index);
  g_free (store->y);
  g_free (store->v);
  g_free (store->score);
  g_free (store->norms);
  g_free (store->query);
  g_free (store);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Store, store_free)

static gboolean
recompute (gpointer data, gint64 n, const gint64 *rows, double *scores, GError **error)
{
  const Store *store = data;

  (void) error;
  for (gint64 q = 0; q < store->Q; q++)
    for (gint64 c = 0; c < n; c++)
      {
        g_assert_true (c == 0 || rows[c] > rows[c - 1]);
        scores[q * n + c] = store->score[q * store->N + rows[c]];
      }
  return TRUE;
}

static AssayIndexAnswer *
search (const Store *store, AssayWorkers *workers, gint64 k, AssayIndexOrder order)
{
  GError *error = NULL;
  AssayIndexAnswer *answer = assay_gradient_index_search (store->index, NULL, workers, store->Q, store->query, k, order, recompute, (gpointer) store, &error);

  g_assert_no_error (error);
  return answer;
}

typedef struct { double key; gint64 row; } Entry;

static int
compare (gconstpointer a, gconstpointer b)
{
  const Entry *x = a, *y = b;

  return x->key != y->key ? (x->key > y->key ? -1 : 1) : (x->row > y->row) - (x->row < y->row);
}

static void
check_against_brute_force (const Store *store, gint64 k, AssayIndexOrder order)
{
  g_autoptr (AssayIndexAnswer) answer = search (store, NULL, k, order);
  g_autofree Entry *all = g_new (Entry, store->N);

  for (gint64 q = 0; q < store->Q; q++)
    {
      const double *score = store->score + q * store->N;

      for (gint64 i = 0; i < store->N; i++)
        all[i] = (Entry) { order == ASSAY_INDEX_MAGNITUDE ? fabs (score[i]) : order == ASSAY_INDEX_HELPFUL ? score[i] : -score[i], i };
      qsort (all, store->N, sizeof *all, compare);
      for (gint64 j = 0; j < k; j++)
        {
          const AssayIndexHit *hit = &answer->hit[q * k + j];

          g_assert_cmpint (hit->row, ==, all[j].row);
          g_assert_cmpfloat (hit->value, ==, score[hit->row]);
        }
      for (guint stage = 0; stage < ASSAY_INDEX_STAGES; stage++)
        g_assert_cmpint (answer->left[q][stage], >=, k);
    }
}

/* Of the index alone, for every pair; the true score in long double. */
static void
check_intervals (const Store *store)
{
  g_autofree double *score = g_new (double, store->N), *bound = g_new (double, store->N);

  for (gint64 q = 0; q < store->Q; q++)
    {
      g_assert_true (assay_gradient_index_rank (store->index, NULL, &store->query[q], score, bound, NULL));
      for (gint64 i = 0; i < store->N; i++)
        {
          long double truth = 0;

          for (gint64 p = 0; p < store->P; p++)
            truth += (long double) store->v[q * store->P + p] * store->y[i * store->P + p];
          g_assert_true (fabsl (truth - score[i]) <= bound[i]);
          g_assert_true (fabs (store->score[q * store->N + i] - score[i]) <= bound[i]);
        }
    }
}

static guint64
count_stores (void)
{
  return g_getenv ("ASSAY_TEST_LONG") != NULL ? 1000 : 120;
}

static void
test_brute_force (void)
{
  for (guint64 seed = 0; seed < count_stores (); seed++)
    {
      AssayRng rng = assay_rng_new (seed, 1);
      gint64 N = 1 + (gint64) (assay_rng_uniform (&rng) * 300), Q = 1 + (gint64) (assay_rng_uniform (&rng) * 40), D = 1 + (gint64) (assay_rng_uniform (&rng) * 700);
      gint64 k = 1 + (gint64) (assay_rng_uniform (&rng) * (double) MIN (N, 30));
      Sort rows = (Sort) (assay_rng_uniform (&rng) * N_SORTS), queries = (Sort) (assay_rng_uniform (&rng) * N_SORTS);
      g_autoptr (Store) store = store_new (seed, rows, queries, N, Q, D, (guint) (assay_rng_uniform (&rng) * (ASSAY_INDEX_GROUPS + 1)));

      use (assay_isa_list ()[seed % g_strv_length ((char **) assay_isa_list ())]);
      check_against_brute_force (store, MIN (k, N), (AssayIndexOrder) (seed % 3));
      check_intervals (store);
    }
  use (assay_isa_list ()[0]);
}

static void
test_all_rows (void)
{
  g_autoptr (Store) store = store_new (5, FLAT, FLAT, 50, 3, 300, 2);

  check_against_brute_force (store, 50, ASSAY_INDEX_MAGNITUDE);
}

/* Where importance falls, the first block leaves few rows; the count says so. */
static void
test_prunes (void)
{
  g_autoptr (Store) store = store_new (6, DECAYING, DECAYING, 4000, 4, 700, 3);
  g_autoptr (AssayIndexAnswer) answer = search (store, NULL, 5, ASSAY_INDEX_MAGNITUDE);

  for (gint64 q = 0; q < 4; q++)
    g_assert_cmpint (answer->left[q][0], <, 2000);
  g_assert_cmpint (answer->n_exact, <, 400);
}

static void
assert_same (const AssayIndexAnswer *a, const AssayIndexAnswer *b)
{
  g_assert_cmpmem (a->hit, a->Q * a->k * sizeof *a->hit, b->hit, b->Q * b->k * sizeof *b->hit);
  g_assert_cmpmem (a->left, a->Q * sizeof *a->left, b->left, b->Q * sizeof *b->left);
  g_assert_cmpint (a->n_exact, ==, b->n_exact);
}

/* Several segments, some of them overflowing: answers and counts are those of one thread. */
static void
test_threads (void)
{
  static const struct { Sort rows; gint64 N; } sorts[] = { { DECAYING, 140000 }, { FLAT, 70000 } };

  for (gsize c = 0; c < G_N_ELEMENTS (sorts); c++)
    {
      g_autoptr (Store) store = store_new (7 + c, sorts[c].rows, sorts[c].rows, sorts[c].N, 3, 40, 1);
      g_autoptr (AssayIndexAnswer) one = search (store, NULL, 7, ASSAY_INDEX_MAGNITUDE);

      check_against_brute_force (store, 7, ASSAY_INDEX_MAGNITUDE);
      for (guint n = 2; n < 9; n += 3)
        {
          g_autoptr (AssayWorkers) workers = assay_workers_new (n);
          g_autoptr (AssayIndexAnswer) many = search (store, workers, 7, ASSAY_INDEX_MAGNITUDE);

          assert_same (one, many);
        }
    }
}

static void
test_refusals (void)
{
  g_autoptr (Store) store = store_new (8, FLAT, FLAT, 20, 2, 30, 1);
  static const gint64 wrong[] = { 0, 21, -1 };
  double kept[30] = { 0 }, left_out[1] = { 0 };

  for (gsize c = 0; c < G_N_ELEMENTS (wrong); c++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_null (assay_gradient_index_search (store->index, NULL, NULL, 2, store->query, wrong[c], ASSAY_INDEX_MAGNITUDE, recompute, store, &error));
      g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
    }
  kept[3] = NAN;
  g_assert_false (assay_gradient_index_encode (store->index, 0, kept, left_out, 0));
  kept[3] = 1e60;                                                 /* no float holds its norm */
  g_assert_false (assay_gradient_index_encode (store->index, 0, kept, left_out, 0));
  kept[3] = INFINITY;
  {
    const AssayIndexQuery query = { kept, left_out, 0 };
    g_autoptr (GError) error = NULL;

    g_assert_null (assay_gradient_index_search (store->index, NULL, NULL, 1, &query, 1, ASSAY_INDEX_MAGNITUDE, recompute, store, &error));
    g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
  }
}

/* An index of something else: a recomputed score outside its interval is never shown. */
static void
test_wrong_index (void)
{
  g_autoptr (Store) store = store_new (9, FLAT, FLAT, 200, 1, 300, 0);
  g_autoptr (GError) error = NULL;

  for (gint64 i = 0; i < 200; i++)
    store->score[i] *= 1.5;
  g_assert_null (assay_gradient_index_search (store->index, NULL, NULL, 1, store->query, 5, ASSAY_INDEX_MAGNITUDE, recompute, store, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_CHECK_FAILED);
}

#define ROWS 45

/* Extreme codes, rows in any order, odd counts of rows and queries: scales and units are powers of two, so that sums of floats are exact. */
static void
check_products (void)
{
  const AssayIndexKernels *used = assay_index_kernels_get (), *plain = &assay_index_kernels_baseline;
  g_autofree AssayIndexTileBlock *tile = g_new0 (AssayIndexTileBlock, 1);
  g_autofree gint8 *codes = g_new (gint8, ROWS * ASSAY_INDEX_BLOCK);
  float scale[ROWS], t[ASSAY_INDEX_TILE];
  double x[ASSAY_INDEX_BLOCK];
  gint16 sums[ROWS];
  const AssayIndexRowBlock block = { codes, sums, scale };
  AssayRng rng = assay_rng_new (3, 0);

  for (guint q = 0; q < ASSAY_INDEX_TILE; q++)
    {
      t[q] = ldexpf (1, (int) q % 5 - 2);
      for (guint k = 0; k < ASSAY_INDEX_BLOCK; k++)
        {
          tile->plain[q][k] = q == 0 ? -127 : q == 1 ? 127 : (gint8) (assay_rng_uniform (&rng) * 255 - 127);
          tile->packed[k / 4][q][k % 4] = (guint8) (tile->plain[q][k] + 128);
          tile->sum[q] += tile->plain[q][k];
        }
    }
  for (guint r = 0; r < ROWS; r++)
    {
      sums[r] = 0;
      scale[r] = ldexpf (1, (int) r % 7 - 3);
      for (guint k = 0; k < ASSAY_INDEX_BLOCK; k++)
        sums[r] = (gint16) (sums[r] + (codes[r * ASSAY_INDEX_BLOCK + k] = r == 0 ? -127 : r == 1 ? 127 : (gint8) (assay_rng_uniform (&rng) * 255 - 127)));
    }
  for (guint k = 0; k < ASSAY_INDEX_BLOCK; k++)
    x[k] = (double) tile->plain[3][k];
  for (guint q = 1; q <= ASSAY_INDEX_TILE; q++)
    for (guint n = 1; n <= ROWS; n++)
      {
        float a[ROWS * ASSAY_INDEX_TILE] = { 0 }, b[ROWS * ASSAY_INDEX_TILE] = { 0 };
        guint16 rows[ROWS];

        for (guint i = 0; i < n; i++)
          rows[i] = (guint16) (i * 7 % ROWS);                   /* 7 and ROWS have no common divisor: each row once */
        used->multiply (n, rows, &block, tile, t, q, a);
        plain->multiply (n, rows, &block, tile, t, q, b);
        for (guint i = 0; i < n; i++)
          for (guint k = 0; k < q; k++)
            {
              const guint r = rows[i];
              gint32 dot = 0;

              for (guint j = 0; j < ASSAY_INDEX_BLOCK; j++)
                dot += codes[r * ASSAY_INDEX_BLOCK + j] * tile->plain[k][j];
              g_assert_cmpfloat (b[r * ASSAY_INDEX_TILE + k], ==, scale[r] * t[k] * (float) dot);
              g_assert_cmpfloat (a[r * ASSAY_INDEX_TILE + k], ==, b[r * ASSAY_INDEX_TILE + k]);
              if (k == 3)                                         /* integers below 2^53: exact in any order */
                g_assert_cmpfloat (used->product (ASSAY_INDEX_BLOCK, codes + r * ASSAY_INDEX_BLOCK, x), ==, (double) dot);
            }
      }
}

/* Which rows may be among the k: numbers whose sums are exact, bounds that are not numbers, any count of queries. */
static void
check_finding (void)
{
  const AssayIndexKernels *used = assay_index_kernels_get (), *plain = &assay_index_kernels_baseline;
  AssayRng rng = assay_rng_new (4, 0);

  for (guint round = 0; round < 200; round++)
    {
      float sum[ROWS * ASSAY_INDEX_TILE], reach[ROWS * 5], w[4 * ASSAY_INDEX_TILE], threshold[ASSAY_INDEX_TILE];
      guint16 rows[ROWS], a[ROWS], b[ROWS];
      guint32 of_a[ROWS], of_b[ROWS];
      gint32 count[ASSAY_INDEX_TILE] = { 0 };
      const guint q = 1 + round % ASSAY_INDEX_TILE, behind = 3 + round % 2;
      const gboolean is_signed = round % 3 == 0;
      guint m = 0, n;

      for (guint k = 0; k < ROWS * ASSAY_INDEX_TILE; k++)
        sum[k] = (float) floor (64 * assay_rng_normal (&rng));
      for (guint k = 0; k < ROWS * 5; k++)
        reach[k] = k == 7 && round % 10 == 0 ? INFINITY : (float) floor (8 * assay_rng_uniform (&rng));
      for (guint k = 0; k < 4 * ASSAY_INDEX_TILE; k++)
        w[k] = (float) floor (4 * assay_rng_uniform (&rng));
      for (guint k = 0; k < ASSAY_INDEX_TILE; k++)
        threshold[k] = k % 11 == 3 ? INFINITY : (float) floor (200 * assay_rng_uniform (&rng)) + 0.5f;
      for (guint i = 0; i < ROWS; i++)
        rows[i] = (guint16) (i * 7 % ROWS);
      n = plain->find (ROWS, rows, is_signed, q, sum, reach, 5, behind, w, threshold, b, of_b);
      g_assert_cmpint (used->find (ROWS, rows, is_signed, q, sum, reach, 5, behind, w, threshold, a, of_a), ==, n);
      for (guint i = 0; i < ROWS; i++)
        {
          guint32 bits = 0;

          for (guint k = 0; k < q; k++)
            {
              const float *r = reach + rows[i] * 5, s = sum[rows[i] * ASSAY_INDEX_TILE + k];
              float most = (is_signed ? s : fabsf (s)) + r[0] * w[k] + r[1] * w[ASSAY_INDEX_TILE + k] + r[2] * w[2 * ASSAY_INDEX_TILE + k]
                           + r[behind] * w[3 * ASSAY_INDEX_TILE + k];

              bits |= (guint32) !(most < threshold[k]) << k;
            }
          if (bits == 0)
            continue;
          g_assert_cmpint (a[m], ==, rows[i]);
          g_assert_cmpint (b[m], ==, rows[i]);
          g_assert_cmpint (of_a[m], ==, bits);
          g_assert_cmpint (of_b[m++], ==, bits);
        }
      g_assert_cmpint (m, ==, n);
      used->count (n, of_a, count);
      for (guint k = 0; k < ASSAY_INDEX_TILE; k++)
        {
          for (guint i = 0; i < n; i++)
            count[k] -= (gint32) (of_b[i] >> k & 1);
          g_assert_cmpint (count[k], ==, 0);
        }
    }
}

static void
test_kernels (void)
{
  for (const char *const *isa = assay_isa_list (); *isa != NULL; isa++)
    {
      use (*isa);
      check_products ();
      check_finding ();
    }
  use (assay_isa_list ()[0]);
}

/* The kernels in use are those of the instruction set: a search with the plain ones would be right and slow, and nothing else would show it. */
static void
test_choice (void)
{
  for (const char *const *isa = assay_isa_list (); *isa != NULL; isa++)
    {
      use (*isa);
      g_assert_true ((assay_index_kernels_get () == &assay_index_kernels_baseline) == (strcmp (*isa, "baseline") == 0));
      g_assert_true (g_str_has_prefix (assay_index_kernels_get_name (), *isa));
    }
  use (assay_isa_list ()[0]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/index_search/every instruction set finds the same products, and the same rows that may be among the k", test_kernels);
  g_test_add_func ("/index_search/the kernels are those of the instruction set", test_choice);
  g_test_add_func ("/index_search/the k best are those of brute force, and every interval holds its score", test_brute_force);
  g_test_add_func ("/index_search/all rows can be asked for", test_all_rows);
  g_test_add_func ("/index_search/most rows are excluded by the first block where importance falls", test_prunes);
  g_test_add_func ("/index_search/any number of threads gives the same answer and the same counts", test_threads);
  g_test_add_func ("/index_search/what cannot be asked is refused", test_refusals);
  g_test_add_func ("/index_search/a score outside its interval is an error, not an answer", test_wrong_index);
  return g_test_run ();
}
