/* SPDX-License-Identifier: GPL-3.0-or-later */
/* recording.c: options and identity of recordings. */
#include "run/recording.h"

#include "run/identity.h"
#include "tensor/largest_bits.h"

#include <math.h>
#include <string.h>

#define KEEP_UP_SECONDS 30
#define F16_OVERFLOW 65520.0    /* what is as large or larger rounds to infinity */
#define BF16_OVERFLOW 0x1.ffp127
#define F32_OVERFLOW 0x1.ffffffp127

static const char *const keeps[] = { "rows", "summary", "sparse", NULL };
static const char *const gradient_rows[] = { "examples", "tokens", NULL };
static const char *const types[] = { "auto", "f16", "bf16", "f32", "f64", NULL };

const AssayParam assay_record_params[] = {
  { .name = "taps", .type = ASSAY_PARAM_LIST, .metavar = "PATTERN", .names = "tap",
    .help = "what is recorded of the walk, by name, for example h.*.mlp.act; also states and attention patterns (*.pattern)" },
  { .name = "keep", .type = ASSAY_PARAM_CHOICE, .def.s = "rows", .choices = keeps,
    .help = "of activations: every row; or of each unit a histogram, its best rows, mean and variance, all exact, in memory that does not grow with the rows; "
            "or of each row what is as large as --threshold" },
  { .name = "threshold", .type = ASSAY_PARAM_DOUBLE, .def.d = 0, .min = 0, .max = 1e300, .help = "least size of what sparse rows keep" },
  { .name = "top", .type = ASSAY_PARAM_INT, .def.i = 20, .min = 0, .max = 1e6, .unit = "rows",
    .help = "in a summary, how many are kept of each unit's largest activations, and of its smallest" },
  { .name = "sample", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e9, .unit = "rows",
    .help = "of activations record so many rows, drawn at random from all positions; 0: all of them" },
  { .name = "sample-seed", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 9e15, .help = "of that draw" },
  { .name = "gradients", .type = ASSAY_PARAM_LIST, .metavar = "PATTERN",
    .help = "groups of parameters whose gradients are recorded for each example, * for all" },
  { .name = "gradient-rows", .type = ASSAY_PARAM_CHOICE, .def.s = "examples", .choices = gradient_rows,
    .help = "a gradient for each example, or for each target of an example of tokens: these add up to the example's, and each costs a walk" },
  { .name = "norms", .type = ASSAY_PARAM_BOOL, .help = "of gradients record the squared norms alone" },
  { .name = "type", .type = ASSAY_PARAM_CHOICE, .def.s = "auto", .choices = types, .help = "as stored; auto: f16 for activations, f32 for gradients" },
  { .name = "batch", .type = ASSAY_PARAM_INT, .def.i = 0, .min = 0, .max = 1e9, .unit = "examples",
    .help = "examples walked at once; 0: as many as fit into 256 MiB, at most 64" },
  { .name = NULL }
};

AssayStoreType
assay_recording_get_type (const AssayRecording *r, AssayStoreType by_default)
{
  AssayStoreType type = by_default;

  assay_store_type_parse (assay_values_get_string (r->options, "type"), &type);   /* "auto" is no type and leaves it */
  return type;
}

AssayRecordRows *
assay_record_choose_rows (const AssayRecording *r, GError **error)
{
  return assay_record_rows_new (r->model, r->dataset, r->examples, r->N, assay_values_get_int (r->options, "sample"),
                                (guint64) assay_values_get_int (r->options, "sample-seed"), error);
}

AssayStoreType
assay_record_get_type (const AssayRecording *r)
{
  return assay_recording_get_type (r, ASSAY_STORE_F16);
}

json_t *
assay_record_identify (const AssayRecording *r)
{
  gsize theta = assay_model_get_n_params (r->model) * assay_dtype_width (assay_model_get_dtype (r->model));
  json_t *identity = json_object ();

  json_object_set_new (identity, "options", assay_values_to_json (r->options));
  json_object_set_new (identity, "model", assay_model_get_spec (r->model));
  json_object_set_new (identity, "parameters", assay_identity_digest (assay_model_get_theta (r->model), theta));
  json_object_set_new (identity, "examples", assay_identity_digest (r->examples, r->N * sizeof *r->examples));
  assay_identity_add_machine (identity);
  return identity;
}

gboolean
assay_recording_find (const AssayRecording *r, const char *kind, AssayRecordShare *share, json_t **meta)
{
  g_autoptr (AssayObject) object = assay_case_lookup (r->store, kind, r->name, NULL);
  json_t *full = r->meta ? json_copy (r->meta) : json_object ();

  share->object = NULL;
  share->is_last = FALSE;
  json_object_set_new (full, "recording", assay_record_identify (r));
  if (object != NULL && object->complete && json_equal (object->meta, full))
    {
      json_decref (full);
      share->object = g_steal_pointer (&object);
      share->is_last = TRUE;
      return TRUE;
    }
  *meta = full;
  return FALSE;
}

static gboolean
fits (double x, AssayStoreType type)
{
  return fabs (x) < (type == ASSAY_STORE_F16 ? F16_OVERFLOW : type == ASSAY_STORE_BF16 ? BF16_OVERFLOW : type == ASSAY_STORE_F32 ? F32_OVERFLOW : (double) INFINITY);
}

gint64
assay_recording_find_unfit (AssayDtype dtype, gconstpointer numbers, gint64 n, AssayStoreType type)
{
  if (dtype == ASSAY_F32)
    {
      gint32 bits = assay_get_largest_bits (numbers, n);
      float largest;

      memcpy (&largest, &bits, sizeof largest);
      if (fits ((double) largest, type))
        return -1;
    }
  for (gint64 i = 0; i < n; i++)
    if (!fits (dtype == ASSAY_F32 ? (double) ((const float *) numbers)[i] : ((const double *) numbers)[i], type))
      return i;
  return -1;
}

gboolean
assay_recording_keep_up (AssayRecorder *recorder, gint64 *last, GError **error)
{
  gint64 now = g_get_monotonic_time ();

  if (now - *last < KEEP_UP_SECONDS * G_USEC_PER_SEC)
    return TRUE;
  *last = now;
  return assay_recorder_flush (recorder, error);
}

gboolean
assay_recording_run (AssayRecorder *recorder, AssayRecordingWalk walk, gpointer data, AssayRecordShare *share, AssayProgress *progress, GError **error)
{
  gint64 first = share->rows->offset[share->first];
  gboolean found = share->rows->n > 0;

  while (found)
    {
      gint64 end = share->rows->offset[share->end];

      if (!assay_recorder_move (recorder, &first, &end, &found, error) || (found && !walk (data, first, end, progress, error)))
        return FALSE;
      first = end;
    }
  return assay_recorder_end_share (recorder, share->rows->n, &share->object, &share->is_last, error);
}

void
assay_record_share_clear (AssayRecordShare *share)
{
  g_clear_pointer (&share->object, assay_object_unref);
  g_clear_pointer (&share->rows, assay_record_rows_free);
}
