/* SPDX-License-Identifier: GPL-3.0-or-later */
/* subject.c: from names in a case to a model with its data. */
#include "job/subject.h"

#include "base/error.h"
#include "dataset/described.h"
#include "dataset/prompts.h"
#include "dataset/rows.h"
#include "job/architecture.h"
#include "job/prompts.h"
#include "model/checkpoint.h"
#include "run/trainer.h"

#include <string.h>

#define WHERE ":where "
#define DEFAULT_QUERIES 20

void
assay_subject_free (AssaySubject *subject)
{
  if (subject == NULL)
    return;
  assay_model_free (subject->model);
  assay_dataset_unref (subject->dataset);
  assay_table_unref (subject->table);
  json_decref (subject->described);
  g_clear_pointer (&subject->object, assay_object_unref);
  g_clear_pointer (&subject->data, assay_object_unref);
  assay_values_free (subject->training);
  assay_order_free (subject->order);
  g_free (subject);
}

/* --- finding ------------------------------------------------------------------------------------------------------- */

AssayObject *
assay_subject_find_newest (AssayCase *cas, const char *kind)
{
  g_autoptr (GPtrArray) objects = assay_case_list (cas, kind, NULL);
  AssayObject *newest = NULL;

  for (guint k = 0; k < objects->len; k++)
    {
      AssayObject *object = objects->pdata[k];

      if (newest == NULL || object->sequence > newest->sequence)
        newest = object;
    }
  return newest ? assay_object_ref (newest) : NULL;
}

static AssayObject *
find_model (AssayCase *cas, const char *name, GError **error)
{
  AssayObject *object;

  if (name != NULL)
    return assay_case_lookup (cas, "model", name, error);
  object = assay_subject_find_newest (cas, "model");
  if (object == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s holds no model; next: assay train %s", assay_case_get_path (cas),
                 assay_case_get_path (cas));
  return object;
}

AssayObject *
assay_subject_find_data (AssayCase *cas, const char *name, GError **error)
{
  AssayObject *object;

  if (name != NULL)
    return assay_case_lookup (cas, "data", name, error);
  if (assay_case_has (cas, "data", "main"))
    return assay_case_lookup (cas, "data", "main", error);
  object = assay_subject_find_newest (cas, "data");
  if (object == NULL)
    g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s holds no data; next: assay import %s data FILE", assay_case_get_path (cas),
                 assay_case_get_path (cas));
  return object;
}

json_t *
assay_subject_to_json (const AssaySubject *subject)
{
  return json_pack ("{s:s, s:I, s:O}", "model", subject->object->name, "model_sequence", (json_int_t) subject->object->sequence, "data",
                    subject->described);
}

/* Values that name the model: the kind's own, or those of its section that has them. */
static const AssayValues *
get_naming (const AssayJob *job)
{
  const AssayValues *own = assay_job_get_values (job);

  for (const AssayParam *p = assay_values_get_table (own); p->name != NULL; p++)
    if (strcmp (p->name, "model-name") == 0)
      return own;
  return assay_job_get_section (job, "what");
}

/* --- opening ------------------------------------------------------------------------------------------------------- */

static gboolean
refuse_choices (const AssayJob *job, const AssaySubject *subject, GError **error)
{
  static const char *const names[] = { "data", "train-split", "l2" };
  const AssayValues *own = get_naming (job), *derive = assay_job_get_table (job, assay_derive_params);
  const char *given = NULL;

  for (gsize k = 0; k < G_N_ELEMENTS (names); k++)
    if (assay_values_is_set (own, names[k]))
      given = names[k];
  for (const AssayParam *p = assay_derive_params; derive != NULL && p->name != NULL; p++)
    if (assay_values_is_set (derive, p->name))
      given = p->name;
  if (given == NULL)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: model %s was trained in this case, on data that it keeps in mind; the option is for "
               "imported models", given, subject->object->name);
  return FALSE;
}

