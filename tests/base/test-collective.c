/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-collective.c: sums have one order, failures reach everybody once, and nobody waits for ever. */
#include "ring.h"

#include "base/error.h"

#include <string.h>

#define MOST_RANKS 6
#define PIECE ((gint64) (ASSAY_COLLECTIVE_PIECE / sizeof (double)))

/* --- sums ----------------------------------------------------------------------------------------------------------------- */

typedef struct {
  gint64 n, width;
  double *total[MOST_RANKS];
  gint made[64];                /* how often each term was */
  gint64 fails_at;              /* -1: no term */
  GError *error[MOST_RANKS];
} Sum;

/* Of sizes so unlike that another order gives other bits. */
static double
get_number (gint64 k, gint64 i)
{
  static const double sizes[] = { 1, 1e16, -1e16, 1e-8, 3e7 };

  return (1 + (double) ((i * 31 + k * 17) % 1009) / 1009) * sizes[(k + i) % 5];
}

static gboolean
make_term (gpointer data, gint64 k, double *sums, GError **error)
{
  Sum *sum = data;

  g_atomic_int_inc (&sum->made[k]);
  if (k == sum->fails_at)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "term %d is not finite", (int) k);
      return FALSE;
    }
  for (gint64 i = 0; i < sum->width; i++)
    sums[i] = get_number (k, i);
  return TRUE;
}

static void
sum_here (AssayCollective *self, gpointer data)
{
  Sum *sum = data;
  guint rank = self ? self->rank : 0;
  g_autofree double *sums = g_new (double, sum->width);

  sum->total[rank] = g_new (double, sum->width);
  memset (sum->total[rank], 0xff, (gsize) sum->width * sizeof (double));
  assay_collective_sum (self, sum->n, sum->width, make_term, sum, sums, sum->total[rank], NULL, &sum->error[rank]);
}

static void
sum_clear (Sum *sum)
{
  for (guint r = 0; r < MOST_RANKS; r++)
    {
      g_free (sum->total[r]);
      g_clear_error (&sum->error[r]);
    }
}

static void
test_sums (void)
{
  static const gint64 terms[] = { 1, 2, 3, 5, 16, 17 }, widths[] = { 1, 1000, PIECE, 3 * PIECE + 5 };

  for (gsize t = 0; t < G_N_ELEMENTS (terms); t++)
    for (gsize w = 0; w < G_N_ELEMENTS (widths); w++)
      {
        const gsize bytes = (gsize) widths[w] * sizeof (double);
        Sum alone = { .n = terms[t], .width = widths[w], .fails_at = -1 };

        if (widths[w] > PIECE && terms[t] > 5)            /* five ranks and one round more say it */
          continue;
        sum_here (NULL, &alone);
        for (gint64 i = 0; i < MIN (widths[w], 1000); i++)
          {
            double plain = 0;

            for (gint64 k = 0; k < terms[t]; k++)
              plain += get_number (k, i);
            g_assert_true (memcmp (&plain, &alone.total[0][i], sizeof plain) == 0);
          }
        for (guint size = 2; size <= MOST_RANKS; size++)
          {
            Sum shared = { .n = terms[t], .width = widths[w], .fails_at = -1 };

            ring_run (size, sum_here, &shared);
            for (guint r = 0; r < size; r++)
              {
                g_assert_no_error (shared.error[r]);
                g_assert_true (memcmp (shared.total[r], alone.total[0], bytes) == 0);
              }
            for (gint64 k = 0; k < terms[t]; k++)
              g_assert_cmpint (shared.made[k], ==, 1);
            sum_clear (&shared);
          }
        sum_clear (&alone);
      }
}

/* The order is worth a test: of these numbers another has other bits. */
static void
test_order_matters (void)
{
  double forth = 0, back = 0;

  for (gint64 k = 0; k < 5; k++)
    forth += get_number (k, 0);
  for (gint64 k = 4; k >= 0; k--)
    back += get_number (k, 0);
  g_assert_true (forth != back);
}

static void
test_failing_term (void)
{
  for (guint size = 2; size <= MOST_RANKS; size++)
    for (gint64 at = 0; at < 7; at++)
      {
        Sum sum = { .n = 7, .width = 10, .fails_at = at };
        const guint who = (guint) at % size;
        g_autofree char *text = who == 0 ? g_strdup_printf ("term %d is not finite", (int) at) : g_strdup_printf ("rank %u: term %d is not finite", who, (int) at);

        ring_run (size, sum_here, &sum);
        for (guint r = 0; r < size; r++)
          {
            g_assert_error (sum.error[r], ASSAY_ERROR, ASSAY_ERROR_NAN);
            g_assert_cmpstr (sum.error[r]->message, ==, text);
          }
        sum_clear (&sum);
      }
}

/* --- failures in other places --------------------------------------------------------------------------------------------- */

