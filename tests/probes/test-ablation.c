/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-ablation.c: replacing units does what the arithmetic of a small network says, nothing where nothing is to be done, and is kept. */
#include "../run/fixtures.h"
#include "../store/store_test.h"

#include "probes/ablation.h"

#include <math.h>

#define HIDDEN 8                /* act1 of the fixture: 6 inputs, 8 hidden, 3 classes */

static double *
find_param (Fixture *f, const char *name)
{
  AssayGraph *layout = assay_model_get_layout (f->model);

  return (double *) assay_model_get_theta (f->model) + assay_graph_get_value (layout, assay_graph_find (layout, name))->offset;
}

static AssayAblation
describe (Fixture *f, const char *tap, const double *replacement, gint64 C)
{
  return (AssayAblation) { .model = f->model, .dataset = f->dataset, .examples = f->training.train, .N = f->training.N, .tap = tap,
                           .replacement = replacement, .C = C, .backend = f->backend };
}

static AssayAblations *
ablate (const AssayAblation *a, const AssayAblationSet *sets, gint64 S)
{
  GError *error = NULL;
  AssayAblations *out = assay_ablate (a, sets, S, NULL, &error);

  g_assert_no_error (error);
  return out;
}

/* Activations, logits, loss of one example, in double and by hand. */
static void
compute (Fixture *f, gint64 example, const gint64 *units, gint64 n, const double *replacement, double *loss, double *logit, gboolean *right)
{
  const double *w1 = find_param (f, "fc1.weight"), *b1 = find_param (f, "fc1.bias"), *w2 = find_param (f, "fc2.weight"), *b2 = find_param (f, "fc2.bias");
  double x[6], h[HIDDEN], z[3], sum = 0;
  gint32 label;
  AssayBatch batch = { .dtype = ASSAY_F64, .x = x, .label = &label };
  guint best = 0;

  assay_dataset_fill (f->dataset, &example, 1, &batch);
  for (guint u = 0; u < HIDDEN; u++)
    {
      h[u] = b1[u];
      for (guint d = 0; d < 6; d++)
        h[u] += w1[u * 6 + d] * x[d];
      h[u] = tanh (h[u]);
    }
  for (gint64 k = 0; k < n; k++)
    h[units[k]] = replacement[units[k]];
  for (guint v = 0; v < 3; v++)
    {
      z[v] = b2[v];
      for (guint u = 0; u < HIDDEN; u++)
        z[v] += w2[v * HIDDEN + u] * h[u];
      best = z[v] > z[best] ? v : best;
      sum += exp (z[v]);
    }
  *loss = log (sum) - z[label];
  *logit = z[label];
  *right = best == (guint) label;
}

static void
test_by_hand (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"dtype\": \"f64\"}", 2);
  static const gint64 units[] = { 5, 1, 7 }, all[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
  static const double replacement[HIDDEN] = { 0.1, -0.2, 0.3, 0, 0.5, 0.75, -1, 0.25 };
  const AssayAblationSet sets[] = { { units, 0 }, { units, 1 }, { units, 3 }, { all, HIDDEN } };
  AssayAblation a = describe (f, "act1", replacement, HIDDEN);
  g_autoptr (AssayAblations) out = ablate (&a, sets, 4);
  g_autofree double *change = g_new0 (double, a.N);
  gint64 set = 2, right_before = 0, right_after = 0;

  for (gint64 s = 0; s < 4; s++)
    for (gint64 i = 0; i < a.N; i++)
      {
        double loss, logit;
        gboolean right;

        compute (f, a.examples[i], sets[s].unit, sets[s].n, replacement, &loss, &logit, &right);
        g_assert_cmpfloat (fabs (out->loss[s * a.N + i] - loss), <=, 1e-13);
        g_assert_cmpfloat (fabs (out->logit[s * a.N + i] - logit), <=, 1e-13);
        g_assert_cmpint (out->right[s * a.N + i], ==, right);
        g_assert_cmpint (out->predictions[i], ==, 1);
        change[i] += s == 2 ? loss : s == 0 ? -loss : 0;
        right_before += s == 0 && right;
        right_after += s == 2 && right;
      }
  for (gint64 i = 1; i < a.N; i++)                                /* all replaced: the input no longer matters */
    if (assay_dataset_get_label (f->dataset, a.examples[i]) == assay_dataset_get_label (f->dataset, a.examples[0]))
      g_assert_cmpfloat (out->logit[3 * a.N + i], ==, out->logit[3 * a.N]);
  {
    AssayEstimate loss = assay_ablations_change (out, ASSAY_ABLATION_LOSS, 0, &set, 1, 0.95), hand = assay_estimate_mean (change, a.N, 0.95);
    AssayEstimate accuracy = assay_ablations_change (out, ASSAY_ABLATION_ACCURACY, 0, &set, 1, 0.95);

    g_assert_cmpfloat (fabs (loss.value - hand.value), <=, 1e-12);
    g_assert_cmpfloat (fabs (loss.lo - hand.lo), <=, 1e-12);
    g_assert_cmpfloat (fabs (loss.hi - hand.hi), <=, 1e-12);
    g_assert_cmpfloat (fabs (accuracy.value - (double) (right_after - right_before) / (double) a.N), <=, 1e-15);
  }
}

