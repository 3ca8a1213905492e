/* SPDX-License-Identifier: GPL-3.0-or-later */
/* retrain_bank.c: many retrainings side by side; their results are kept in the order of the sets. */
#include "run/retrain.h"

#include "base/error.h"
#include "run/identity.h"
#include "run/retrain_known.h"
#include "store/reader.h"
#include "store/recorder.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#define POLL (100 * 1000)       /* microseconds between looks at the stop button */

enum { QUERY_LOSS, STEPS, GRADIENT_NORM, OUTCOME, SET, N_ARRAYS };

typedef struct {
  gint64 set;                   /* -1: this worker has ended */
  gint64 outcome;
  AssayTrainResult result;
  GError *error;
} Finished;

/* Where one worker is in its set. */
typedef struct {
  atomic_llong step, n_steps;   /* n_steps 0: not known beforehand */
} Position;

typedef struct {
  const AssayRetraining *spec;
  const AssayRetrainSet *sets;
  gint64 K, first, n_done, end;       /* sets that this process sees to: up to end - 1; those before n_done have been handed over */
  double *query_loss;           /* (K,Q), the caller's */
  AssayTrainResult *results;    /* (K) */
  gint64 *outcome;              /* (K) AssayRetrainOutcome */
  gboolean *is_done, *is_kept;  /* (K): its row is known; it is committed already */
  gboolean has_moved;           /* the recorder stands elsewhere than at n_done */
  AssayRecorder *recorder;      /* NULL: nothing is kept */
  gint64 flushed;               /* when */

  GMutex mutex;
  gint64 next;                  /* set that the next free worker takes */
  guint n_workers, n_started;
  Position *position;           /* (n_workers) */
  guint threads_each;
  AssayProgress *stop;          /* tells the workers */
  GAsyncQueue *finished;
} Bank;

/* --- keeping ------------------------------------------------------------------------------------------------------------ */

static json_t *
describe_bank (const Bank *bank, const AssayTrainPlace *place)
{
  const AssayTraining *training = bank->spec->training;
  json_t *identity = assay_identity_of_training (training, bank->spec->start ? bank->spec->start : assay_model_get_theta (training->model));
  json_t *meta = place->meta ? json_copy (place->meta) : json_object ();
  g_autoptr (GArray) flat = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (gint64 k = 0; k < bank->K; k++)
    {
      g_array_append_val (flat, bank->sets[k].n);
      g_array_append_vals (flat, bank->sets[k].place, bank->sets[k].n);
    }
  json_object_set_new (identity, "sets", assay_identity_digest (flat->data, flat->len * sizeof (gint64)));
  json_object_set_new (identity, "queries", assay_identity_digest (bank->spec->query, bank->spec->Q * sizeof (gint64)));
  assay_identity_seal (identity, place->meta);
  json_object_set_new (meta, ASSAY_RETRAIN_IDENTITY, identity);
  return meta;
}

static gboolean
read_rows (Bank *bank, AssayCase *store, AssayObject *object, gint64 rows, GError **error)
{
  g_autoptr (AssayReader) reader = assay_reader_new (store, object, error);
  gint64 start[2] = { 0 }, count[2] = { rows, bank->spec->Q };

  return reader != NULL
         && assay_reader_read_box (reader, "/retraining/query_loss", start, count, ASSAY_STORE_F64, bank->query_loss, error);
}

/* Takes the sets that other lists of the case have. */
static gboolean
take_known (Bank *bank, const AssayTrainPlace *place, const json_t *meta, GError **error)
{
  gint64 Q = bank->spec->Q;
  g_autoptr (GHashTable) known = assay_retrain_known_new (place->store, meta, Q, error);

  for (gint64 k = bank->n_done; known != NULL && k < bank->end; k++)
    {
      gint64 digest = assay_retrain_set_digest (&bank->sets[k]);
      const AssayRetrainRow *row = g_hash_table_lookup (known, &digest);

      if (row == NULL || bank->is_kept[k])
        continue;
      memcpy (bank->query_loss + k * Q, row->query_loss, Q * sizeof (double));
      bank->results[k].steps = row->steps;
      bank->results[k].gradient_norm = row->gradient_norm;
      bank->outcome[k] = row->outcome;
      bank->is_done[k] = TRUE;
    }
  return known != NULL;
}

