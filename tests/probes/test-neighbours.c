/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-neighbours.c: neighbours against all distances, of a regression and of a network; copies, the query itself, constants.
 */
#include "decided.h"

#include "probes/neighbours.h"

#include <math.h>
#include <stdlib.h>

typedef struct { double distance; gint64 example; } Pair;

static int
nearer (const void *a, const void *b)
{
  const Pair *x = a, *y = b;

  if (x->distance != y->distance)
    return x->distance < y->distance ? -1 : 1;
  return x->example < y->example ? -1 : 1;
}

/* Features (n,F) of all examples: the input, or tanh (W x + b) of the first layer. */
static void
features_of (const Decided *d, gboolean hidden, gint64 n, gint64 F, double *h)
{
  const double *theta = assay_model_get_theta (d->fixture->model);

  for (gint64 i = 0; i < n; i++)
    {
      double x[6];

      decided_read (d, i, x);
      for (gint64 f = 0; f < F; f++)
        {
          double sum = hidden ? theta[6 * F + f] : x[f];

          for (gint64 j = 0; hidden && j < 6; j++)
            sum += theta[f * 6 + j] * x[j];
          h[i * F + f] = hidden ? tanh (sum) : sum;
        }
    }
}

static void
compare_all (gboolean hidden)
{
  enum { N = 500, K = 7 };
  gint64 F = hidden ? 8 : 6;
  Decided d = hidden ? decided_new (N, 6, 3, "mlp", "{\"widths\": [6, 8, 3], \"activations\": [\"tanh\"]}")
                     : decided_new (N, 6, 2, "linear", "{\"inputs\": 6, \"loss\": \"logistic\"}");
  g_autofree double *h = g_new (double, N * F), *s = g_new0 (double, F);
  g_autofree gint64 *train = g_new (gint64, N);
  const gint64 query[] = { 3, 490, 77 };
  g_autoptr (AssayNeighbours) found = NULL;
  GError *error = NULL;

  features_of (&d, hidden, N, F, h);
  for (gint64 f = 0; f < F; f++)
    {
      double mean = 0;

      for (gint64 i = 0; i < N - 20; i++)
        mean += h[i * F + f] / (N - 20);
      for (gint64 i = 0; i < N - 20; i++)
        s[f] += (h[i * F + f] - mean) * (h[i * F + f] - mean) / (N - 20);
      s[f] = sqrt (s[f]);
    }
  for (gint64 i = 0; i < N; i++)
    train[i] = i;
  found = assay_neighbours_new (d.fixture->model, d.fixture->dataset, train, N - 20, query, 3, K, d.fixture->backend, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpint (found->F, ==, F);
  g_assert_cmpint (found->n_varying, ==, F);
  g_assert_true (found->is_input == !hidden);
  for (gint64 q = 0; q < 3; q++)
    {
      Pair pairs[N];
      gint64 n = 0;

      for (gint64 i = 0; i < N - 20; i++)
        {
          double sum = 0;

          for (gint64 f = 0; f < F; f++)
            sum += pow ((h[i * F + f] - h[query[q] * F + f]) / s[f], 2);
          if (i != query[q])
            pairs[n++] = (Pair) { sqrt (sum), i };
        }
      qsort (pairs, n, sizeof *pairs, nearer);
      for (gint64 k = 0; k < K; k++)
        {
          g_assert_cmpint (found->nearest[q * K + k].example, ==, pairs[k].example);
          g_assert_cmpfloat (fabs (found->nearest[q * K + k].distance - pairs[k].distance), <=, 1e-10);
        }
      g_assert_cmpint (found->identical[q], ==, 0);
    }
  decided_clear (&d);
}

static void
test_regression (void)
{
  compare_all (FALSE);
}

static void
test_network (void)
{
  compare_all (TRUE);
}

/* Copies are at distance 0 and counted; a constant feature is no distance; fewer than k neighbours end the list. */
static void
test_copies (void)
{
  static const double x[] = { 1, 7, 2, 7, 1, 7, 1, 7 };
  static const gint32 y[] = { 0, 1, 0, 1 };
  AssayShape shape = ASSAY_SHAPE (2);
  g_autoptr (Fixture) f = fixture_new (assay_dataset_new_from_arrays (&shape, 4, x, y, 2, NULL, "train", 0, NULL, NULL), "linear",
                                       "{\"inputs\": 2, \"loss\": \"logistic\"}", "{}", 1);
  const gint64 train[] = { 0, 1, 2, 3 }, query[] = { 0 };
  g_autoptr (AssayNeighbours) found = assay_neighbours_new (f->model, f->dataset, train, 4, query, 1, 5, f->backend, NULL, NULL);

  g_assert_cmpint (found->n_varying, ==, 1);
  g_assert_cmpint (found->identical[0], ==, 2);
  g_assert_cmpint (found->nearest[0].example, ==, 2);
  g_assert_cmpint (found->nearest[1].example, ==, 3);
  g_assert_cmpint (found->nearest[2].example, ==, 1);
  g_assert_cmpfloat (found->nearest[2].distance, >, 0);
  g_assert_cmpint (found->nearest[3].example, ==, -1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/probes/neighbours/of a regression they are those of its inputs", test_regression);
  g_test_add_func ("/probes/neighbours/of a network those of its last hidden layer", test_network);
  g_test_add_func ("/probes/neighbours/copies are counted, constants are no distance", test_copies);
  return g_test_run ();
}