/* A unit that is constant already is replaced by itself: the same bits. One that writes nothing may be replaced by anything. */
static void
test_nothing_to_do (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{\"dtype\": \"f64\"}", 1);
  double replacement[HIDDEN] = { 0 };
  const gint64 units[] = { 2, 4 };
  const AssayAblationSet sets[] = { { units, 0 }, { units, 1 }, { units + 1, 1 } };
  AssayAblation a = describe (f, "act1", replacement, HIDDEN);
  g_autoptr (AssayAblations) out = NULL;

  for (guint d = 0; d < 6; d++)
    find_param (f, "fc1.weight")[2 * 6 + d] = 0;
  find_param (f, "fc1.bias")[2] = 0.5;
  {
    guint keep[] = { assay_graph_find (assay_model_get_layout (f->model), "act1"), ASSAY_NO_VALUE };
    g_autoptr (AssayPass) pass = assay_pass_new (f->model, f->dataset, ASSAY_WALK_FORWARD, ASSAY_F64, 1, f->backend, keep, NULL);

    assay_pass_bind (pass, a.examples);
    g_assert_true (assay_exec_prepare (assay_pass_get_exec (pass), assay_model_get_theta (f->model), NULL, NULL, FALSE, NULL));
    replacement[2] = ((const double *) assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, keep[0]))[2];
  }
  for (guint v = 0; v < 3; v++)
    find_param (f, "fc2.weight")[v * HIDDEN + 4] = 0;
  replacement[4] = 100;
  out = ablate (&a, sets, 3);
  for (gint64 s = 1; s < 3; s++)
    g_assert_cmpmem (out->loss + s * a.N, a.N * sizeof (double), out->loss, a.N * sizeof (double));
}

/* Positions that do not count are no predictions; all positions of the unit are replaced. */
static void
test_tokens (void)
{
  g_autoptr (Fixture) f = fixture_transformer ("{}", 1);
  double replacement[32] = { 0 };
  const gint64 unit = 3;
  const AssayAblationSet sets[] = { { &unit, 0 }, { &unit, 1 } };
  AssayAblation a = describe (f, "h.0.mlp.act", replacement, 32);
  g_autoptr (AssayAblations) out = ablate (&a, sets, 2);
  gboolean differs = FALSE;

  for (gint64 i = 0; i < a.N; i++)
    {
      g_assert_cmpint (out->predictions[i], ==, 4);               /* two of the fixture's six positions have no weight */
      differs |= out->loss[i] != out->loss[a.N + i];
    }
  g_assert_true (differs);
}

/* --- kept -------------------------------------------------------------------------------------------------------------- */

typedef struct { AssayProgress *progress; guint left; } Stop;

static void
count_down (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  Stop *stop = data;

  (void) stage, (void) done, (void) total, (void) unit, (void) note;
  if (stop->left > 0 && --stop->left == 0)
    assay_progress_cancel (stop->progress, ASSAY_ERROR_INTERRUPTED);
}

static AssayAblations *
ablate_some (const AssayAblation *a, const AssayAblationSet *sets, gint64 S, guint sets_until_stop, GError **error)
{
  Stop stop = { .left = sets_until_stop };
  AssayAblations *out;

  stop.progress = assay_progress_new (count_down, &stop);
  out = assay_ablate (a, sets, S, stop.progress, error);
  assay_progress_free (stop.progress);
  return out;
}