/* Options as they were given: those at their default count as not given. */
static AssayValues *
read_options (const json_t *options, const char *where, GError **error)
{
  g_autoptr (AssayValues) values = assay_values_new (assay_train_params);
  json_t *defaults = assay_values_to_json (values), *value;
  const char *key;
  gboolean ok = TRUE;

  json_object_foreach ((json_t *) options, key, value)
    if (ok && !json_equal (value, json_object_get (defaults, key)))
      ok = assay_values_set_json (values, key, value, error);
  json_decref (defaults);
  if (!ok)
    g_prefix_error (error, "model %s: ", where);
  return ok ? g_steal_pointer (&values) : NULL;
}

static gboolean
read_training (AssaySubject *subject, const AssayJob *job, GError **error)
{
  const json_t *options = json_object_get (json_object_get (subject->object->meta, "training"), "options");
  double given = assay_values_get_double (get_naming (job), "l2");

  if (options == NULL)
    {
      subject->l2 = assay_values_is_set (get_naming (job), "l2") ? given : 0;
      return TRUE;
    }
  subject->training = read_options (options, subject->object->name, error);
  if (subject->training != NULL)
    subject->l2 = assay_values_get_double (subject->training, "l2");
  return subject->training != NULL;
}

/* The order of its batches, where the training was given one. */
static gboolean
read_order (AssaySubject *subject, AssayCase *cas, GError **error)
{
  const json_t *order = json_object_get (subject->object->meta, "order");
  g_autoptr (AssayObject) object = NULL;

  if (order == NULL)
    return TRUE;
  object = assay_case_lookup_sequence (cas, (guint64) json_integer_value (json_object_get (order, "sequence")), error);
  subject->order = object ? assay_order_load (cas, object, error) : NULL;
  return subject->order != NULL;
}

/* For a model that says nothing of its data: what the job's options say. */
static json_t *
describe_choice (const AssaySubject *subject, const AssayJob *job, AssayCase *cas, GError **error)
{
  const AssayValues *values = get_naming (job);
  const char *split = assay_values_get_string (values, "train-split");
  g_autoptr (AssayObject) data = NULL;

  if (assay_job_get_table (job, assay_derive_params) == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "model %s: a model that was trained in this case expected, whose examples can be named; it was imported",
                   subject->object->name);
      return NULL;
    }
  data = assay_subject_find_data (cas, assay_values_get_string (values, "data"), error);

  return data ? assay_described_new (data, assay_job_get_table (job, assay_derive_params),
                                             assay_architecture_get_model_target (subject->model), split ? split : "train")
              : NULL;
}

/* Texts that the job asks about become part of how its data set is made. */
static gboolean
add_prompts (AssaySubject *subject, AssayJob *job, GError **error)
{
  json_auto_t *prompts = assay_prompts_read (job, error);
  json_t *with;

  if (prompts == NULL || json_array_size (prompts) == 0)
    return prompts != NULL;
  with = json_copy (subject->described);
  json_object_set (with, "prompts", prompts);
  json_decref (subject->described);
  subject->described = with;
  return TRUE;
}

static gboolean
load_data (AssaySubject *subject, AssayJob *job, const AssayJobContext *context, GError **error)
{
  json_t *kept = json_object_get (subject->object->meta, "data");

  if (kept != NULL && !refuse_choices (job, subject, error))
    return FALSE;
  subject->described = kept ? json_incref (kept) : describe_choice (subject, job, context->cas, error);
  if (subject->described == NULL || !add_prompts (subject, job, error))
    return FALSE;
  subject->dataset = assay_described_load (context->cas, subject->described, subject->object->name, &subject->data, &subject->table, error);
  if (subject->dataset == NULL)
    return FALSE;
  subject->train_split = json_string_value (json_object_get (subject->described, "split"));
  subject->train = assay_dataset_get_split (subject->dataset, subject->train_split, &subject->n_train, error);
  return subject->train != NULL;
}

const AssayJobSection *
assay_subject_sections (void)
{
  static const AssayJobSection sections[] = {
    { NULL, NULL, "the data of an imported model", assay_derive_params },
    { .params = NULL }
  };

  return sections;
}

