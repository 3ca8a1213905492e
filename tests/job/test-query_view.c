/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-query_view.c: a person is shown what there is, and no place that is empty. */
#include "job/query_view.h"

#include <string.h>

/* An answer of a method: damping, id and file where they are given. */
static json_t *
answer_of (const char *damping, const char *id, const char *file, gboolean certified)
{
  json_t *score = json_pack ("{s:i, s:s?, s:s?, s:i, s:f, s:f, s:f, s:b}", "example", 7, "id", id, "file", file, "row", 9, "score", 0.25, "lo", 0.125, "hi", 0.5, "converged", 1);
  json_t *query = json_pack ("{s:s, s:i, s:s?}", "split", "test", "index", 3, "id", id);

  return json_pack ("{s:s, s:s, s:s, s:s, s:f, s:o, s:n, s:s?, s:s, s:o, s:[o], s:s, s:s}", "method", "toy", "measure", "query loss", "unit",
                    "relative", "sign", "positive", "l2", 0.5, "damping", damping ? json_loads (damping, JSON_DECODE_ANY, NULL) : json_null (),
                    "solver", "interval_kind", certified ? "solve" : NULL, "interval_words", "why", "query", query, "scores", score,
                    "scores_object", "m/toy/1", "case", "x.assay");
}

static char *
get_field (const AssayView *view, const char *name)
{
  for (guint k = 0; k < assay_view_get_n_blocks (view); k++)
    if (g_strcmp0 (assay_view_get_block (view, k)->name, name) == 0)
      return assay_view_get_block (view, k)->text;
  g_assert_not_reached ();
}

static const AssayViewBlock *
get_table (const AssayView *view)
{
  for (guint k = 0; k < assay_view_get_n_blocks (view); k++)
    if (assay_view_get_block (view, k)->type == ASSAY_VIEW_TABLE)
      return assay_view_get_block (view, k);
  g_assert_not_reached ();
}

static void
test_damping (void)
{
  g_autoptr (AssayView) without = assay_view_new (), with = assay_view_new ();
  json_t *none = answer_of (NULL, NULL, NULL, FALSE), *some = answer_of ("0.25", NULL, NULL, FALSE);

  assay_query_view (none, without);
  assay_query_view (some, with);
  g_assert_cmpstr (get_field (without, "method"), ==, "toy; damping none");
  g_assert_cmpstr (get_field (with, "method"), ==, "toy; l2 0.5, damping 0.25");
  json_decref (none);
  json_decref (some);
}

static void
test_columns (void)
{
  static const struct { const char *id, *file; gboolean certified; guint n; } shapes[] = {                /* the last column marks what did not converge */
    { NULL, NULL, FALSE, 3 }, { NULL, NULL, TRUE, 5 }, { "p17", NULL, FALSE, 4 }, { "p17", NULL, TRUE, 6 }, { NULL, "p.csv", FALSE, 4 },
    { "p17", "p.csv", TRUE, 7 } };

  for (gsize k = 0; k < G_N_ELEMENTS (shapes); k++)
    {
      g_autoptr (AssayView) view = assay_view_new ();
      json_t *answer = answer_of (NULL, shapes[k].id, shapes[k].file, shapes[k].certified);
      const AssayViewBlock *table;

      assay_query_view (answer, view);
      table = get_table (view);
      g_assert_cmpuint (table->n_columns, ==, shapes[k].n);
      g_assert_cmpuint (table->cells->len, ==, 2 * shapes[k].n);
      if (shapes[k].id != NULL)
        g_assert_cmpstr (table->cells->pdata[shapes[k].n + 1], ==, "p17");
      if (shapes[k].file != NULL)
        g_assert_cmpstr (table->cells->pdata[shapes[k].n + (shapes[k].id ? 2 : 1)], ==, "p.csv row 9");
      json_decref (answer);
    }
}

/* Whichever of the two a score has. */
static void
test_errors (void)
{
  static const char *const names[] = { "se_sample", "se_seed" };

  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    {
      g_autoptr (AssayView) view = assay_view_new ();
      json_t *answer = answer_of (NULL, NULL, NULL, TRUE), *score = json_array_get (json_object_get (answer, "scores"), 0);
      const AssayViewBlock *table;

      json_object_set_new (score, names[1 - k], json_null ());
      json_object_set_new (score, names[k], json_real (0.0625));
      assay_query_view (answer, view);
      table = get_table (view);
      g_assert_cmpuint (table->n_columns, ==, 6);
      g_assert_cmpstr (table->cells->pdata[2], ==, "s.e.");
      g_assert_cmpstr (table->cells->pdata[8], ==, "0.0625");
      json_decref (answer);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/query_view/a method without damping says none", test_damping);
  g_test_add_func ("/query_view/columns are those that hold something", test_columns);
  g_test_add_func ("/query_view/a standard error stands beside its score", test_errors);
  return g_test_run ();
}
