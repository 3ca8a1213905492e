/* SPDX-License-Identifier: GPL-3.0-or-later */
/* train_store.c: identity, state, log, checkpoints and model of a training. */
#include "run/train_store.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "model/checkpoint.h"
#include "run/identity.h"
#include "store/reader.h"
#include "store/recorder.h"

#include <math.h>
#include <string.h>

#define LOG_ROWS 1024           /* rows held between two appends */

enum { LOSS, RATE, NORM, N_LOG };

static const char *const log_paths[N_LOG] = { "/metrics/loss", "/metrics/rate", "/metrics/gradient_norm" };

struct _AssayTrainStore {
  AssayTrainPlace place;
  AssayTrainer *trainer;
  AssayModel *model;
  json_t *identity;             /* "training" of the model's meta; with its digest */
  const char *digest;
  char *state_name;

  AssayRecorder *log;           /* NULL: complete already */
  gint64 n_appended;            /* rows that the recorder has */
  guint n_rows;
  double rows[N_LOG][LOG_ROWS];

  gint64 every, saved_step, saved_time;
  double seconds;
  gint64 n_checkpoints;
  gint64 started;               /* this run; monotonic */
  double seconds_before;        /* of the runs before it, up to the state it goes on from */
};

/* --- identity ----------------------------------------------------------------------------------------------------------- */

/* The newest object of this kind and name if it belongs to this run. */
static AssayObject *
find_own (AssayTrainStore *self, const char *kind, const char *name)
{
  g_autoptr (AssayObject) object = assay_case_lookup (self->place.store, kind, name, NULL);
  const char *digest;

  if (object == NULL)
    return NULL;
  digest = json_string_value (json_object_get (json_object_get (object->meta, "training"), "digest"));
  return g_strcmp0 (digest, self->digest) == 0 ? g_steal_pointer (&object) : NULL;
}

/* --- log ---------------------------------------------------------------------------------------------------------------- */

static gboolean
open_log (AssayTrainStore *self, GError **error)
{
  g_autoptr (AssayObject) done = find_own (self, "metrics", self->place.name);
  AssayArraySpec arrays[N_LOG];
  json_t *meta;

  if (done != NULL && done->complete)
    {
      self->n_appended = done->rows;
      return TRUE;
    }
  for (guint a = 0; a < N_LOG; a++)
    arrays[a] = (AssayArraySpec) { .path = log_paths[a], .type = ASSAY_STORE_F64, .rank = 1, .axes = { "step" } };
  arrays[LOSS].long_name = "mean loss of the batch after so many steps";
  arrays[LOSS].units = "nats";
  arrays[RATE].long_name = "learning rate";
  arrays[NORM].long_name = "norm of the gradient of the objective, before clipping";
  meta = json_pack ("{s:{s:s}}", "training", "digest", self->digest);
  self->log = assay_recorder_new (self->place.store, "metrics", self->place.name, meta, arrays, N_LOG, error);
  json_decref (meta);
  if (self->log == NULL)
    return FALSE;
  self->n_appended = assay_recorder_get_committed (self->log);
  return TRUE;
}

/* Hands the rows in memory to the recorder, less those that it has from before an interruption. */
static gboolean
append_rows (AssayTrainStore *self, GError **error)
{
  gint64 first = assay_trainer_get_step (self->trainer) - self->n_rows;   /* of the rows in memory */
  gint64 skip = CLAMP (self->n_appended - first, 0, (gint64) self->n_rows), n = self->n_rows - skip;

  self->n_rows = 0;
  if (n == 0 || self->log == NULL)
    return TRUE;
  for (guint a = 0; a < N_LOG; a++)
    if (!assay_recorder_append (self->log, a, ASSAY_STORE_F64, self->rows[a] + skip, n, error))
      return FALSE;
  self->n_appended += n;
  return TRUE;
}

static gboolean
flush_log (AssayTrainStore *self, GError **error)
{
  if (!append_rows (self, error))
    return FALSE;
  return self->log == NULL || assay_recorder_get_committed (self->log) == self->n_appended || assay_recorder_flush (self->log, error);
}

/* --- state -------------------------------------------------------------------------------------------------------------- */

static gboolean
put (AssayShardWriter *writer, const char *path, AssayStoreType type, gint64 rows, gint64 columns, const char *axis, const void *data,
     GError **error)
{
  AssayArraySpec spec = { .path = path, .type = type, .rank = columns ? 2 : 1, .dims = { rows, columns }, .axes = { axis, "parameter" } };

  return rows == 0 || assay_shard_writer_put (writer, &spec, type, data, error);
}