static void
test_kept (Room *room, gconstpointer unused)
{
  g_autoptr (AssayCase) cas = new_case (room);
  g_autoptr (Fixture) f = fixture_mlp ("{}", 1), again = fixture_mlp ("{}", 3);
  double replacement[HIDDEN] = { 0.5, 0.5, 0.5, 0.5 };
  gint64 units[HIDDEN];
  AssayAblationSet sets[HIDDEN + 1] = { { units, 0 } };
  AssayAblation a = describe (f, "act1", replacement, HIDDEN), kept, other;
  g_autoptr (AssayAblations) plain = NULL, whole = NULL, from_store = NULL, changed = NULL;
  g_autoptr (AssayObject) part = NULL, complete = NULL, newer = NULL;
  GError *error = NULL;

  (void) unused;
  for (gint64 u = 0; u < HIDDEN; u++)
    {
      units[u] = u;
      sets[u + 1] = (AssayAblationSet) { units + u, 1 };
    }
  plain = ablate (&a, sets, HIDDEN + 1);
  kept = describe (again, "act1", replacement, HIDDEN);           /* another crew: the same bits */
  kept.store = cas;
  kept.name = "rec/act1";
  g_assert_null (ablate_some (&kept, sets, HIDDEN + 1, 3, &error));
  g_assert_error (error, ASSAY_ERROR, ASSAY_ERROR_INTERRUPTED);
  g_clear_error (&error);
  part = assay_case_lookup (cas, "ablations", "rec/act1", NULL);
  g_assert_false (part->complete);
  g_assert_cmpint (part->rows, ==, 3);
  whole = ablate_some (&kept, sets, HIDDEN + 1, 0, &error);
  g_assert_no_error (error);
  complete = assay_case_lookup (cas, "ablations", "rec/act1", NULL);
  g_assert_cmpuint (complete->sequence, ==, part->sequence);
  g_assert_true (complete->complete);
  from_store = ablate_some (&kept, sets, HIDDEN + 1, 1, &error);  /* nothing is walked that could be stopped */
  g_assert_no_error (error);
  for (guint k = 0; k < 2; k++)
    {
      const AssayAblations *out = k == 0 ? whole : from_store;

      g_assert_cmpmem (out->loss, (HIDDEN + 1) * a.N * sizeof (double), plain->loss, (HIDDEN + 1) * a.N * sizeof (double));
      g_assert_cmpmem (out->logit, (HIDDEN + 1) * a.N * sizeof (double), plain->logit, (HIDDEN + 1) * a.N * sizeof (double));
      g_assert_cmpmem (out->right, (HIDDEN + 1) * a.N * sizeof (gint32), plain->right, (HIDDEN + 1) * a.N * sizeof (gint32));
      g_assert_cmpmem (out->predictions, a.N * sizeof (gint64), plain->predictions, a.N * sizeof (gint64));
    }
  other = kept;
  replacement[7] = 2;                                             /* another question */
  changed = ablate_some (&other, sets, HIDDEN + 1, 0, &error);
  g_assert_no_error (error);
  newer = assay_case_lookup (cas, "ablations", "rec/act1", NULL);
  g_assert_cmpuint (newer->sequence, !=, complete->sequence);
}

static void
test_refusals (void)
{
  g_autoptr (Fixture) f = fixture_mlp ("{}", 1);
  const double replacement[HIDDEN] = { 0 };
  const gint64 unit = HIDDEN;
  const AssayAblationSet set = { &unit, 1 };
  AssayAblation a = describe (f, "act1", replacement, HIDDEN), no_tap = describe (f, "act9", replacement, HIDDEN), narrow = describe (f, "act1", replacement, 7);
  GError *error = NULL;

  g_assert_null (assay_ablate (&a, &set, 1, NULL, &error));
  expect_error (&error, ASSAY_ERROR_INPUT, "tap act1: units 0 to 7 expected, 8 found", NULL);
  g_assert_null (assay_ablate (&no_tap, &set, 0, NULL, &error));
  expect_error (&error, ASSAY_ERROR_NOT_FOUND, "act9", NULL);
  g_assert_null (assay_ablate (&narrow, &set, 0, NULL, &error));
  expect_error (&error, ASSAY_ERROR_SHAPE, "7 units expected, the model has 8", NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/ablation/losses, logits and answers are those of the arithmetic", test_by_hand);
  g_test_add_func ("/ablation/a unit at its replacement, or one that writes nothing, changes no bit", test_nothing_to_do);
  g_test_add_func ("/ablation/only positions that count are predictions", test_tokens);
  ADD ("/ablation/what is stopped goes on, and what is kept is not walked again", test_kept);
  g_test_add_func ("/ablation/what cannot be ablated is refused", test_refusals);
  return g_test_run ();
}
