/* SPDX-License-Identifier: GPL-3.0-or-later */
/* ablation.c: walks with an edit behind the tap, and the bank that keeps them. */
#include "probes/ablation.h"

#include "base/error.h"
#include "base/isa.h"
#include "base/mem.h"
#include "store/digest.h"
#include "store/reader.h"
#include "store/recorder.h"

#include <math.h>
#include <string.h>

#define MOST_EXAMPLES 64        /* walked at once */

enum { LOSS, LOGIT, RIGHT, SIZE, N_ARRAYS };

typedef struct {
  const AssayAblation *a;
  const AssayAblationSet *sets;
  AssayAblations *out;
  AssayDtype dtype;
  guint tap, logits;
  gint64 V, rows;               /* logits of a prediction, predictions of an example */
  AssayFeed *feed;
  AssayRecorder *recorder;
  const AssayAblationSet *set;  /* under way */
  gint64 n_done, flushed;
} Bank;

/* --- checking -------------------------------------------------------------------------------------------------------- */

gboolean
assay_ablation_check (const AssayAblation *a, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (a->model);
  guint tap = assay_graph_find (layout, a->tap);
  const AssayShape *shape;
  gint64 C;

  if (tap == ASSAY_NO_VALUE || assay_graph_get_value (layout, tap)->role != ASSAY_VALUE_RESULT)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "tap %s: the model has no such result", a->tap);
      return FALSE;
    }
  shape = &assay_graph_get_value (layout, tap)->shape;
  C = assay_model_get_block (a->model)->data == ASSAY_DATA_TOKENS ? assay_shape_last (shape) : assay_shape_count (shape);
  if (C == a->C)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "tap %s: %" G_GINT64_FORMAT " units expected, the model has %" G_GINT64_FORMAT, a->tap, a->C, C);
  return FALSE;
}

static gboolean
check_sets (const AssayAblation *a, const AssayAblationSet *sets, gint64 S, GError **error)
{
  for (gint64 s = 0; s < S; s++)
    for (gint64 k = 0; k < sets[s].n; k++)
      if (sets[s].unit[k] < 0 || sets[s].unit[k] >= a->C)
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "tap %s: units 0 to %" G_GINT64_FORMAT " expected, %" G_GINT64_FORMAT " found", a->tap,
                       a->C - 1, sets[s].unit[k]);
          return FALSE;
        }
  return TRUE;
}

static AssayAblations *
ablations_new (gint64 S, gint64 N, gboolean has_logit, GError **error)
{
  g_autoptr (AssayAblations) out = g_new0 (AssayAblations, 1);
  gboolean fine;

  out->S = S;
  out->N = N;
  fine = (out->predictions = assay_mem_new (gint64, N, error)) != NULL && (out->loss = assay_mem_new (double, S * N, error)) != NULL;
  if (fine && has_logit)
    fine = (out->logit = assay_mem_new (double, S * N, error)) != NULL && (out->right = assay_mem_new (gint32, S * N, error)) != NULL;
  return fine ? g_steal_pointer (&out) : NULL;
}

void
assay_ablations_free (AssayAblations *out)
{
  if (out == NULL)
    return;
  assay_mem_free (out->predictions);
  assay_mem_free (out->loss);
  assay_mem_free (out->logit);
  assay_mem_free (out->right);
  g_free (out);
}

/* --- keeping --------------------------------------------------------------------------------------------------------- */

static json_t *
digest_to_json (gconstpointer bytes, gsize n)
{
  AssayDigest digest = assay_digest_of_bytes (bytes, n);
  g_autofree char *hex = assay_digest_to_hex (&digest);

  return json_string (hex);
}