gboolean
assay_train_store_save (AssayTrainStore *self, GError **error)
{
  AssayTrainerState s = assay_trainer_get_state (self->trainer);
  AssayStoreType type = s.dtype == ASSAY_F64 ? ASSAY_STORE_F64 : ASSAY_STORE_F32;
  g_autoptr (AssayShardWriter) writer = NULL;
  g_autoptr (AssayObject) object = NULL;
  json_t *meta;

  if (s.step == self->saved_step)
    return TRUE;
  if (!assay_trainer_fetch (self->trainer, error) || !flush_log (self, error))
    return FALSE;
  meta = json_pack ("{s:{s:s}, s:I, s:i, s:o}", "training", "digest", self->digest, "step", (json_int_t) s.step, "reason", (int) s.reason, "seconds",
                    assay_json_number (assay_train_store_get_seconds (self)));
  writer = assay_shard_writer_new (self->place.store, "checkpoint", self->state_name, meta, error);
  json_decref (meta);
  if (writer == NULL || !put (writer, "/state/theta", type, s.P, 0, "parameter", s.theta, error)
      || !put (writer, "/state/vectors", type, s.n_vectors, s.P, "vector", s.vectors, error)
      || !put (writer, "/state/scalars", ASSAY_STORE_F64, s.n_scalars, 0, "scalar", s.scalars, error)
      || !put (writer, "/state/last", ASSAY_STORE_F64, G_N_ELEMENTS (s.last), 0, "quantity", s.last, error))
    return FALSE;
  assay_shard_writer_set_rows (writer, 0);
  object = assay_shard_writer_commit (writer, error);
  if (object == NULL)
    return FALSE;
  self->saved_step = s.step;
  self->saved_time = g_get_monotonic_time ();
  return TRUE;
}

/* Brings the trainer to the last saved state of this run, if there is one. */
static gboolean
resume (AssayTrainStore *self, GError **error)
{
  g_autoptr (AssayObject) object = find_own (self, "checkpoint", self->state_name);
  g_autoptr (AssayReader) reader = NULL;
  AssayTrainerState s = assay_trainer_get_state (self->trainer);
  AssayStoreType type = s.dtype == ASSAY_F64 ? ASSAY_STORE_F64 : ASSAY_STORE_F32;

  if (object == NULL)
    return TRUE;
  s.step = json_integer_value (json_object_get (object->meta, "step"));
  s.reason = (AssayTrainReason) json_integer_value (json_object_get (object->meta, "reason"));
  if (s.step > self->n_appended)                                  /* its log is gone: another run of that name came between */
    return TRUE;
  s.last[3] = NAN;                                                /* of a state that did not count them */
  reader = assay_reader_new (self->place.store, object, error);
  if (reader == NULL || !assay_reader_read (reader, "/state/theta", type, s.theta, error)
      || (s.n_vectors > 0 && !assay_reader_read (reader, "/state/vectors", type, s.vectors, error))
      || (s.n_scalars > 0 && !assay_reader_read (reader, "/state/scalars", ASSAY_STORE_F64, s.scalars, error))
      || !assay_reader_read (reader, "/state/last", ASSAY_STORE_F64, s.last, error))
    return FALSE;
  assay_trainer_resume (self->trainer, &s);
  self->saved_step = s.step;
  self->seconds_before = assay_json_get_number (object->meta, "seconds");
  return TRUE;
}

/* --- checkpoints -------------------------------------------------------------------------------------------------------- */

/* Keeps theta where step n_steps k / n_checkpoints, rounded, is reached for some k. */
static gboolean
keep_checkpoint (AssayTrainStore *self, gint64 step, GError **error)
{
  gint64 n = self->n_checkpoints, total = assay_trainer_get_n_steps (self->trainer), k, before;
  g_autofree char *name = NULL;
  g_autoptr (AssayObject) object = NULL;
  double sum = 0;
  json_t *meta;

  if (n == 0)
    return TRUE;
  k = (step * n + total / 2) / total;
  if (k < 1 || (total * k + n / 2) / n != step)
    return TRUE;
  name = g_strdup_printf ("%s/step-%" G_GINT64_FORMAT, self->place.name, step);
  object = find_own (self, "checkpoint", name);
  if (object != NULL)
    return TRUE;
  if (!assay_trainer_fetch (self->trainer, error))
    return FALSE;
  before = (total * (k - 1) + n / 2) / n;
  for (gint64 s = before + 1; s <= step; s++)
    sum += assay_trainer_get_rate (self->trainer, s);
  meta = json_pack ("{s:{s:s}, s:I, s:f, s:f}", "training", "digest", self->digest, "step", (json_int_t) step, "rate",
                    assay_trainer_get_rate (self->trainer, step), "rate_sum", sum);
  object = assay_checkpoint_commit (self->model, self->place.store, "checkpoint", name, meta, error);
  json_decref (meta);
  return object != NULL;
}

