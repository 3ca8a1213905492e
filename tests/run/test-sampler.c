/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-sampler.c: draws follow the distribution that is left in, and are functions of seed and position. */
#include "run/sampler.h"

#include <math.h>
#include <string.h>

#define V 6
#define DRAWS 20000

static const double logits[V] = { 0.3, 2.0, -1.0, 2.0, 0.0, 1.0 };

static gint32
choose (const AssaySampling *sampling, gint64 position)
{
  gint32 token = -1;
  GError *error = NULL;

  assay_sampling_choose (sampling, V, logits, position, &token, &error);
  g_assert_no_error (error);
  return token;
}

/* Shares of DRAWS draws against p, each within five standard deviations. */
static void
check_shares (const AssaySampling *sampling, const double p[V])
{
  gint64 count[V] = { 0 };

  for (gint64 i = 0; i < DRAWS; i++)
    count[choose (sampling, i)]++;
  for (gint64 v = 0; v < V; v++)
    g_assert_cmpfloat (fabs ((double) count[v] - DRAWS * p[v]), <=, 5 * sqrt (DRAWS * p[v] * (1 - p[v])));
}

static void
soften (double temperature, const gboolean in[V], double p[V])
{
  double sum = 0;

  for (gint64 v = 0; v < V; v++)
    sum += p[v] = in[v] ? exp (logits[v] / temperature) : 0;
  for (gint64 v = 0; v < V; v++)
    p[v] /= sum;
}

static void
test_greedy (void)
{
  const AssaySampling greedy = { .top_p = 1 };

  for (gint64 i = 0; i < 10; i++)
    g_assert_cmpint (choose (&greedy, i), ==, 1);                 /* the lower of two equals */
}

static void
test_shares (void)
{
  const gboolean all[V] = { 1, 1, 1, 1, 1, 1 }, three[V] = { 0, 1, 0, 1, 0, 1 }, two[V] = { 0, 1, 0, 1, 0, 0 };
  double p[V];

  soften (1, all, p);
  check_shares (&(AssaySampling) { .temperature = 1, .top_p = 1, .seed = 3 }, p);
  soften (2.5, all, p);
  check_shares (&(AssaySampling) { .temperature = 2.5, .top_p = 1, .seed = 4 }, p);
  soften (1, three, p);
  check_shares (&(AssaySampling) { .temperature = 1, .top_k = 3, .top_p = 1, .seed = 5 }, p);
  soften (1, two, p);
  check_shares (&(AssaySampling) { .temperature = 1, .top_p = 0.5, .seed = 6 }, p);     /* .37 each, so two make half */
  soften (1, three, p);
  check_shares (&(AssaySampling) { .temperature = 1, .top_p = 1, .min_p = 0.3, .seed = 7 }, p);       /* e^-1 = .37 of the likeliest */
}

static void
test_seeds (void)
{
  const AssaySampling a = { .temperature = 1, .top_p = 1, .seed = 1 }, b = { .temperature = 1, .top_p = 1, .seed = 2 };
  gint64 equal = 0;

  for (gint64 i = 0; i < 200; i++)
    {
      g_assert_cmpint (choose (&a, i), ==, choose (&a, i));
      equal += choose (&a, i) == choose (&b, i);
    }
  g_assert_cmpint (equal, <, 120);
}

static void
test_no_number (void)
{
  const AssaySampling greedy = { .top_p = 1 };
  const double bad[2] = { 0, NAN };
  g_autoptr (GError) error = NULL;
  gint32 token;

  g_assert_false (assay_sampling_choose (&greedy, 2, bad, 0, &token, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sampler/no temperature takes the likeliest", test_greedy);
  g_test_add_func ("/sampler/shares are those of what is left in", test_shares);
  g_test_add_func ("/sampler/draws are functions of seed and position", test_seeds);
  g_test_add_func ("/sampler/what is no number is refused", test_no_number);
  return g_test_run ();
}