/* What the bits depend on. */
static json_t *
describe (const Bank *bank)
{
  const AssayAblation *a = bank->a;
  gsize theta = (gsize) assay_model_get_n_params (a->model) * assay_dtype_width (assay_model_get_dtype (a->model));
  json_t *meta = a->meta ? json_copy (a->meta) : json_object (), *identity = json_object ();
  g_autoptr (GArray) flat = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (gint64 s = 0; s < bank->out->S; s++)
    {
      g_array_append_val (flat, bank->sets[s].n);
      if (bank->sets[s].n > 0)
        g_array_append_vals (flat, bank->sets[s].unit, (guint) bank->sets[s].n);
    }
  json_object_set_new (identity, "tap", json_string (a->tap));
  json_object_set_new (identity, "model", assay_model_get_spec (a->model));
  json_object_set_new (identity, "parameters", digest_to_json (assay_model_get_theta (a->model), theta));
  json_object_set_new (identity, "examples", digest_to_json (a->examples, (gsize) a->N * sizeof *a->examples));
  json_object_set_new (identity, "replacement", digest_to_json (a->replacement, (gsize) a->C * sizeof *a->replacement));
  json_object_set_new (identity, "sets", digest_to_json (flat->data, flat->len * sizeof (gint64)));
  json_object_set_new (identity, "instruction_set", json_string (assay_isa_get_name ()));
  json_object_set_new (meta, "ablation", identity);
  return meta;
}

static gboolean
read_rows (Bank *bank, AssayObject *object, gint64 rows, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_new (bank->a->store, object, error);
  gint64 start[2] = { 0 }, count[2] = { rows, bank->out->N };

  return reader != NULL && assay_reader_read_box (reader, "/ablation/loss", start, count, ASSAY_STORE_F64, bank->out->loss, error)
         && (bank->out->logit == NULL
             || (assay_reader_read_box (reader, "/ablation/logit", start, count, ASSAY_STORE_F64, bank->out->logit, error)
                 && assay_reader_read_box (reader, "/ablation/right", start, count, ASSAY_STORE_I32, bank->out->right, error)));
}

/* Opens the recorder and takes what is there already. */
static gboolean
open_bank (Bank *bank, GError **error)
{
  gint64 N = bank->out->N;
  const AssayArraySpec arrays[N_ARRAYS] = {
    [LOSS] = { .path = "/ablation/loss", .type = ASSAY_STORE_F64, .rank = 2, .dims = { 0, N }, .axes = { "set", "example" }, .units = "nats",
               .long_name = "loss of the example with the set's units replaced" },
    [LOGIT] = { .path = "/ablation/logit", .type = ASSAY_STORE_F64, .rank = 2, .dims = { 0, N }, .axes = { "set", "example" },
                .long_name = "logit of the target, summed over counted positions" },
    [RIGHT] = { .path = "/ablation/right", .type = ASSAY_STORE_I32, .rank = 2, .dims = { 0, N }, .axes = { "set", "example" },
                .long_name = "counted positions whose largest logit is the target" },
    [SIZE] = { .path = "/ablation/size", .type = ASSAY_STORE_I64, .rank = 1, .axes = { "set" }, .long_name = "units of the set" } };
  json_t *meta = describe (bank);
  g_autoptr (AssayObject) object = assay_case_lookup (bank->a->store, "ablations", bank->a->name, NULL);
  gboolean fine = TRUE;

  if (object != NULL && object->complete && object->rows == bank->out->S && json_equal (object->meta, meta))
    {
      bank->n_done = bank->out->S;
      fine = read_rows (bank, object, bank->n_done, error);
    }
  else
    {
      bank->recorder = assay_recorder_new (bank->a->store, "ablations", bank->a->name, meta, arrays, N_ARRAYS, error);
      fine = bank->recorder != NULL;
      if (fine)
        bank->n_done = assay_recorder_get_committed (bank->recorder);
      if (bank->n_done > 0)
        fine = read_rows (bank, object, bank->n_done, error);
    }
  json_decref (meta);
  return fine;
}

/* Hands the finished set over, and commits at most once a second. */
static gboolean
keep (Bank *bank, gint64 s, GError **error)
{
  gint64 N = bank->out->N, now = g_get_monotonic_time ();
  g_autofree double *none = bank->out->logit ? NULL : g_new (double, N);
  g_autofree gint32 *no_right = bank->out->right ? NULL : g_new0 (gint32, N);

  if (bank->recorder == NULL)
    return TRUE;
  for (gint64 i = 0; none != NULL && i < N; i++)
    none[i] = NAN;                                                /* no class, no logit of it */
  if (!assay_recorder_append (bank->recorder, LOSS, ASSAY_STORE_F64, bank->out->loss + s * N, 1, error)
      || !assay_recorder_append (bank->recorder, LOGIT, ASSAY_STORE_F64, none ? none : bank->out->logit + s * N, 1, error)
      || !assay_recorder_append (bank->recorder, RIGHT, ASSAY_STORE_I32, no_right ? no_right : bank->out->right + s * N, 1, error)
      || !assay_recorder_append (bank->recorder, SIZE, ASSAY_STORE_I64, &bank->sets[s].n, 1, error))
    return FALSE;
  if (now - bank->flushed < G_USEC_PER_SEC)
    return TRUE;
  bank->flushed = now;
  return assay_recorder_flush (bank->recorder, error);
}

