/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train_view.c: draws the answer of a training. */
#include "job/train_view.h"

#include "base/json.h"
#include "run/optimizer.h"

#include <math.h>

#define MAX_COEFFICIENTS 60
#define ZERO 1e-12
#define NUMBER_SIZE 352          /* of the largest double with 15 decimals */

static void
add_cell_integer (AssayView *view, const json_t *object, const char *key)
{
  g_autofree char *text = assay_view_count (json_integer_value (json_object_get (object, key)));

  assay_view_add_cell (view, text);
}

static void
view_data (const json_t *data, AssayView *view)
{
  g_autofree char *n = assay_view_count (json_integer_value (json_object_get (data, "train_examples")));
  gsize k;
  json_t *drop;

  assay_view_add_field (view, "data", "%s: %s training examples of shape %s", assay_json_get_text (data, "name"), n,
                        assay_json_get_text (data, "shape"));
  json_array_foreach (json_object_get (data, "dropped"), k, drop)
    {
      g_autofree char *rows = assay_view_count (json_integer_value (json_object_get (drop, "rows")));

      assay_view_add_field (view, k == 0 ? "left out" : "", "%s rows: %s", rows, assay_json_get_text (drop, "reason"));
    }
}

/* A first-order training knows its objective on the last batch alone. */
static gboolean
is_whole_batch (const json_t *document)
{
  const AssayOptimizer *optimizer = assay_optimizer_find (assay_json_get_text (document, "optimizer"));

  return optimizer != NULL && optimizer->is_whole_batch;
}

static void
view_ending (const json_t *document, AssayView *view)
{
  g_autofree char *P = assay_view_count (json_integer_value (json_object_get (document, "parameters")));
  g_autofree char *steps = assay_view_count (json_integer_value (json_object_get (document, "steps")));
  g_autofree char *objective = assay_view_number (assay_json_get_number (document, "objective"), 6);
  g_autofree char *norm = assay_view_number (assay_json_get_number (document, "gradient_norm"), 3);

  assay_view_add_field (view, "model", "%s: %s, %s parameters", assay_json_get_text (document, "name"),
                        assay_json_get_text (json_object_get (document, "model"), "architecture"), P);
  view_data (json_object_get (document, "data"), view);
  assay_view_add_field (view, "training", "%s after %s steps of %s", assay_json_get_text (document, "reason"), steps,
                        assay_json_get_text (document, "optimizer"));
  assay_view_add_field (view, is_whole_batch (document) ? "objective" : "last batch", "%s nats, gradient norm %s", objective, norm);
}

static void
view_curve (const json_t *document, AssayView *view)
{
  const json_t *curve = json_object_get (document, "curve");
  gsize k;
  json_t *point;

  if (json_array_size (curve) < 2)
    return;
  assay_view_add_heading (view, "Training");
  assay_view_begin_table (view, is_whole_batch (document) ? ">steps done|>loss|>step length" : ">steps done|>loss of the batch|>rate");
  json_array_foreach (curve, k, point)
    {
      add_cell_integer (view, point, "step");
      assay_view_add_cell_number (view, assay_json_get_number (point, "loss"), 5);
      assay_view_add_cell_number (view, assay_json_get_number (point, "rate"), 3);
    }
}

static void
view_splits (const json_t *splits, AssayView *view)
{
  gsize k;
  json_t *split;

  if (json_array_size (splits) == 0)
    return;
  assay_view_add_heading (view, "Evaluation");
  assay_view_begin_table (view, "split|>examples|>loss (nats)|>accuracy");
  json_array_foreach (splits, k, split)
    {
      assay_view_add_cell (view, assay_json_get_text (split, "name"));
      add_cell_integer (view, split, "examples");
      assay_view_add_cell_number (view, assay_json_get_number (split, "loss"), 6);
      assay_view_add_cell_number (view, assay_json_get_number (split, "accuracy"), 4);
    }
}

/* Decimals that show three digits of the standard error (of the estimate where there is none), and five at least. What is smaller than
 * any unit makes it is a zero with rounding. */
static int
decimals_of (double estimate, double std_error)
{
  double size = std_error > 0 ? std_error : fabs (estimate);

  return size > ZERO && isfinite (size) ? (int) MAX (2 - floor (log10 (size)), 5) : 5;
}

static void
view_coefficients (const json_t *document, AssayView *view)
{
  const json_t *list = json_object_get (document, "coefficients");
  gboolean has_classes = json_is_string (json_object_get (json_array_get (list, 0), "class"));
  gsize k;
  json_t *row;

  if (json_array_size (list) == 0)
    return;
  assay_view_add_heading (view, "Coefficients (standard errors: %s)", assay_json_get_text (document, "std_error_basis"));
  assay_view_begin_table (view, has_classes ? "term|class|>estimate|>std error" : "term|>estimate|>std error");
  json_array_foreach (list, k, row)
    {
      double e = assay_json_get_number (row, "estimate"), s = assay_json_get_number (row, "std_error");
      g_autofree char *format = g_strdup_printf ("%%.%df", decimals_of (e, s));
      char estimate[NUMBER_SIZE], error[NUMBER_SIZE];

      if (k == MAX_COEFFICIENTS)
        break;
      assay_view_add_cell (view, assay_json_get_text (row, "term"));
      if (has_classes)
        assay_view_add_cell (view, assay_json_get_text (row, "class"));
      assay_view_add_cell (view, isnan (e) ? "-" : g_ascii_formatd (estimate, sizeof estimate, format, e));
      assay_view_add_cell (view, isnan (s) ? "-" : g_ascii_formatd (error, sizeof error, format, s));
    }
  if (json_array_size (list) > MAX_COEFFICIENTS)
    assay_view_add_text (view, "... and %d more; --json lists them all", (int) json_array_size (list) - MAX_COEFFICIENTS);
}

void
assay_train_view (const json_t *document, AssayView *view)
{
  view_ending (document, view);
  view_curve (document, view);
  view_splits (json_object_get (document, "splits"), view);
  view_coefficients (document, view);
}