/* A rank that fails before it comes to the sum, whose next call is the last agreement of all, while the others are in the sum. */
static void
fall_out (AssayCollective *self, gpointer data)
{
  Sum *sum = data;
  GError *fault = NULL;

  if (self->rank == self->size - 1)
    g_set_error_literal (&fault, ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY, "no memory");
  else
    {
      g_autofree double *sums = g_new (double, sum->width), *total = g_new (double, sum->width);

      assay_collective_sum (self, sum->n, sum->width, make_term, sum, sums, total, NULL, &fault);
    }
  g_assert_false (assay_collective_agree (self, fault, &sum->error[self->rank]));
  g_assert_false (assay_collective_agree (self, NULL, NULL));     /* all that comes behind it fails, and waits for nobody */
}

static void
test_falling_out (void)
{
  for (guint size = 2; size <= MOST_RANKS; size++)
    {
      Sum sum = { .n = 16, .width = 3, .fails_at = -1 };
      g_autofree char *text = g_strdup_printf ("rank %u: no memory", size - 1);

      ring_run (size, fall_out, &sum);
      for (guint r = 0; r < size; r++)
        {
          g_assert_error (sum.error[r], ASSAY_ERROR, ASSAY_ERROR_NO_MEMORY);
          g_assert_cmpstr (sum.error[r]->message, ==, text);
        }
      sum_clear (&sum);
    }
}

/* All of them fail: one speaks. */
static void
fail_all (AssayCollective *self, gpointer data)
{
  GError **error = data;

  g_assert_false (assay_collective_agree (self, g_error_new (ASSAY_ERROR, ASSAY_ERROR_INPUT, "fault of %u", self->rank), &error[self->rank]));
}

static void
test_first_speaks (void)
{
  GError *error[MOST_RANKS] = { NULL };

  ring_run (MOST_RANKS, fail_all, error);
  for (guint r = 0; r < MOST_RANKS; r++)
    {
      g_assert_error (error[r], ASSAY_ERROR, ASSAY_ERROR_INPUT);
      g_assert_cmpstr (error[r]->message, ==, "fault of 0");
      g_clear_error (&error[r]);
    }
}

/* --- texts and bytes ------------------------------------------------------------------------------------------------------ */

static void
require_same (AssayCollective *self, gpointer data)
{
  const char *const *text = data;
  g_autoptr (GError) error = NULL;

  if (text[1] == NULL)
    {
      g_assert_true (assay_collective_require_same (self, "command", text[0], &error));
      g_assert_no_error (error);
      return;
    }
  g_assert_false (assay_collective_require_same (self, "command", text[self->rank == 2], &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE);
  g_assert_nonnull (strstr (error->message, "rank 2: command: that of rank 0 expected, record, factors found"));
}

static void
test_same (void)
{
  ring_run (4, require_same, (gpointer) (const char *const[]) { "record", NULL });
  ring_run (4, require_same, (gpointer) (const char *const[]) { "record", "factors" });
}

static void
broadcast (AssayCollective *self, gpointer data)
{
  const gsize n = 2 * ASSAY_COLLECTIVE_PIECE + 3;
  g_autofree guint8 *bytes = g_malloc (n);
  const guint root = *(const guint *) data;

  for (gsize i = 0; i < n; i++)
    bytes[i] = self->rank == root ? (guint8) (i * 7 + i / 251) : 0;
  g_assert_true (assay_collective_broadcast (self, root, bytes, n, NULL));
  for (gsize i = 0; i < n; i++)
    g_assert_true (bytes[i] == (guint8) (i * 7 + i / 251));
}

static void
test_broadcast (void)
{
  for (guint root = 0; root < 4; root++)
    ring_run (4, broadcast, &root);
}

static void
test_alone (void)
{
  g_autoptr (GError) error = NULL;

  g_assert_true (assay_collective_is_first (NULL));
  g_assert_true (assay_collective_agree (NULL, NULL, &error));
  g_assert_true (assay_collective_require_same (NULL, "command", "record", &error));
  g_assert_no_error (error);
  g_assert_false (assay_collective_agree (NULL, g_error_new_literal (ASSAY_ERROR, ASSAY_ERROR_IO, "gone"), &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_IO);
  assay_collective_end (NULL, 0);
}

static void
test_no_module (void)
{
  g_autoptr (GError) error = NULL;
  AssayCollective *collective;

  g_assert_false (assay_collective_open_mpi ("/nowhere/assay-mpi.so", &collective, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED);
  g_clear_error (&error);
  g_assert_false (assay_collective_open_mpi ("/proc/self/exe", &collective, &error));     /* no module at all */
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_UNSUPPORTED);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/collective/sums have the bits of one process from any number of ranks", test_sums);
  g_test_add_func ("/collective/which another order would not have", test_order_matters);
  g_test_add_func ("/collective/a term that fails ends the sum of all with its message", test_failing_term);
  g_test_add_func ("/collective/a rank that falls out before ends it, too", test_falling_out);
  g_test_add_func ("/collective/of several failures the first rank's is told", test_first_speaks);
  g_test_add_func ("/collective/ranks with another text are refused by all", test_same);
  g_test_add_func ("/collective/bytes reach every rank from any", test_broadcast);
  g_test_add_func ("/collective/a process alone agrees with itself", test_alone);
  g_test_add_func ("/collective/a module that is none is refused", test_no_module);
  return g_test_run ();
}
