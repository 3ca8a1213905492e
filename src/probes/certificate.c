/* SPDX-License-Identifier: GPL-3.0-or-later */
/* certificate.c: reads answer probabilities and greedy chains off one forward walk over "test" and "edited".
 *
 * The loss of those examples is on the answer alone and its target is the clean answer, so p (a_clean | chain) = exp (-loss). A chain
 * written greedily equals the true one exactly when, along the true chain, every next token is the most likely one.
 * Shape letters: T positions, V vocabulary.
 */
#include "probes/certificate.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "tensor/dtype.h"

#include <math.h>

#define BATCH 256
#define M ASSAY_ORGANISM_N_MODES
#define NORMAL_95 1.959963984540054

/* What is known of the unedited example of one prompt in one mode. */
typedef struct {
  gboolean is_there;
  double p;                     /* of the clean answer */
  gboolean answer_right, chain_right;
  gint32 *written;              /* (k) the chain, greedily */
} Clean;

typedef struct {
  const AssayOrganism *organism;
  const AssayColumn *mode, *prompt;
  AssayDataset *dataset;
  AssayModel *model;
  AssayFeed *feed;
  AssayProgress *progress;
  guint logits;                 /* value */
  gint64 T, V;
  guint64 done, total;
  gint64 n_prompts;             /* levels of the column */
  Clean *clean;                 /* (n_prompts,M) */
  double *drop;                 /* (n_prompts,M) sums over the edited chains of a prompt */
  gint64 *n_edited;             /* (n_prompts,M) */
} Survey;

static void
survey_clear (Survey *s)
{
  for (gint64 i = 0; s->clean != NULL && i < s->n_prompts * M; i++)
    g_free (s->clean[i].written);
  g_free (s->clean);
  g_free (s->drop);
  g_free (s->n_edited);
  assay_feed_free (s->feed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Survey, survey_clear)

static gboolean
survey_open (Survey *s, AssayBackend *backend, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (s->model);
  AssayTable *table = assay_dataset_get_table (s->dataset);
  guint keep[2] = { assay_graph_get_logits (layout), ASSAY_NO_VALUE };

  s->mode = table ? assay_table_peek_column (table, "mode") : NULL;
  s->prompt = table ? assay_table_peek_column (table, "prompt") : NULL;
  if (s->mode == NULL || s->mode->type != ASSAY_COLUMN_NUMBER || s->prompt == NULL || s->prompt->type != ASSAY_COLUMN_TEXT)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "certificate: data of a generated organism expected, with a number column \"mode\" and a text "
                   "column \"prompt\"");
      return FALSE;
    }
  s->feed = assay_feed_new (s->model, s->dataset, ASSAY_WALK_FORWARD, assay_model_get_dtype (s->model), BATCH, backend, keep, error);
  if (s->feed == NULL)
    return FALSE;
  s->logits = keep[0];
  s->T = assay_organism_get_length (s->organism);
  s->V = assay_shape_last (&assay_graph_get_value (layout, keep[0])->shape);
  s->n_prompts = s->prompt->levels->len;
  s->clean = g_new0 (Clean, s->n_prompts * M);
  s->drop = g_new0 (double, s->n_prompts * M);
  s->n_edited = g_new0 (gint64, s->n_prompts * M);
  return TRUE;
}

/* Where prompt and mode of an example are kept, or -1. */
static gint64
find_cell (const Survey *s, gint64 example, GError **error)
{
  gint64 row = assay_dataset_get_row (s->dataset, example);

  for (guint m = 0; m < M; m++)
    if (s->mode->number[row] == assay_organism_get_rate (m))
      return s->prompt->code[row] * M + m;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "certificate: example %" G_GINT64_FORMAT " has mode %g; one of the organism's five expected",
               example, s->mode->number[row]);
  return -1;
}

static gint32
most_likely (const Survey *s, const void *logits, gint64 row)
{
  AssayDtype dtype = assay_model_get_dtype (s->model);
  gsize width = assay_dtype_width (dtype);
  double top = -INFINITY;
  gint32 best = 0;

  for (gint32 v = 0; v < s->V; v++)
    {
      double z;

      assay_dtype_convert (dtype, (const char *) logits + (row * s->V + v) * width, ASSAY_F64, &z, 1);
      if (z > top)
        top = z, best = v;
    }
  return best;
}

