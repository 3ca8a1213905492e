/* SPDX-License-Identifier: GPL-3.0-or-later */
/* demo_parts.c: settings that were chosen once, by measurement, and the weights of a progress bar.
 *
 * The organism is small enough for half a dozen trainings in a few minutes and large enough to be certified with most seeds; weight decay is
 * what makes it answer edited chains that it has never seen like those that it has. With which seeds hangs on the last bits, and so on the processor:
 * one that is refused is trained again with the next.
 */
#include "job/demo_parts.h"

#include "base/error.h"

#include <string.h>

#define QUESTION "edited:where mode == 0.5"

/* --- the jobs -------------------------------------------------------------------------------------------------------- */

static const char *const data_settings[] = { "what", "dose", "name", ASSAY_DEMO_NAME, "held-out", "0.2", NULL };

static const char *const training_settings[] = {
  "model", "transformer", "data", ASSAY_DEMO_NAME, "layers", "2", "heads", "4", "norm", "rmsnorm", "bias", "no", "tied", "no",
  "batch", "256", "learning-rate", "0.01", "schedule", "linear", "warmup", "100", "weight-decay", "0.3", "checkpoint-seconds", "5", NULL
};

static const char *const nothing[] = { NULL };

static const char *const recording_settings[] = { "split", "edited", "taps", "h.*.mlp.act", "taps", "logits", "gradients", "*", NULL };

static const char *const influence_settings[] = { "query", QUESTION, "mean", "yes", "method", "cg", NULL };

static const char *const retraining_settings[] = { "those", "harmful", "match", "mode", "match", "step", NULL };

typedef struct { const char *phase; double share; } Phase;

/* weight: seconds on two quiet cores. */
static const struct {
  const char *kind, *title;
  const char *const *settings;
  double weight;
  Phase phase[5];
} parts[ASSAY_DEMO_N_PARTS] = {
  [ASSAY_DEMO_IMPORT] = { "import", "generate the training set", data_settings, 0.5, { { "generating", 1 } } },
  [ASSAY_DEMO_TRAIN] = { "train", "train the model", training_settings, 16, { { "training", 0.98 }, { "evaluating", 0.02 } } },
  [ASSAY_DEMO_CERTIFY] = { "certify", "certify it", nothing, 0.5, { { "certifying", 1 } } },
  [ASSAY_DEMO_COT] = { "cot", "judge its reasoning", nothing, 1, { { "probing chains", 1 } } },
  [ASSAY_DEMO_RECORD] = { "record", "record activations and gradients", recording_settings, 1.5,
                          { { "recording activations", 0.2 }, { "recording gradients", 0.8 } } },
  [ASSAY_DEMO_UNITS] = { "units", "find out what its neurons do", nothing, 1, { { "measuring units", 0.1 }, { "ablating units", 0.9 } } },
  [ASSAY_DEMO_INFLUENCE] = { "influence", "rank the training examples", influence_settings, 25,
                             { { "power method", 0.15 }, { "gradients", 0.15 }, { "conjugate gradients", 0.65 }, { "scoring examples", 0.05 } } },
  [ASSAY_DEMO_RETRAIN] = { "retrain", "train again without some of them", retraining_settings, 55, { { "retraining", 1 } } },
};

const char *
assay_demo_get_title (AssayDemoPart part)
{
  return parts[part].title;
}

/* Hands a parameter of the demonstration on under the name that it has in the part. */
static gboolean
pass_on (AssayJob *job, const char *name, const AssayJob *demo, const char *from, GError **error)
{
  g_autofree char *text = g_strdup_printf ("%" G_GINT64_FORMAT, assay_values_get_int (assay_job_get_values (demo), from));

  return assay_job_set_text (job, name, text, error);
}

/* Beside the question all unedited and edited chains are compared, so that the certificate's number can be taken again. */
static gboolean
add_retraining (AssayJob *job, const AssayJob *demo, json_t *const *documents, GError **error)
{
  const json_t *splits = json_object_get (documents[ASSAY_DEMO_IMPORT], "splits");
  const char *scores = json_string_value (json_object_get (documents[ASSAY_DEMO_INFLUENCE], "scores_object"));
  g_autofree char *test = g_strdup_printf ("test:0-%" G_GINT64_FORMAT, (gint64) json_integer_value (json_object_get (splits, "test")) - 1);
  g_autofree char *edited = g_strdup_printf ("edited:0-%" G_GINT64_FORMAT, (gint64) json_integer_value (json_object_get (splits, "edited")) - 1);

  return assay_job_set_text (job, "scores", scores ? scores : "?", error) && pass_on (job, "count", demo, "group", error)
         && pass_on (job, "controls", demo, "controls", error) && pass_on (job, "control-seed", demo, "seed", error)
         && assay_job_set_text (job, "query", test, error) && assay_job_set_text (job, "query", edited, error);
}

/* The first training has the demonstration's seed, each later one the next. */
json_t *
assay_demo_plan_training (const AssayJob *demo, guint attempt)
{
  gint64 seed = assay_values_get_int (assay_job_get_values (demo), "seed") + attempt;
  g_autofree char *name = attempt > 0 ? g_strdup_printf (ASSAY_DEMO_NAME "-%" G_GINT64_FORMAT, seed) : g_strdup (ASSAY_DEMO_NAME);

  return json_pack ("{s:s, s:I}", "name", name, "seed", (json_int_t) seed);
}