static int
by_step (gconstpointer a, gconstpointer b)
{
  gint64 x = json_integer_value (json_object_get ((*(AssayObject *const *) a)->meta, "step"));
  gint64 y = json_integer_value (json_object_get ((*(AssayObject *const *) b)->meta, "step"));

  return x < y ? -1 : x > y;
}

void
assay_trajectory_free (AssayTrajectory *t)
{
  if (t == NULL)
    return;
  for (guint k = 0; k < t->n; k++)
    assay_mem_free (t->theta[k]);
  g_free (t->theta);
  g_free (t->step);
  g_free (t->rate);
  g_free (t->rate_sum);
  g_free (t);
}

/* Of the same run, or both of none: an imported model has imported checkpoints. */
static gboolean
is_same_run (const json_t *a, const json_t *b)
{
  return a == NULL || b == NULL ? a == b : json_equal ((json_t *) a, (json_t *) b);
}

AssayTrajectory *
assay_trajectory_load (AssayCase *store, const char *name, GError **error)
{
  g_autofree char *prefix = g_strconcat (name, "/step-", NULL);
  g_autoptr (AssayObject) model = assay_case_lookup (store, "model", name, error);
  g_autoptr (GPtrArray) objects = NULL;
  g_autoptr (AssayTrajectory) t = g_new0 (AssayTrajectory, 1);
  const json_t *digest;

  if (model == NULL)
    return NULL;
  digest = json_object_get (json_object_get (model->meta, "training"), "digest");
  objects = assay_case_list (store, "checkpoint", prefix);
  for (guint i = objects->len; i-- > 0; )                         /* those of an older run of that name do not count */
    if (!is_same_run (json_object_get (json_object_get (((AssayObject *) objects->pdata[i])->meta, "training"), "digest"), digest))
      g_ptr_array_remove_index (objects, i);
  if (objects->len == 0)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "model %s: its training kept no checkpoints; train with --checkpoints N", name);
      return NULL;
    }
  g_ptr_array_sort (objects, by_step);
  t->theta = g_new0 (double *, objects->len);
  t->step = g_new0 (gint64, objects->len);
  t->rate = g_new0 (double, objects->len);
  t->rate_sum = g_new0 (double, objects->len);
  for (guint k = 0; k < objects->len; k++)
    {
      AssayObject *object = objects->pdata[k];
      g_autoptr (AssayModel) at = assay_checkpoint_load_object (store, object, error);

      if (at == NULL)
        return NULL;
      t->P = assay_model_get_n_params (at);
      t->theta[k] = assay_mem_new (double, t->P, error);
      if (t->theta[k] == NULL)
        return NULL;
      t->n = k + 1;
      assay_model_read_theta (at, t->theta[k]);
      t->step[k] = json_integer_value (json_object_get (object->meta, "step"));
      t->rate[k] = assay_json_get_number (object->meta, "rate");
      t->rate_sum[k] = assay_json_get_number (object->meta, "rate_sum");
    }
  return g_steal_pointer (&t);
}

/* --- the whole ---------------------------------------------------------------------------------------------------------- */

static json_t *
describe_result (const AssayTrainResult *r)
{
  return json_pack ("{s:i, s:I, s:o, s:o, s:o, s:o, s:o}", "reason", (int) r->reason, "steps", (json_int_t) r->steps, "loss",
                    assay_json_number (r->loss), "objective", assay_json_number (r->objective), "gradient_norm",
                    assay_json_number (r->gradient_norm), "decrement", assay_json_number (r->decrement), "operations",
                    assay_json_number (r->operations));
}