/* Rows that are committed, by whomever: also those behind a gap, which cannot be read yet. */
static void
mark_kept (Bank *bank, const AssayObject *object)
{
  gint64 first = bank->n_done, end = bank->end;

  for (gint64 k = first; k < bank->end; k++)
    bank->is_kept[k] = bank->is_done[k] = TRUE;
  for (; assay_object_find_gap (object, &first, &end); first = end, end = bank->end)
    for (gint64 k = first; k < end; k++)
      bank->is_kept[k] = bank->is_done[k] = FALSE;
}

/* Opens the recorder and takes what is there already. */
static gboolean
open_bank (Bank *bank, const AssayTrainPlace *place, GError **error)
{
  const AssayArraySpec arrays[N_ARRAYS] = {
    { .path = "/retraining/query_loss", .type = ASSAY_STORE_F64, .rank = 2, .dims = { 0, bank->spec->Q }, .axes = { "set", "query" },
      .long_name = "loss of the query after retraining without the set", .units = "nats" },
    { .path = "/retraining/steps", .type = ASSAY_STORE_I64, .rank = 1, .axes = { "set" }, .long_name = "steps of the retraining" },
    { .path = "/retraining/gradient_norm", .type = ASSAY_STORE_F64, .rank = 1, .axes = { "set" },
      .long_name = "norm of the objective's gradient where it ended" },
    { .path = "/retraining/outcome", .type = ASSAY_STORE_I64, .rank = 1, .axes = { "set" },
      .long_name = "how the retraining ended", .description = "0: done; 1: it did not converge; 2: a loss was not finite; then the losses are NaN" },
    { .path = "/retraining/left_out", .type = ASSAY_STORE_I64, .rank = 1, .axes = { "set" },
      .long_name = "what was left out", .description = "first eight bytes of SHA-256 over the places that were left out" } };
  json_t *meta = describe_bank (bank, place);
  g_autoptr (AssayObject) object = assay_case_lookup (place->store, "retraining", place->name, NULL);
  gboolean fine = TRUE;

  if (object != NULL && object->complete && object->rows == bank->K && json_equal (object->meta, meta))
    {
      bank->n_done = bank->end = bank->K;
      fine = read_rows (bank, place->store, object, bank->K, error);
    }
  else
    {
      bank->recorder = assay_recorder_new (place->store, "retraining", place->name, meta, arrays, N_ARRAYS, error);
      fine = bank->recorder != NULL;
      if (fine && assay_recorder_get_object (bank->recorder) != 0)
        mark_kept (bank, object);
      bank->has_moved = TRUE;
      fine = fine && take_known (bank, place, meta, error);
    }
  json_decref (meta);
  return fine;
}

/* The recorder comes to the next set, unless another process has committed it by now. */
static gboolean
move (Bank *bank, GError **error)
{
  gint64 first = bank->n_done, end = first + 1;
  gboolean found = TRUE;

  if (bank->recorder == NULL || !bank->has_moved)
    return TRUE;
  if (!assay_recorder_move (bank->recorder, &first, &end, &found, error))
    return FALSE;
  bank->is_kept[bank->n_done] = !found;
  bank->has_moved = !found;
  return TRUE;
}

/* Hands over the rows that now stand in order, and commits them at most once a second. */
static gboolean
keep (Bank *bank, GError **error)
{
  gint64 Q = bank->spec->Q, now = g_get_monotonic_time ();

  for (; bank->n_done < bank->end && bank->is_done[bank->n_done]; bank->n_done++)
    {
      const AssayTrainResult *r = &bank->results[bank->n_done];
      gint64 digest = assay_retrain_set_digest (&bank->sets[bank->n_done]);

      if (!bank->is_kept[bank->n_done] && !move (bank, error))
        return FALSE;
      bank->has_moved |= bank->is_kept[bank->n_done];
      if (bank->recorder != NULL && !bank->is_kept[bank->n_done]
          && (!assay_recorder_append (bank->recorder, QUERY_LOSS, ASSAY_STORE_F64, bank->query_loss + bank->n_done * Q, 1, error)
              || !assay_recorder_append (bank->recorder, STEPS, ASSAY_STORE_I64, &r->steps, 1, error)
              || !assay_recorder_append (bank->recorder, GRADIENT_NORM, ASSAY_STORE_F64, &r->gradient_norm, 1, error)
              || !assay_recorder_append (bank->recorder, OUTCOME, ASSAY_STORE_I64, &bank->outcome[bank->n_done], 1, error)
              || !assay_recorder_append (bank->recorder, SET, ASSAY_STORE_I64, &digest, 1, error)))
        return FALSE;
    }
  if (bank->recorder == NULL || now - bank->flushed < G_USEC_PER_SEC || assay_recorder_get_committed (bank->recorder) == bank->n_done)
    return TRUE;
  bank->flushed = now;
  return assay_recorder_flush (bank->recorder, error);
}

