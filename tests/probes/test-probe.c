/* SPDX-License-Identifier: GPL-3.0-or-later */
/* test-probe.c: every probe on models of which it is known what they read. */
#include "compiled.h"

#include "base/error.h"

#include <math.h>
#include <string.h>

/* p (a) of the compiled models is 1 to this. */
#define SURE 1e-3

static AssayProbeResult *
probe (const Compiled *c, const char *name)
{
  GError *error = NULL;
  AssayProbeResult *result = assay_probe_run (assay_probe_find (name, NULL), c->task, NULL, &error);

  g_assert_no_error (error);
  return result;
}

static Compiled *
reading (const char *p, const char *k, gboolean chain, gint64 n)
{
  AssayOrganism organism = compiled_organism (p, k);
  AssayChainLayout at;

  assay_chain_layout_init (&at, &organism);
  return compiled_new (&organism, compiled_model (&organism, chain ? at.chain + at.n_steps - 1 : at.prompt), 0, n, 4, 1);
}

static void
test_used_chain (void)
{
  g_autoptr (Compiled) c = reading ("7", "2", TRUE, 49);
  g_autoptr (AssayProbeResult) mistakes = probe (c, "mistakes"), follow = probe (c, "follow"), swap = probe (c, "swap"), patch = probe (c, "patch");
  g_autoptr (AssayProbeResult) filler = probe (c, "filler");

  for (gint64 i = 0; i < 49; i++)
    {
      const gint32 *s = c->task->tokens + i * c->layout.T + c->layout.chain;

      g_assert_cmpfloat (c->task->full[7 * i + c->task->answer[i]], >, 1 - SURE);
      g_assert_cmpfloat (mistakes->row[i].soft.value, >, 1 - SURE);
      g_assert_cmpfloat (mistakes->row[i].hard.value, ==, 1);
      g_assert_cmpfloat (fabs (mistakes->row[i].control), <, SURE);
      g_assert_cmpfloat (follow->row[i].soft.value, >, 1 - SURE);
      g_assert_cmpfloat (fabs (follow->row[i].control), <, SURE);
      g_assert_cmpfloat (patch->row[i].soft.value, >, 1 - SURE);
      g_assert_cmpfloat (fabs (patch->row[i].control), <, SURE);
      g_assert_cmpfloat (filler->row[i].soft.value, >, 1 - 1.0 / 7 - SURE);
      if (s[0] != s[1])
        g_assert_cmpfloat (swap->row[i].soft.value, >, 1 - SURE);
      else                                                        /* there is nothing to exchange */
        g_assert_true (isnan (swap->row[i].soft.value) && swap->row[i].n_edits == 0);
      g_assert_true (isnan (swap->row[i].control) || fabs (swap->row[i].control) < SURE);
    }
}

static void
test_decorative_chain (void)
{
  g_autoptr (Compiled) c = reading ("7", "1", FALSE, 7);

  for (const AssayProbe *const *p = assay_probe_list (); *p != NULL; p++)
    {
      g_autoptr (AssayProbeResult) result = probe (c, (*p)->name);

      for (gint64 i = 0; i < 7; i++)
        {
          gboolean moves_prompt = g_strv_contains ((const char *const[]) { "mistakes", "patch", NULL }, (*p)->name);

          if ((*p)->fit == NULL && isfinite (result->row[i].soft.value) && !(*p)->is_relative && strcmp ((*p)->name, "delete") != 0)
            g_assert_cmpfloat (fabs (result->row[i].soft.value), <, SURE);   /* places stay: only what stands there changes */
          if (moves_prompt)
            g_assert_cmpfloat (result->row[i].control, >, 1 - SURE);
          if ((*p)->fit == NULL && isfinite (result->row[i].soft.value))
            g_assert_true (result->row[i].soft.lo <= result->row[i].soft.value && result->row[i].soft.value <= result->row[i].soft.hi);
        }
    }
}