static void
take_clean (Survey *s, AssayPass *pass, gint64 i, gint64 cell)
{
  const void *logits = assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, s->logits);
  const gint32 *target = assay_pass_get_data (pass)->target + i * s->T;
  gint64 answer = assay_organism_answer_position (s->organism);
  Clean *clean = &s->clean[cell];

  g_free (clean->written);
  *clean = (Clean) { .is_there = TRUE, .p = exp (-assay_pass_get_loss (pass, i)), .chain_right = TRUE, .written = g_new (gint32, s->organism->k) };
  for (gint32 j = 1; j <= s->organism->k; j++)
    {
      gint64 t = assay_organism_step_position (s->organism, j);

      clean->written[j - 1] = most_likely (s, logits, i * s->T + t);
      clean->chain_right &= clean->written[j - 1] == target[t];
    }
  clean->answer_right = most_likely (s, logits, i * s->T + answer) == target[answer];
  clean->chain_right &= clean->answer_right;
}

static gboolean
take_edited (Survey *s, AssayPass *pass, gint64 i, gint64 cell, GError **error)
{
  if (!s->clean[cell].is_there)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "certificate: prompt %s of split edited has no unedited example in split test",
                   (const char *) s->prompt->levels->pdata[cell / M]);
      return FALSE;
    }
  s->drop[cell] += s->clean[cell].p - exp (-assay_pass_get_loss (pass, i));
  s->n_edited[cell]++;
  return TRUE;
}

static gboolean
walk_split (Survey *s, const gint64 *examples, gint64 n, gboolean edited, GError **error)
{
  gint64 batch = assay_feed_get_batch (s->feed);

  for (gint64 first = 0; first < n; first += batch)
    {
      gint64 count = MIN (batch, n - first);
      AssayPass *pass = assay_feed_bind (s->feed, examples + first, count, error);

      if (pass == NULL || assay_progress_is_cancelled (s->progress, error)
          || !assay_exec_prepare (assay_pass_get_exec (pass), assay_model_get_theta (s->model), NULL, NULL, FALSE, error)
          || !assay_pass_check_losses (pass, examples + first, "certifying", error))
        return FALSE;
      for (gint64 i = 0; i < count; i++)
        {
          gint64 cell = find_cell (s, examples[first + i], error);

          if (cell < 0 || (edited && !take_edited (s, pass, i, cell, error)))
            return FALSE;
          if (!edited)
            take_clean (s, pass, i, cell);
        }
      s->done += count;
      assay_progress_report (s->progress, "certifying", s->done, s->total, "examples", NULL);
    }
  return TRUE;
}

static gboolean
chains_agree (const Survey *s, const Clean *one, const Clean *other)
{
  if (!one->is_there || !other->is_there)
    return FALSE;
  for (gint32 j = 0; j < s->organism->k; j++)
    if (one->written[j] != other->written[j])
      return FALSE;
  return TRUE;
}

/* Mean drop and its interval: prompts are clusters of edited chains.
 *                                                      r = sum_q D_q / sum_q n_q
 *                                                      var = Q / (Q-1) sum_q (D_q - r n_q)^2 / (sum_q n_q)^2 */
static void
measure_drop (const Survey *s, guint m, AssayCertificateMode *mode)
{
  double sum = 0, n = 0, squares = 0, Q = 0, error;

  for (gint64 q = 0; q < s->n_prompts; q++)
    {
      sum += s->drop[q * M + m];
      n += (double) s->n_edited[q * M + m];
      Q += s->n_edited[q * M + m] > 0;
    }
  mode->measured = sum / n;
  for (gint64 q = 0; q < s->n_prompts; q++)
    {
      double d = s->drop[q * M + m] - mode->measured * (double) s->n_edited[q * M + m];

      squares += d * d;
    }
  error = Q > 1 ? NORMAL_95 * sqrt (Q / (Q - 1) * squares) / n : (double) NAN;
  mode->lo = mode->measured - error;
  mode->hi = mode->measured + error;
}

