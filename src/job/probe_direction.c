/* SPDX-License-Identifier: GPL-3.0-or-later */
/* probe_direction.c: an array of another program becomes a probe, and a probe a measure. */
#include "job/probe_direction.h"

#include "base/error.h"
#include "base/json.h"
#include "store/array_file.h"
#include "store/reader.h"
#include "store/shard.h"

#include <math.h>
#include <string.h>

#define DIRECTION "/probe/direction"

const AssayParam assay_import_probe_params[] = {
  { "tap", ASSAY_PARAM_STRING, .metavar = "TAP", .names = "tap", .flags = ASSAY_PARAM_REQUIRED,
    .help = "result of the model that the probe reads (assay info CASE model/NAME lists them)" },
  { "bias", ASSAY_PARAM_DOUBLE, .def.d = 0, .min = -1e300, .max = 1e300, .help = "added to the inner product" },
  { "pool", ASSAY_PARAM_CHOICE, .def.s = "last", .choices = assay_pools,
    .help = "of token sequences: the value at the last position that counts, or the mean or sum over positions by their weight in the loss" },
  { "array", ASSAY_PARAM_STRING, .metavar = "NAME", .help = "which array of the file, where it has several" },
  { "program", ASSAY_PARAM_STRING, .metavar = "TEXT", .help = "what fitted it, with its version" },
  ASSAY_SUBJECT_PARAMS,
  { .name = NULL }
};

static AssayPool
find_pool (const char *name)
{
  AssayPool pool = ASSAY_POOL_LAST;

  while (assay_pools[pool] != NULL && g_strcmp0 (assay_pools[pool], name) != 0)
    pool++;
  return assay_pools[pool] ? pool : ASSAY_POOL_LAST;
}

/* One axis that is not 1 long, of finite numbers that are not all 0. */
static gboolean
check_direction (const AssayArrayFile *file, GError **error)
{
  double largest = 0;
  guint long_axes = 0;

  for (guint k = 0; k < file->rank; k++)
    long_axes += file->dims[k] != 1;
  if (long_axes > 1)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_SHAPE, "%s: one direction, an array with one axis, expected, %u axes found", file->label, file->rank);
      return FALSE;
    }
  for (guint64 k = 0; k < file->n_elements; k++)
    {
      if (!isfinite (file->values[k]))
        {
          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: number %" G_GUINT64_FORMAT ": a finite number expected, %g found", file->label, k, file->values[k]);
          return FALSE;
        }
      largest = fmax (largest, fabs (file->values[k]));
    }
  if (largest > 0)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: a direction that is not 0 expected, nothing but zeros found", file->label);
  return FALSE;
}

/* The graph that reads it must be one: tap and length are right. */
static gboolean
check_fits (const AssayMeasure *measure, const AssaySubject *subject, const char *label, GError **error)
{
  g_autoptr (AssayModel) measured = assay_model_new_measured (subject->model, measure, error);

  if (measured == NULL)
    g_prefix_error (error, "%s: tap %s of model %s: ", label, measure->tap, subject->object->name);
  return measured != NULL;
}

static AssayObject *
commit (AssayCase *cas, const char *name, const AssayMeasure *measure, const char *program, const AssaySubject *subject, GError **error)
{
  const AssayArraySpec spec = { .path = DIRECTION, .type = ASSAY_STORE_F64, .rank = 1, .dims = { measure->n }, .axes = { "channel" }, .long_name = "direction",
                                .units = "1", .description = "weight of each channel in the probe's value, imported, not computed here" };
  json_t *meta = json_pack ("{s:b, s:s?, s:s, s:f, s:s, s:o}", "imported", TRUE, "program", program, "tap", measure->tap, "bias", measure->bias, "pool",
                            assay_pools[measure->pool], "subject", assay_subject_to_json (subject));
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new (cas, "probe", name, meta, error);

  json_decref (meta);
  return writer != NULL && assay_shard_writer_put (writer, &spec, ASSAY_STORE_F64, measure->direction, error) ? assay_shard_writer_commit (writer, error) : NULL;
}

json_t *
assay_import_probe (const AssayJob *job, const AssaySubject *subject, AssayJobContext *context, GError **error)
{
  const AssayValues *options = assay_job_get_section (job, "what"), *values = assay_job_get_values (job);
  const char *name = assay_values_get_string (values, "name"), *program = assay_values_get_string (options, "program");
  g_autoptr (AssayMeasure) measure = g_new0 (AssayMeasure, 1);
  g_autoptr (AssayArrayFile) file = assay_array_file_read (assay_values_get_list (values, "file")[0], assay_values_get_string (options, "array"), error);
  AssayObject *object;

  if (file == NULL || !check_direction (file, error))
    return NULL;
  measure->kind = ASSAY_MEASURE_KIND_PROBE;
  measure->probe = g_strdup (name);
  assay_measure_set_probe (measure, assay_values_get_string (options, "tap"), (gint64) file->n_elements, file->values, assay_values_get_double (options, "bias"),
                           find_pool (assay_values_get_string (options, "pool")));
  if (!check_fits (measure, subject, file->label, error))
    return NULL;
  object = commit (context->cas, name, measure, program, subject, error);
  if (object == NULL)
    return NULL;
  assay_job_add_output (context, object);
  return json_pack ("{s:s, s:s, s:s, s:s, s:I, s:o, s:s, s:s?}", "what", "probe", "name", name, "model", subject->object->name, "tap", measure->tap, "width",
                    (json_int_t) measure->n, "bias", assay_json_number (measure->bias), "pool", assay_pools[measure->pool], "program", program);
}

static AssayObject *
refuse_unknown (AssayCase *cas, const char *name, GError **error)
{
  g_autoptr (GPtrArray) list = assay_case_list (cas, "probe", NULL);
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint k = 0; k < list->len; k++)
    g_string_append_printf (names, "%s%s", k > 0 ? ", " : "", ((AssayObject *) list->pdata[k])->name);
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "measure: a probe of the case expected (%s), probe:%s found; assay import CASE probe FILE --tap TAP --name NAME "
               "brings one in", names->len > 0 ? names->str : "there is none", name);
  return NULL;
}

AssayObject *
assay_probe_direction_load (AssayCase *cas, AssayMeasure *measure, GError **error)
{
  g_autoptr (AssayObject) object = assay_case_has (cas, "probe", measure->probe) ? assay_case_lookup (cas, "probe", measure->probe, error)
                                                                                 : refuse_unknown (cas, measure->probe, error);
  g_autoptr (AssayReader) reader = object ? assay_reader_new (cas, object, error) : NULL;
  g_autofree double *direction = NULL;
  AssayArrayInfo info;

  if (reader == NULL || !assay_reader_describe (reader, DIRECTION, &info, error))
    return NULL;
  direction = g_new (double, info.dims[0]);
  if (!assay_reader_read (reader, DIRECTION, ASSAY_STORE_F64, direction, error))
    return NULL;
  assay_measure_set_probe (measure, assay_json_get_text (object->meta, "tap"), info.dims[0], direction, json_number_value (json_object_get (object->meta, "bias")),
                           find_pool (assay_json_get_text (object->meta, "pool")));
  return g_steal_pointer (&object);
}