/* --- walking --------------------------------------------------------------------------------------------------------- */

static void
replace (const AssayGraphValue *value, void *data, gpointer user_data)
{
  const Bank *bank = user_data;
  gint64 C = bank->a->C, rows = assay_shape_count (&value->shape) / C;

  for (gint64 k = 0; k < bank->set->n; k++)
    {
      gint64 u = bank->set->unit[k];
      double x = bank->a->replacement[u];

      for (gint64 i = 0; i < rows; i++)
        if (bank->dtype == ASSAY_F32)
          ((float *) data)[i * C + u] = (float) x;
        else
          ((double *) data)[i * C + u] = x;
    }
}

static double
read_at (const Bank *bank, const void *x, gint64 i)
{
  return bank->dtype == ASSAY_F32 ? (double) ((const float *) x)[i] : ((const double *) x)[i];
}

/* One logit alone speaks for class 1, its negative for class 0. */
static double
logit_of (const Bank *bank, const void *logits, gint64 row, gint32 class)
{
  if (bank->V > 1)
    return read_at (bank, logits, row * bank->V + class);
  return class == 1 ? read_at (bank, logits, row) : -read_at (bank, logits, row);
}

static gboolean
is_right (const Bank *bank, const void *logits, gint64 row, gint32 class)
{
  gint64 best = 0;

  if (bank->V == 1)
    return (read_at (bank, logits, row) > 0) == (class == 1);
  for (gint64 v = 1; v < bank->V; v++)
    if (read_at (bank, logits, row * bank->V + v) > read_at (bank, logits, row * bank->V + best))
      best = v;
  return best == class;
}

static void
read_answers (Bank *bank, AssayPass *pass, gint64 n, gint64 first, gint64 s)
{
  const AssayBatch *data = assay_pass_get_data (pass);
  const gint32 *target = data->target ? data->target : data->label;
  const void *logits = assay_exec_get_buffer (assay_pass_get_exec (pass), ASSAY_PRIMAL, bank->logits);

  for (gint64 b = 0; b < n; b++)
    {
      gint64 at = s * bank->out->N + first + b;

      bank->out->loss[at] = assay_pass_get_loss (pass, b);
      bank->out->predictions[first + b] = bank->rows;
      if (target == NULL)
        continue;
      bank->out->predictions[first + b] = 0;
      bank->out->logit[at] = 0;
      bank->out->right[at] = 0;
      for (gint64 row = b * bank->rows; row < (b + 1) * bank->rows; row++)
        if (data->weight == NULL || read_at (bank, data->weight, row) != 0)
          {
            bank->out->predictions[first + b]++;
            bank->out->logit[at] += logit_of (bank, logits, row, target[row]);
            bank->out->right[at] += is_right (bank, logits, row, target[row]);
          }
    }
}

/* One set over all examples. */
static gboolean
walk_set (Bank *bank, gint64 s, AssayProgress *progress, GError **error)
{
  gint64 n;

  bank->set = &bank->sets[s];
  for (gint64 done = 0; done < bank->a->N; done += n)
    {
      AssayPass *pass = assay_progress_is_cancelled (progress, error) ? NULL : assay_feed_bind (bank->feed, bank->a->examples + done, bank->a->N - done, error);

      if (pass == NULL)
        return FALSE;
      n = assay_pass_get_batch (pass);
      assay_exec_set_edit (assay_pass_get_exec (pass), bank->tap, bank->set->n > 0 ? replace : NULL, bank);
      if (!assay_exec_prepare (assay_pass_get_exec (pass), assay_model_get_theta (bank->a->model), NULL, NULL, FALSE, error)
          || !assay_pass_check_losses (pass, bank->a->examples + done, "ablation", error))
        return FALSE;
      read_answers (bank, pass, n, done, s);
    }
  return TRUE;
}