/* --- working ------------------------------------------------------------------------------------------------------------ */

static void
note_step (const char *stage, guint64 done, guint64 total, const char *unit, const char *note, gpointer data)
{
  Position *position = data;

  (void) stage;
  (void) unit;
  (void) note;
  atomic_store (&position->n_steps, (long long) total);
  atomic_store (&position->step, (long long) done);
}

/* In steps of all sets where their number is known, else in sets. */
static void
report (const Bank *bank, gint64 n_finished, AssayProgress *progress)
{
  guint64 done = 0, n_steps = 0;
  gint64 n_sets = bank->end - bank->first;

  for (guint w = 0; w < bank->n_workers; w++)
    {
      guint64 of_worker = (guint64) atomic_load (&bank->position[w].n_steps), step = (guint64) atomic_load (&bank->position[w].step);

      n_steps = MAX (n_steps, of_worker);
      done += step < of_worker ? step : 0;                        /* at its end it counts as finished, or soon will */
    }
  if (n_steps > 0)
    assay_progress_report (progress, "retraining", n_finished * n_steps + done, n_sets * n_steps, "steps", NULL);
  else
    assay_progress_report (progress, "retraining", n_finished, n_sets, "sets", NULL);
}

static gint64
take_set (Bank *bank)
{
  gint64 set;

  g_mutex_lock (&bank->mutex);
  while (bank->next < bank->end && bank->is_done[bank->next])       /* known before; sets from here on are nobody's yet */
    bank->next++;
  set = bank->next < bank->end ? bank->next++ : -1;
  g_mutex_unlock (&bank->mutex);
  return set;
}

static Position *
take_position (Bank *bank)
{
  Position *position;

  g_mutex_lock (&bank->mutex);
  position = &bank->position[bank->n_started++];
  g_mutex_unlock (&bank->mutex);
  return position;
}

/* Whether the set's training ended without an answer that can be marked; then its losses are NaN. */
static gboolean
mark_diverged (const Bank *bank, Finished *one, GError **error)
{
  double *loss = bank->query_loss + one->set * bank->spec->Q;
  gboolean stuck = g_error_matches (*error, ASSAY_ERROR, ASSAY_ERROR_NOT_CONVERGED);

  if (!bank->spec->mark_diverged || bank->sets[one->set].n == 0 || !(stuck || g_error_matches (*error, ASSAY_ERROR, ASSAY_ERROR_NAN)))
    return FALSE;
  g_clear_error (error);
  one->outcome = stuck ? ASSAY_RETRAIN_NOT_CONVERGED : ASSAY_RETRAIN_NOT_FINITE;
  one->result.gradient_norm = NAN;
  for (gint64 q = 0; q < bank->spec->Q; q++)
    loss[q] = NAN;
  return TRUE;
}

static gpointer
work (gpointer data)
{
  Bank *bank = data;
  Finished *last = g_new0 (Finished, 1);
  g_autoptr (AssayRetrainer) retrainer = assay_retrainer_new (bank->spec, bank->threads_each, &last->error);
  g_autoptr (AssayProgress) progress = assay_progress_new_child (bank->stop, note_step, take_position (bank));
  gint64 set;

  while (last->error == NULL && (set = take_set (bank)) >= 0)
    {
      Finished *one = g_new0 (Finished, 1);

      one->set = set;
      if (assay_retrainer_run (retrainer, bank->sets[set].place, bank->sets[set].n, bank->query_loss + set * bank->spec->Q, &one->result,
                               progress, &last->error)
          || mark_diverged (bank, one, &last->error))
        g_async_queue_push (bank->finished, one);
      else
        {
          g_prefix_error (&last->error, "set %" G_GINT64_FORMAT ": ", set);
          g_free (one);
        }
    }
  last->set = -1;
  g_async_queue_push (bank->finished, last);
  return NULL;
}