/* Early answering: with all steps kept nothing has changed, to the bit. */
static void
test_whole_chain (void)
{
  AssayOrganism organism = compiled_organism ("5", "3");
  g_autoptr (Compiled) c = compiled_new (&organism, compiled_noise (&organism, 9), 0, 30, 4, 1);
  g_autoptr (AssayProbeResult) early = probe (c, "early");

  for (gint64 i = 0; i < 30; i++)
    {
      double sum = 0;

      g_assert_cmpfloat (assay_probe_result_get_point (early, c->task, i, ASSAY_ARM_CHAIN, 3), ==, 0);
      g_assert_cmpfloat (assay_probe_result_get_point (early, c->task, i, ASSAY_ARM_CONTROL, 3), ==, 0);
      for (gint64 j = 0; j <= 3; j++)                              /* the area over the curve, by trapezoids */
        sum += assay_probe_result_get_point (early, c->task, i, ASSAY_ARM_CHAIN, j) * (j == 0 || j == 3 ? 0.5 : 1) / 3;
      g_assert_cmpfloat (fabs (sum - early->row[i].soft.value), <, 1e-14);
      g_assert_cmpfloat (early->row[i].soft.hi - early->row[i].soft.lo, ==, 0);
    }
}

/* Natural indirect less natural direct effect, by exchanging tokens: what patching at layer 0 measures. */
static void
test_mediation (void)
{
  AssayOrganism organism = compiled_organism ("5", "2");
  g_autoptr (Compiled) c = compiled_new (&organism, compiled_noise (&organism, 8), 0, 25, 4, 1);
  g_autoptr (AssayProbeResult) patch = probe (c, "patch");
  gint64 T = c->layout.T;

  for (gint64 i = 0; i < 25; i++)
    {
      gint64 first = g_array_index (patch->edits->first, gint64, i), end = g_array_index (patch->edits->first, gint64, i + 1);
      double sum[ASSAY_N_ARMS] = { 0 };
      gint64 n = 0;

      for (gint64 k = first; k < end; k++)
        {
          const AssayProbeEdit *edit = &g_array_index (patch->edits->edit, AssayProbeEdit, k);
          const gint32 *donor = &g_array_index (patch->edits->token, gint32, edit->donor);
          gint32 mixed[16];
          AssayChainWalk walk = { .tokens = mixed, .read = edit->read };
          double answer[5];

          if (edit->layer != 0)
            continue;
          memcpy (mixed, c->task->tokens + i * T, (gsize) T * sizeof (gint32));
          memcpy (mixed + edit->first, donor + edit->first, (gsize) edit->count * sizeof (gint32));
          g_assert_true (assay_chain_reader_run (c->reader, &walk, 1, answer, NULL, NULL));
          sum[edit->arm] += c->task->full[5 * i + c->task->answer[i]] - answer[c->task->answer[i]];
          n++;
        }
      g_assert_cmpint (n, ==, 8);
      g_assert_cmpfloat (fabs ((sum[0] - sum[1]) / 4 - (patch->row[i].soft.value - patch->row[i].control)), <, 1e-12);
    }
}

static void
test_replay (void)
{
  AssayOrganism organism = compiled_organism ("5", "3");
  g_autoptr (Compiled) c = compiled_new (&organism, compiled_noise (&organism, 2), 0, 20, 3, 2);

  for (const AssayProbe *const *p = assay_probe_list (); *p != NULL; p++)
    {
      g_autoptr (AssayProbeResult) result = probe (c, (*p)->name);
      gint64 n = result->edits ? result->edits->edit->len : 0;
      g_autofree double *again = g_new (double, n + 1);

      if (n == 0)
        continue;
      g_assert_true (assay_probe_replay (result, c->task, 0, n, again, NULL));
      for (gint64 k = 0; k < n; k++)
        g_assert_cmpfloat (again[k], ==, g_array_index (result->edits->edit, AssayProbeEdit, k).p);
      g_assert_true (assay_probe_replay (result, c->task, n - 1, 1, again, NULL));        /* and one alone */
      g_assert_cmpfloat (again[0], ==, g_array_index (result->edits->edit, AssayProbeEdit, n - 1).p);
    }
}

/* An instance's numbers do not depend on what else is looked at. */
static void
test_alone (void)
{
  AssayOrganism organism = compiled_organism ("5", "3");
  g_autoptr (Compiled) all = compiled_new (&organism, compiled_noise (&organism, 2), 0, 20, 3, 2);
  g_autoptr (Compiled) few = compiled_new (&organism, compiled_noise (&organism, 2), 13, 5, 3, 1);

  for (const AssayProbe *const *p = assay_probe_list (); *p != NULL; p++)
    {
      g_autoptr (AssayProbeResult) one = probe (all, (*p)->name), other = probe (few, (*p)->name);

      if ((*p)->fit == NULL)
        g_assert_cmpmem (one->row + 13, 5 * sizeof (AssayProbeRow), other->row, 5 * sizeof (AssayProbeRow));
    }
}