/* Positions that count are needed also where all sets came from the store. */
static gboolean
walk_sets (Bank *bank, AssayProgress *progress, GError **error)
{
  gint64 s;

  if (bank->n_done > 0 && !walk_set (bank, 0, progress, error))
    return FALSE;
  for (s = bank->n_done; s < bank->out->S; s++)
    {
      if (!walk_set (bank, s, progress, error) || !keep (bank, s, error))
        break;
      assay_progress_report (progress, "ablating units", (guint64) s + 1, (guint64) bank->out->S, "sets", bank->a->tap);
    }
  if (s < bank->out->S && bank->recorder != NULL)
    assay_recorder_flush (bank->recorder, NULL);                  /* what is finished is kept, whatever stopped the rest */
  return s == bank->out->S;
}

static gboolean
open_feed (Bank *bank, GError **error)
{
  guint keep[] = { bank->logits, ASSAY_NO_VALUE };
  gint64 batch = assay_pass_choose_batch (bank->a->model, ASSAY_WALK_FORWARD, bank->dtype, CLAMP (bank->a->N, 1, MOST_EXAMPLES), keep, error);

  bank->feed = batch > 0 ? assay_feed_new (bank->a->model, bank->a->dataset, ASSAY_WALK_FORWARD, bank->dtype, batch, bank->a->backend, keep, error) : NULL;
  return bank->feed != NULL;
}

AssayAblations *
assay_ablate (const AssayAblation *a, const AssayAblationSet *sets, gint64 S, AssayProgress *progress, GError **error)
{
  AssayGraph *layout = assay_model_get_layout (a->model);
  Bank bank = { .a = a, .sets = sets, .dtype = assay_model_get_dtype (a->model), .logits = assay_graph_get_logits (layout) };
  const AssayShape *shape = &assay_graph_get_value (layout, bank.logits)->shape;
  g_autoptr (AssayAblations) out = NULL;
  g_autoptr (AssayObject) object = NULL;
  gboolean fine;

  bank.tap = assay_graph_find (layout, a->tap);
  bank.V = assay_shape_last (shape);
  bank.rows = assay_shape_rows (shape);
  if (!assay_ablation_check (a, error) || !check_sets (a, sets, S, error))
    return NULL;
  out = bank.out = ablations_new (S, a->N, assay_dataset_get_target_kind (a->dataset) != ASSAY_TARGET_REAL, error);
  fine = out != NULL && (a->store == NULL || open_bank (&bank, error)) && open_feed (&bank, error) && walk_sets (&bank, progress, error);
  if (fine && bank.recorder != NULL)
    {
      object = assay_recorder_finish (bank.recorder, error);
      fine = object != NULL;
    }
  assay_feed_free (bank.feed);
  assay_recorder_free (bank.recorder);
  return fine ? g_steal_pointer (&out) : NULL;
}

/* --- changes --------------------------------------------------------------------------------------------------------- */

static double
value_at (const AssayAblations *out, AssayAblationMeasure measure, gint64 set, gint64 i)
{
  gint64 at = set * out->N + i;

  return measure == ASSAY_ABLATION_LOSS ? out->loss[at] : measure == ASSAY_ABLATION_LOGIT ? out->logit[at] : (double) out->right[at];
}

AssayEstimate
assay_ablations_change (const AssayAblations *out, AssayAblationMeasure measure, gint64 before, const gint64 *sets, gint64 n, double level)
{
  g_autofree double *change = g_new (double, out->N);
  gint64 predictions = 0;
  double scale;
  AssayEstimate e;

  if (n == 0 || (measure != ASSAY_ABLATION_LOSS && out->logit == NULL))
    return (AssayEstimate) { (double) NAN, (double) NAN, (double) NAN, level };
  for (gint64 i = 0; i < out->N; i++)
    {
      change[i] = 0;
      for (gint64 k = 0; k < n; k++)
        change[i] += (value_at (out, measure, sets[k], i) - value_at (out, measure, before, i)) / (double) n;
      predictions += out->predictions[i];
    }
  scale = measure == ASSAY_ABLATION_LOSS ? 1 : (double) out->N / (double) predictions;    /* from examples to positions */
  e = assay_estimate_mean (change, out->N, level);
  return (AssayEstimate) { e.value * scale, e.lo * scale, e.hi * scale, level };
}