/* Takes results until all workers have ended; the first error stops them. */
static gboolean
collect (Bank *bank, AssayProgress *progress, GError **error)
{
  GError *fault = NULL;
  gboolean stopping = FALSE;
  guint running = bank->n_workers;
  gint64 n_finished = 0;

  for (gint64 k = bank->first; k < bank->end; k++)
    n_finished += k < bank->n_done || bank->is_done[k];
  while (running > 0)
    {
      Finished *one = g_async_queue_timeout_pop (bank->finished, POLL);

      if (one != NULL && one->set >= 0)
        {
          bank->results[one->set] = one->result;
          bank->outcome[one->set] = one->outcome;
          bank->is_done[one->set] = TRUE;
          n_finished++;
          if (fault == NULL)
            keep (bank, &fault);
        }
      else if (one != NULL)
        {
          running--;
          if (fault == NULL)
            fault = g_steal_pointer (&one->error);
          g_clear_error (&one->error);
        }
      g_free (one);
      if (fault == NULL && !assay_progress_is_cancelled (progress, &fault))
        report (bank, n_finished, progress);
      if (fault != NULL && !stopping)
        {
          stopping = TRUE;
          assay_progress_cancel (bank->stop, ASSAY_ERROR_INTERRUPTED);
        }
    }
  if (fault != NULL && bank->recorder != NULL)
    assay_recorder_flush (bank->recorder, NULL);                  /* what is finished is kept, whatever stopped the rest */
  if (fault != NULL)
    g_propagate_error (error, fault);
  return fault == NULL;
}

static gint64
count_missing (const Bank *bank)
{
  gint64 n = 0;

  for (gint64 k = bank->n_done; k < bank->end; k++)
    n += !bank->is_done[k];
  return n;
}

static gboolean
run_workers (Bank *bank, AssayProgress *progress, GError **error)
{
  guint crew = assay_workers_get_count (bank->spec->training->backend->workers);
  guint n_workers = (guint) MIN ((gint64) crew, count_missing (bank));
  g_autofree GThread **threads = g_new0 (GThread *, n_workers);
  g_autofree Position *position = g_new0 (Position, n_workers);
  gboolean fine;

  bank->n_workers = n_workers;
  bank->position = position;
  bank->threads_each = n_workers == 1 ? crew : 1;
  bank->next = bank->n_done;
  for (guint w = 0; w < n_workers; w++)
    threads[w] = g_thread_new ("assay-retrain", work, bank);
  fine = collect (bank, progress, error);
  for (guint w = 0; w < n_workers; w++)
    g_thread_join (threads[w]);
  return fine;                          /* a stop or a fault may come when the last set is done already */
}

/* Ends the object where all its rows are there. The process that sees to all sets reads back what others kept behind its back. */
static gboolean
end_bank (Bank *bank, const AssayTrainPlace *place, GError **error)
{
  gboolean is_last = bank->recorder == NULL;                      /* whole when it was opened */
  g_autoptr (AssayObject) object = NULL;

  if (bank->recorder != NULL && !assay_recorder_end_share (bank->recorder, bank->K, &object, &is_last, error))
    return FALSE;
  if (place->share != NULL && bank->recorder == NULL)
    object = assay_case_lookup (place->store, "retraining", place->name, NULL);
  if (place->share != NULL)
    place->share->done (place->share->data, object, bank->K, is_last);
  return place->share != NULL || object == NULL || read_rows (bank, place->store, object, bank->K, error);
}

gboolean
assay_retrain_bank (const AssayRetraining *spec, const AssayRetrainSet *sets, gint64 K, const AssayTrainPlace *place, double *query_loss,
                    AssayProgress *progress, GError **error)
{
  Bank bank = { .spec = spec, .sets = sets, .K = K, .query_loss = query_loss, .results = g_new0 (AssayTrainResult, K), .outcome = g_new0 (gint64, K),
                .is_done = g_new0 (gboolean, K), .is_kept = g_new0 (gboolean, K), .end = K, .stop = assay_progress_new (NULL, NULL), .finished = g_async_queue_new () };
  gboolean fine;

  g_mutex_init (&bank.mutex);
  if (place != NULL && place->share != NULL)
    place->share->choose (place->share->data, K, &bank.first, &bank.end);
  bank.n_done = bank.first;
  fine = place == NULL || open_bank (&bank, place, error);
  fine = fine && keep (&bank, error);                             /* what is known in front */
  if (fine && count_missing (&bank) > 0)
    fine = run_workers (&bank, progress, error);
  if (fine && place != NULL)
    fine = end_bank (&bank, place, error);
  assay_recorder_free (bank.recorder);
  assay_progress_free (bank.stop);
  g_async_queue_unref (bank.finished);
  g_mutex_clear (&bank.mutex);
  g_free (bank.results);
  g_free (bank.outcome);
  g_free (bank.is_done);
  g_free (bank.is_kept);
  return fine;
}