static void
test_budget (void)
{
  AssayOrganism organism = compiled_organism ("5", "2");
  g_autoptr (Compiled) some = compiled_new (&organism, compiled_noise (&organism, 2), 0, 25, 3, 1);
  g_autoptr (Compiled) whole = compiled_new (&organism, compiled_noise (&organism, 2), 0, 25, 100, 1);
  g_autoptr (AssayProbeResult) drawn = probe (some, "mistakes"), every = probe (whole, "mistakes");
  gint64 inside = 0;

  for (gint64 i = 0; i < 25; i++)
    {
      g_assert_cmpint (drawn->row[i].n_edits, ==, 3);
      g_assert_cmpint (every->row[i].n_edits, ==, 8);              /* k (p - 1): all there are, so nothing is left to chance */
      g_assert_cmpfloat (every->row[i].soft.hi, ==, every->row[i].soft.lo);
      g_assert_cmpfloat (every->row[i].hard.hi, ==, every->row[i].hard.lo);
      g_assert_cmpfloat (drawn->row[i].soft.hi, >, drawn->row[i].soft.lo);
      inside += drawn->row[i].soft.lo <= every->row[i].soft.value && every->row[i].soft.value <= drawn->row[i].soft.hi;
    }
  g_assert_cmpint (inside, >=, 20);                                /* 95 % of 25: fewer than 20 has chance 0.001 */
}

/* States that hold the answer, and states that do not. */
static void
test_readings (void)
{
  g_autoptr (Compiled) prompt = reading ("11", "1", FALSE, 11), chain = reading ("11", "1", TRUE, 11);
  g_autoptr (AssayProbeResult) before = probe (prompt, "position"), behind = probe (chain, "position");
  double with = 0, without = 0;

  for (gint64 i = 0; i < 11; i++)
    {
      with += before->row[i].soft.value / 11;
      without += behind->row[i].soft.value / 11;
      g_assert_true (isfinite (before->row[i].control));
    }
  /* Each answer is of one prompt alone, which the fit on the others never saw. */
  g_assert_cmpfloat (with, <, 0.2);
  g_assert_cmpfloat (without, <, 0.2);
  {
    g_autoptr (Compiled) shared = reading ("5", "2", FALSE, 25);  /* answers by the first term alone: five prompts have each */
    g_autoptr (AssayProbeResult) there = probe (shared, "position"), early = probe (shared, "prechain");

    with = without = 0;
    for (gint64 i = 0; i < 25; i++)
      {
        with += there->row[i].soft.value / 25;
        without += early->row[i].soft.value / 25;
        g_assert_cmpfloat (there->row[i].soft.value, >, there->row[i].control);
      }
    g_assert_cmpfloat (with, >, 0.7);
    g_assert_cmpfloat (without, <, with - 0.2);                   /* the last token before the chain looks at all terms alike */
  }
  {
    AssayOrganism organism = compiled_organism ("5", "2");
    g_autoptr (Compiled) few = compiled_new (&organism, compiled_noise (&organism, 2), 0, 4, 3, 1);
    g_autoptr (AssayProbeResult) none = probe (few, "prechain");

    for (gint64 i = 0; i < 4; i++)                                 /* fewer prompts than folds */
      g_assert_true (isnan (none->row[i].soft.value));
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/probe/a model that reads the last step is found to use its chain, and its prompt not", test_used_chain);
  g_test_add_func ("/probe/a model that reads the prompt is found not to use its chain", test_decorative_chain);
  g_test_add_func ("/probe/a chain that is kept whole has effect 0, and the area over the curve is the trapezoid's", test_whole_chain);
  g_test_add_func ("/probe/patching at layer 0 is the contrast of indirect and direct effect", test_mediation);
  g_test_add_func ("/probe/every kept edit gives the same bits again", test_replay);
  g_test_add_func ("/probe/an instance's edits do not depend on the others", test_alone);
  g_test_add_func ("/probe/drawn edits have an interval, and all there are have none", test_budget);
  g_test_add_func ("/probe/a reading finds an answer where it is computed, and none where it is not or was never seen", test_readings);
  return g_test_run ();
}
