/* SPDX-License-Identifier: GPL-3.0-or-later */
/* dose_certificate.c: reads answer probabilities and greedy chains off one forward walk over "test" and "edited".
 *
 * The loss of those examples is on the answer alone and its target is the clean answer, so p (a_clean | chain) = exp (-loss). A chain
 * written greedily equals the true one exactly when, along the true chain, every next token is the most likely one.
 */
#include "probes/dose_certificate.h"

#include "base/mem.h"
#include "tensor/dtype.h"

#include <math.h>

#define BATCH 256
#define M ASSAY_DOSE_N_MODES

typedef struct {
  AssayFeed *feed;
  AssayModel *model;
  gsize width;                  /* bytes of a number */
  gint64 T, V;
  guint logits;                 /* value */
  AssayProgress *progress;
  guint64 done, total;
} Walk;

static double
number_at (const Walk *walk, const void *data, gint64 i)
{
  double x;

  assay_dtype_convert (assay_model_get_dtype (walk->model), (const char *) data + i * walk->width, ASSAY_F64, &x, 1);
  return x;
}

static gint32
most_likely (const Walk *walk, const void *logits, gint64 row)
{
  gint32 best = 0;
  double top = number_at (walk, logits, row * walk->V);

  for (gint32 v = 1; v < walk->V; v++)
    {
      double z = number_at (walk, logits, row * walk->V + v);

      if (z > top)
        top = z, best = v;
    }
  return best;
}

/* p (n) = exp (-loss); written (n,T), or NULL: the most likely next token at every position. */
static gboolean
walk_examples (Walk *walk, const gint64 *examples, gint64 n, double *p, gint32 *written, GError **error)
{
  gint64 batch = assay_feed_get_batch (walk->feed);

  for (gint64 first = 0; first < n; first += batch)
    {
      gint64 count = MIN (batch, n - first);
      AssayPass *pass = assay_feed_bind (walk->feed, examples + first, count, error);
      AssayExec *exec;

      if (pass == NULL || assay_progress_is_cancelled (walk->progress, error))
        return FALSE;
      exec = assay_pass_get_exec (pass);
      if (!assay_exec_prepare (exec, assay_model_get_theta (walk->model), NULL, NULL, FALSE, error))
        return FALSE;
      for (gint64 i = 0; i < count; i++)
        {
          p[first + i] = exp (-number_at (walk, assay_exec_get_loss (exec), i));
          for (gint64 t = 0; written != NULL && t < walk->T; t++)
            written[(first + i) * walk->T + t] = most_likely (walk, assay_exec_get_buffer (exec, ASSAY_PRIMAL, walk->logits), i * walk->T + t);
        }
      walk->done += count;
      assay_progress_report (walk->progress, "certifying", walk->done, walk->total, "examples", NULL);
    }
  return TRUE;
}

/* The digits that a clean example of this prompt must show: s_1 .. s_k, then the answer. */
static gboolean
is_right (const AssayDose *dose, gint64 prompt, const gint32 *written, gboolean *answer)
{
  gint32 a[64], sum = 0;
  gboolean chain = TRUE;

  assay_dose_get_terms (dose, prompt, a);
  for (gint32 j = 1; j <= dose->k; j++)
    {
      sum = (sum + a[j - 1]) % dose->p;
      chain &= written[assay_dose_step_position (dose, j)] == sum;
    }
  *answer = written[assay_dose_answer_position (dose)] == sum;
  return chain && *answer;
}

static gboolean
chains_agree (const AssayDose *dose, const gint32 *one, const gint32 *other)
{
  for (gint32 j = 1; j <= dose->k; j++)
    if (one[assay_dose_step_position (dose, j)] != other[assay_dose_step_position (dose, j)])
      return FALSE;
  return TRUE;
}