AssaySubject *
assay_subject_open (AssayJob *job, AssayJobContext *context, GError **error)
{
  g_autoptr (AssaySubject) subject = g_new0 (AssaySubject, 1);

  subject->object = find_model (context->cas, assay_values_get_string (get_naming (job), "model-name"), error);
  if (subject->object == NULL)
    return NULL;
  subject->model = assay_checkpoint_load_object (context->cas, subject->object, error);
  if (subject->model == NULL || !load_data (subject, job, context, error) || !read_training (subject, job, error)
      || !read_order (subject, context->cas, error))
    return NULL;
  assay_job_add_input_object (job, "model", subject->object);
  assay_job_add_input_object (job, "data", subject->data);
  return g_steal_pointer (&subject);
}

/* --- the start of its training --------------------------------------------------------------------------------------- */

AssayModel *
assay_subject_make_start (const AssaySubject *subject, AssayCase *cas, GError **error)
{
  const json_t *start = json_object_get (subject->object->meta, "start");
  g_autoptr (AssayModel) model = NULL;
  g_autoptr (AssayObject) object = NULL;

  if (subject->training == NULL || start == NULL)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "model %s was not trained in this case: its training is not known and cannot be repeated",
                   subject->object->name);
      return NULL;
    }
  if (json_is_integer (json_object_get (start, "seed")))
    {
      model = assay_model_copy (subject->model, assay_model_get_dtype (subject->model), error);
      if (model != NULL)
        assay_model_init (model, (guint64) json_integer_value (json_object_get (start, "seed")));
      return g_steal_pointer (&model);
    }
  object = assay_case_lookup_sequence (cas, (guint64) json_integer_value (json_object_get (start, "sequence")), error);
  model = object ? assay_checkpoint_load_object (cas, object, error) : NULL;
  return model ? assay_model_copy (model, assay_model_get_dtype (subject->model), error) : NULL;
}

/* --- examples ------------------------------------------------------------------------------------------------------ */

/* SPLIT:FIRST-LAST; *matched FALSE when the reference has another form. */
static gboolean
find_range (AssayDataset *dataset, const char *reference, GArray *found, gboolean *matched, GError **error)
{
  const char *colon = strrchr (reference, ':'), *dash = colon ? strchr (colon, '-') : NULL;
  g_autofree char *split = dash ? g_strndup (reference, colon - reference) : NULL;
  g_autofree char *first_text = dash ? g_strndup (colon + 1, dash - colon - 1) : NULL;
  gint64 first, last, n;
  const gint64 *examples;

  *matched = dash != NULL && strcmp (split, "id") != 0 && g_ascii_string_to_signed (first_text, 10, 0, G_MAXINT64, &first, NULL)
             && g_ascii_string_to_signed (dash + 1, 10, 0, G_MAXINT64, &last, NULL);
  if (!*matched)
    return TRUE;
  examples = assay_dataset_get_split (dataset, split, &n, error);
  if (examples == NULL)
    return FALSE;
  if (first > last)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: SPLIT:FIRST-LAST with FIRST not above LAST expected", reference);
      return FALSE;
    }
  if (last >= n)
    {
      if (n > 0)
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: split \"%s\" has examples 0 to %" G_GINT64_FORMAT, reference, split, n - 1);
      else
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: no example of split \"%s\" was kept", reference, split);
      return FALSE;
    }
  g_array_append_vals (found, examples + first, last - first + 1);
  return TRUE;
}

/* SPLIT:where EXPRESSION; *matched FALSE when the reference has another form. */
static gboolean
find_where (AssayDataset *dataset, const char *reference, GArray *found, gboolean *matched, GError **error)
{
  const char *where = strstr (reference, WHERE);
  g_autofree char *split = where ? g_strndup (reference, where - reference) : NULL;
  AssayTable *table = assay_dataset_get_table (dataset);
  g_autoptr (GArray) drops = assay_drops_new (), rows = NULL;
  const gint64 *examples;
  guint before = found->len;
  gint64 n;

  *matched = where != NULL && table != NULL;
  if (!*matched)
    return TRUE;
  examples = assay_dataset_get_split (dataset, split, &n, error);
  rows = examples ? assay_rows_select (table, where + strlen (WHERE), drops, error) : NULL;
  if (rows == NULL)
    {
      g_prefix_error (error, "%s: ", reference);
      return FALSE;
    }
  for (gint64 k = 0, r = 0; k < n; k++)                            /* both ascend */
    {
      gint64 row = assay_dataset_get_row (dataset, examples[k]);

      while (r < rows->len && g_array_index (rows, gint64, r) < row)
        r++;
      if (r < rows->len && g_array_index (rows, gint64, r) == row)
        g_array_append_val (found, examples[k]);
    }
  if (found->len > before)
    return TRUE;
  g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NOT_FOUND, "%s: true for no example of the split", reference);
  return FALSE;
}