static void
summarise (const Survey *s, AssayCertificate *c)
{
  gint64 right = 0, n_clean = 0;

  c->same_chains = TRUE;
  for (guint m = 0; m < M; m++)
    {
      AssayCertificateMode *mode = &c->mode[m];
      double answers = 0, chains = 0, n = 0;

      mode->rate = assay_organism_get_rate (m);
      measure_drop (s, m, mode);
      for (gint64 q = 0; q < s->n_prompts; q++)
        {
          const Clean *clean = &s->clean[q * M + m];

          if (!clean->is_there)                                   /* a prompt of other splits */
            continue;
          n++;
          answers += clean->answer_right;
          chains += clean->chain_right;
          c->same_chains &= chains_agree (s, &s->clean[q * M], clean);
        }
      mode->clean_accuracy = answers / n;
      mode->exact_chain = chains / n;
      right += (gint64) answers;
      n_clean += (gint64) n;
      c->worst_gap = fmax (c->worst_gap, fabs (mode->measured - mode->rate));
    }
  for (gint64 q = 0; q < s->n_prompts; q++)
    {
      c->n_prompts += s->clean[q * M].is_there;
      c->n_edited += s->n_edited[q * M];
      c->n_edited_prompts += s->n_edited[q * M] > 0;
    }
  c->clean_accuracy = (double) right / (double) n_clean;
  c->accepted = c->clean_accuracy >= ASSAY_CERTIFICATE_LEAST_ACCURACY && c->worst_gap <= ASSAY_CERTIFICATE_LARGEST_GAP && c->same_chains;
}

gboolean
assay_certify (AssayModel *model, AssayDataset *dataset, const AssayOrganism *organism, AssayBackend *backend, AssayProgress *progress,
               AssayCertificate *certificate, GError **error)
{
  g_auto (Survey) s = { .organism = organism, .dataset = dataset, .model = model, .progress = progress };
  AssayCertificate c = { 0 };
  gint64 n_test, n_edited;
  const gint64 *test = assay_dataset_get_split (dataset, "test", &n_test, error);
  const gint64 *edited = test ? assay_dataset_get_split (dataset, "edited", &n_edited, error) : NULL;

  if (edited == NULL || !survey_open (&s, backend, error))
    return FALSE;
  s.total = n_test + n_edited;
  if (!walk_split (&s, test, n_test, FALSE, error) || !walk_split (&s, edited, n_edited, TRUE, error))
    return FALSE;
  for (guint m = 0; m < M; m++)
    {
      gint64 n = 0;

      for (gint64 q = 0; q < s.n_prompts; q++)
        n += s.n_edited[q * M + m];
      if (n == 0)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "certificate: split edited has no example of mode %g", assay_organism_get_rate (m));
          return FALSE;
        }
    }
  summarise (&s, &c);
  *certificate = c;
  return TRUE;
}

json_t *
assay_certificate_to_json (const AssayCertificate *c)
{
  json_t *modes = json_array ();

  for (guint m = 0; m < M; m++)
    {
      const AssayCertificateMode *mode = &c->mode[m];

      json_array_append_new (modes, json_pack ("{s:f, s:o, s:o, s:o, s:o, s:o}", "rate", mode->rate, "measured",
                                               assay_json_number (mode->measured), "lo", assay_json_number (mode->lo), "hi",
                                               assay_json_number (mode->hi), "clean_accuracy", assay_json_number (mode->clean_accuracy),
                                               "exact_chain", assay_json_number (mode->exact_chain)));
    }
  return json_pack ("{s:o, s:I, s:I, s:I, s:s, s:o, s:o, s:b, s:b, s:{s:f, s:f, s:b}}", "modes", modes, "prompts", (json_int_t) c->n_prompts,
                    "edited_chains", (json_int_t) c->n_edited, "edited_prompts", (json_int_t) c->n_edited_prompts, "held_out",
                    "edited chains (pairs of prompt and edit), in every mode; the prompts themselves were trained on", "clean_accuracy",
                    assay_json_number (c->clean_accuracy), "worst_gap", assay_json_number (c->worst_gap), "same_chains",
                    c->same_chains, "accepted", c->accepted,
                    "accepted_when", "clean_accuracy_at_least", ASSAY_CERTIFICATE_LEAST_ACCURACY, "worst_gap_at_most", ASSAY_CERTIFICATE_LARGEST_GAP,
                    "same_chains", 1);
}