/* Takes parameters and result from the finished run. */
static gboolean
recall (AssayTrainStore *self, AssayObject *object, AssayTrainResult *result, GError **error)
{
  const json_t *r = json_object_get (object->meta, "result");
  g_autoptr (AssayModel) model = assay_checkpoint_load_object (self->place.store, object, error);
  g_autoptr (AssayObject) closed = NULL;

  if (model == NULL)
    return FALSE;
  memcpy (assay_model_get_theta (self->model), assay_model_get_theta (model),
          assay_model_get_n_params (model) * assay_dtype_width (assay_model_get_dtype (model)));
  *result = (AssayTrainResult) { .reason = (AssayTrainReason) json_integer_value (json_object_get (r, "reason")),
                                 .steps = json_integer_value (json_object_get (r, "steps")),
                                 .loss = assay_json_get_number (r, "loss"),
                                 .objective = assay_json_get_number (r, "objective"),
                                 .gradient_norm = assay_json_get_number (r, "gradient_norm"),
                                 .decrement = assay_json_get_number (r, "decrement"),
                                 .operations = assay_json_get_number (r, "operations"), .seconds = NAN };
  if (self->log == NULL || self->n_appended != result->steps)
    return TRUE;
  closed = assay_recorder_finish (self->log, error);
  return closed != NULL;
}

AssayTrainStore *
assay_train_store_open (const AssayTraining *training, const AssayTrainPlace *place, AssayTrainer *trainer, gboolean *finished,
                        AssayTrainResult *result, GError **error)
{
  g_autoptr (AssayTrainStore) self = g_new0 (AssayTrainStore, 1);
  g_autoptr (AssayObject) model = NULL;

  self->place = *place;
  self->trainer = trainer;
  self->model = training->model;
  self->identity = assay_identity_of_training (training, assay_model_get_theta (training->model));
  assay_identity_seal (self->identity, place->meta);
  self->digest = json_string_value (json_object_get (self->identity, "digest"));
  self->state_name = g_strconcat (place->name, "/state", NULL);
  self->every = assay_values_get_int (training->options, "checkpoint-every");
  self->seconds = assay_values_get_double (training->options, "checkpoint-seconds");
  self->n_checkpoints = MIN (assay_values_get_int (training->options, "checkpoints"), assay_trainer_get_n_steps (trainer));
  self->started = self->saved_time = g_get_monotonic_time ();
  if (!open_log (self, error))
    return NULL;
  model = find_own (self, "model", place->name);
  *finished = model != NULL;
  if (model != NULL ? !recall (self, model, result, error) : !resume (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

double
assay_train_store_get_seconds (const AssayTrainStore *self)
{
  return self->seconds_before + 1e-6 * (double) (g_get_monotonic_time () - self->started);
}

void
assay_train_store_free (AssayTrainStore *self)
{
  if (self == NULL)
    return;
  assay_recorder_free (self->log);
  json_decref (self->identity);
  g_free (self->state_name);
  g_free (self);
}

gboolean
assay_train_store_advance (AssayTrainStore *self, const AssayTrainRow *row, GError **error)
{
  self->rows[LOSS][self->n_rows] = row->loss;
  self->rows[RATE][self->n_rows] = row->rate;
  self->rows[NORM][self->n_rows] = row->gradient_norm;
  self->n_rows++;
  if (self->n_rows == LOG_ROWS && !append_rows (self, error))
    return FALSE;
  if (!keep_checkpoint (self, row->step, error))
    return FALSE;
  if (assay_trainer_is_done (self->trainer))
    return TRUE;
  if (self->every > 0 ? row->step % self->every == 0
                      : (double) (g_get_monotonic_time () - self->saved_time) >= self->seconds * G_USEC_PER_SEC)
    return assay_train_store_save (self, error);
  return TRUE;
}

gboolean
assay_train_store_finish (AssayTrainStore *self, const AssayTrainResult *result, GError **error)
{
  json_t *meta = self->place.meta ? json_copy (self->place.meta) : json_object ();
  g_autoptr (AssayObject) model = NULL, log = NULL;

  json_object_set (meta, "training", self->identity);
  json_object_set_new (meta, "result", describe_result (result));
  if (flush_log (self, error))
    model = assay_checkpoint_commit (self->model, self->place.store, "model", self->place.name, meta, error);
  json_decref (meta);
  if (model == NULL || self->log == NULL)
    return model != NULL;
  log = assay_recorder_finish (self->log, error);
  return log != NULL;
}