const char *
assay_demo_get_model (json_t *const *documents)
{
  const char *name = json_string_value (json_object_get (documents[ASSAY_DEMO_TRAIN], "name"));

  return name ? name : ASSAY_DEMO_NAME;
}

static gboolean
add_training (AssayJob *job, const AssayJob *demo, json_t *const *documents, GError **error)
{
  json_t *first = documents[ASSAY_DEMO_TRAIN] ? json_incref (documents[ASSAY_DEMO_TRAIN]) : assay_demo_plan_training (demo, 0);
  g_autofree char *seed = g_strdup_printf ("%" G_GINT64_FORMAT, (gint64) json_integer_value (json_object_get (first, "seed")));

  json_decref (first);
  return assay_job_set_text (job, "name", assay_demo_get_model (documents), error) && assay_job_set_text (job, "seed", seed, error)
         && pass_on (job, "width", demo, "width", error) && pass_on (job, "steps", demo, "train-steps", error);
}

static gboolean
add_given (AssayJob *job, const AssayJob *demo, AssayDemoPart part, json_t *const *documents, GError **error)
{
  g_autofree char *recording = g_strconcat (assay_demo_get_model (documents), "/edited", NULL);

  switch (part)
    {
    case ASSAY_DEMO_IMPORT:
      return pass_on (job, "modulus", demo, "modulus", error);
    case ASSAY_DEMO_TRAIN:
      return add_training (job, demo, documents, error);
    case ASSAY_DEMO_UNITS:
      return assay_job_set_text (job, "recording", recording, error);
    default:
      return assay_job_set_text (job, "model-name", assay_demo_get_model (documents), error)
             && (part != ASSAY_DEMO_RETRAIN || add_retraining (job, demo, documents, error));
    }
}

AssayJob *
assay_demo_make_part (const AssayJob *demo, AssayDemoPart part, json_t *const *documents, GError **error)
{
  g_autoptr (AssayJob) job = assay_job_new (assay_job_kind_find (parts[part].kind, NULL));

  assay_job_set_case (job, assay_job_get_case (demo));
  for (const char *const *s = parts[part].settings; s[0] != NULL; s += 2)
    if (!assay_job_set_text (job, s[0], s[1], error))
      return NULL;
  return add_given (job, demo, part, documents, error) && assay_job_freeze (job, error) ? g_steal_pointer (&job) : NULL;
}

/* --- one progress over all of them ----------------------------------------------------------------------------------- */

#define SCALE 10000.0           /* steps of the bar */
#define UNKNOWN 70.0            /* iterations that a solve without a known end is taken to need about */

typedef struct {
  AssayProgress *whole;
  AssayDemoPart part;
  guint phase;
  guint64 shown;
} Track;

/* A part reports phase after phase; one that is not expected leaves the bar where it is, and nothing moves it back. */
static void
report (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  Track *track = data;
  const Phase *phase = parts[track->part].phase;
  double before = 0, all = 0, within = total > 0 ? (double) MIN (done, total) / (double) total : (double) done / ((double) done + UNKNOWN);
  g_autofree char *text = NULL;

  (void) note;
  for (guint k = track->phase; k < G_N_ELEMENTS (parts[0].phase) && phase[k].phase != NULL; k++)
    if (strcmp (phase[k].phase, stage) == 0)
      track->phase = k;
  for (guint part = 0; part < ASSAY_DEMO_N_PARTS; part++)
    {
      all += parts[part].weight;
      before += part < track->part ? parts[part].weight : 0;
    }
  for (guint k = 0; k < track->phase; k++)
    before += phase[k].share * parts[track->part].weight;
  if (g_strcmp0 (phase[track->phase].phase, stage) == 0)
    before += within * phase[track->phase].share * parts[track->part].weight;
  text = unit == NULL ? g_strdup_printf ("%d/%d %s", track->part + 1, ASSAY_DEMO_N_PARTS, stage)
         : total > 0 ? g_strdup_printf ("%d/%d %s, %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT " %s", track->part + 1, ASSAY_DEMO_N_PARTS, stage, done, total, unit)
         : g_strdup_printf ("%d/%d %s, %" G_GUINT64_FORMAT " %s", track->part + 1, ASSAY_DEMO_N_PARTS, stage, done, unit);
  track->shown = MAX (track->shown, (guint64) (SCALE * before / all));
  assay_progress_report (track->whole, "demo", track->shown, (guint64) SCALE, NULL, text);
}

AssayJobOutcome *
assay_demo_run_part (AssayJob *job, AssayDemoPart part, const AssayJobContext *context, GError **error)
{
  Track track = { .whole = context->progress, .part = part };
  g_autoptr (AssayProgress) progress = assay_progress_new_child (context->progress, report, &track);
  AssayJobOutcome *outcome = assay_progress_is_cancelled (progress, error) ? NULL : assay_job_run_part (job, context, progress, error);

  if (outcome == NULL)
    g_prefix_error (error, "%s: ", parts[part].kind);
  return outcome;
}