static void
summarise (const AssayDose *dose, const gint64 *prompts, const double *clean, const double *edited, const gint32 *written, gint64 T,
           AssayDoseCertificate *c)
{
  gint64 E = c->n_edits, right = 0;

  c->same_chains = TRUE;
  for (guint m = 0; m < M; m++)
    {
      AssayDoseMode *mode = &c->mode[m];
      double sum = 0, squares = 0, n = (double) c->n_prompts, error;

      mode->rate = assay_dose_get_rate (m);
      for (gint64 q = 0; q < c->n_prompts; q++)
        {
          gint64 row = q * M + m;
          double drop = 0;
          gboolean answer;

          for (gint64 e = 0; e < E; e++)
            drop += clean[row] - edited[row * E + e];
          drop /= (double) E;
          sum += drop;
          squares += drop * drop;
          mode->exact_chain += is_right (dose, prompts[q], written + row * T, &answer) / n;
          mode->clean_accuracy += answer / n;
          right += answer;
          c->same_chains &= chains_agree (dose, written + q * M * T, written + row * T);
        }
      mode->measured = sum / n;
      error = n > 1 ? 1.959963984540054 * sqrt (MAX (0, squares / n - mode->measured * mode->measured) / (n - 1)) : INFINITY;
      mode->lo = mode->measured - error;
      mode->hi = mode->measured + error;
      c->worst_gap = MAX (c->worst_gap, fabs (mode->measured - mode->rate));
    }
  c->clean_accuracy = (double) right / (double) (c->n_prompts * M);
  c->accepted = c->clean_accuracy >= 0.999 && c->worst_gap <= 0.02 && c->same_chains;
}

gboolean
assay_dose_certify (AssayModel *model, AssayDataset *dataset, const AssayDose *dose, AssayBackend *backend, AssayProgress *progress,
                    AssayDoseCertificate *certificate, GError **error)
{
  AssayDoseCertificate c = { .n_prompts = dose->n_held_out, .n_edits = (gint64) dose->k * (dose->p - 1) };
  gint64 n_test, n_edited, T = assay_dose_get_length (dose);
  const gint64 *test = assay_dataset_get_split (dataset, "test", &n_test, error), *edited;
  g_autoptr (AssayFeed) feed = NULL;
  g_autoptr (AssayBuffer) prompts = NULL, clean = NULL, after = NULL, written = NULL;
  guint keep[2] = { assay_graph_get_logits (assay_model_get_layout (model)), ASSAY_NO_VALUE };
  Walk walk;

  if (test == NULL)
    return FALSE;
  edited = assay_dataset_get_split (dataset, "edited", &n_edited, error);
  if (edited == NULL)
    return FALSE;
  feed = assay_feed_new (model, dataset, ASSAY_WALK_FORWARD, assay_model_get_dtype (model), MIN (BATCH, n_test), backend, keep, error);
  prompts = feed ? assay_dose_draw_prompts (dose, error) : NULL;
  clean = prompts ? assay_mem_new (double, n_test, error) : NULL;
  after = clean ? assay_mem_new (double, n_edited, error) : NULL;
  written = after ? assay_mem_new (gint32, n_test * T, error) : NULL;
  if (written == NULL)
    return FALSE;
  walk = (Walk) { .feed = feed, .model = model, .width = assay_dtype_width (assay_model_get_dtype (model)), .T = T,
                  .V = assay_shape_last (&assay_graph_get_value (assay_model_get_layout (model), keep[0])->shape), .logits = keep[0],
                  .progress = progress, .total = n_test + n_edited };
  if (!walk_examples (&walk, test, n_test, clean, written, error) || !walk_examples (&walk, edited, n_edited, after, NULL, error))
    return FALSE;
  summarise (dose, prompts, clean, after, written, T, &c);
  *certificate = c;
  return TRUE;
}

json_t *
assay_dose_certificate_to_json (const AssayDoseCertificate *c)
{
  json_t *modes = json_array ();

  for (guint m = 0; m < M; m++)
    {
      const AssayDoseMode *mode = &c->mode[m];

      json_array_append_new (modes, json_pack ("{s:f, s:f, s:o, s:o, s:f, s:f}", "rate", mode->rate, "measured", mode->measured,
                                               "lo", isfinite (mode->lo) ? json_real (mode->lo) : json_null (),
                                               "hi", isfinite (mode->hi) ? json_real (mode->hi) : json_null (),
                                               "clean_accuracy", mode->clean_accuracy, "exact_chain", mode->exact_chain));
    }
  return json_pack ("{s:o, s:I, s:I, s:f, s:f, s:b, s:b}", "modes", modes, "prompts", (json_int_t) c->n_prompts, "edits_per_prompt",
                    (json_int_t) c->n_edits, "clean_accuracy", c->clean_accuracy, "worst_gap", c->worst_gap, "same_chains",
                    c->same_chains, "accepted", c->accepted);
}