GArray *
assay_subject_find_examples (AssayDataset *dataset, const char *const *references, GError **error)
{
  g_autoptr (GArray) found = g_array_new (FALSE, FALSE, sizeof (gint64));

  for (; *references != NULL; references++)
    {
      gboolean matched;
      gint64 example;

      if (!find_where (dataset, *references, found, &matched, error) || (!matched && !find_range (dataset, *references, found, &matched, error)))
        return NULL;
      if (matched)
        continue;
      if (!assay_dataset_find (dataset, *references, &example, error))
        return NULL;
      g_array_append_val (found, example);
    }
  return g_steal_pointer (&found);
}

/* The split that examples to ask about come from, with the number of its examples. */
static const char *
choose_split (const AssaySubject *subject, gint64 *n)
{
  const char *chosen = NULL;

  for (guint s = 0; s < assay_dataset_get_n_splits (subject->dataset); s++)
    {
      const char *name = assay_dataset_get_split_name (subject->dataset, s);
      gint64 size;

      if (strcmp (name, subject->train_split) == 0 || assay_dataset_get_split (subject->dataset, name, &size, NULL) == NULL || size == 0)
        continue;
      if (chosen == NULL || strcmp (name, "test") == 0)
        {
          chosen = name;
          *n = size;
        }
    }
  if (chosen == NULL)
    *n = subject->n_train;
  return chosen ? chosen : subject->train_split;
}

char **
assay_subject_dup_default_queries (const AssaySubject *subject)
{
  gint64 n;
  const char *split = choose_split (subject, &n);
  GStrvBuilder *references = g_strv_builder_new ();
  g_autofree char *range = g_strdup_printf ("%s:0-%" G_GINT64_FORMAT, split, MIN (n, DEFAULT_QUERIES) - 1);
  char **list;

  g_strv_builder_add (references, range);
  list = g_strv_builder_end (references);
  g_strv_builder_unref (references);
  return list;
}

char **
assay_subject_dup_references (AssayDataset *dataset, const gint64 *example, gint64 n)
{
  char **references = g_new0 (char *, n + 1);

  for (gint64 k = 0; k < n; k++)
    {
      gint64 index;
      const char *split = assay_dataset_get_split_of (dataset, example[k], &index);

      references[k] = g_strdup_printf ("%s:%" G_GINT64_FORMAT, split ? split : "", index);
    }
  return references;
}

char *
assay_subject_name_class (const AssaySubject *subject, gint64 class)
{
  const GPtrArray *names = assay_dataset_get_class_names (subject->dataset);

  return names != NULL && class < names->len ? g_strdup (names->pdata[class]) : g_strdup_printf ("%" G_GINT64_FORMAT, class);
}

json_t *
assay_subject_describe_example (AssayDataset *dataset, gint64 example)
{
  AssayTable *table = assay_dataset_get_table (dataset);
  gint64 index, row = assay_dataset_get_row (dataset, example);
  const char *split = assay_dataset_get_split_of (dataset, example, &index);

  return json_pack ("{s:I, s:s?, s:I, s:s?, s:s?, s:I}", "example", (json_int_t) example, "split", split, "index", (json_int_t) index, "id",
                    assay_dataset_get_id (dataset, example), "file", table ? assay_table_get_file (table, row) : NULL, "row",
                    (json_int_t) (table ? assay_table_get_source_row (table, row) : row));
}
