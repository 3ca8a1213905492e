/* SPDX-License-Identifier: GPL-3.0-or-later */
/* facts.c: opens what the facts are about and goes through the tables. */
#include "report/facts_private.h"

#include "base/error.h"
#include "base/json.h"
#include "config.h"
#include "dataset/dataset_store.h"
#include "dataset/described.h"
#include "model/checkpoint.h"
#include "report/fields_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM PACKAGE_NAME " " PACKAGE_VERSION

static const AssayFact *const tables[] = { assay_facts_of_model, assay_facts_of_data, assay_facts_of_training, assay_facts_of_evaluation,
                                           assay_facts_of_case, assay_facts_of_process, assay_facts_of_use };

static void
facts_clear (AssayFacts *facts)
{
  assay_model_free (facts->model);
  assay_dataset_unref (facts->dataset);
  assay_table_unref (facts->table);
  g_clear_pointer (&facts->object, assay_object_unref);
  g_clear_pointer (&facts->data, assay_object_unref);
  g_free (facts->no_dataset);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AssayFacts, facts_clear)

/* --- what they are about ----------------------------------------------------------------------------------------------- */

static AssayObject *
find_newest (AssayCase *cas, const char *kind)
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

const AssayReportAnswer *
assay_facts_find_training (const AssayReportSource *source, const AssayObject *model)
{
  const AssayReportAnswer *found = NULL;

  for (guint k = 0; k < source->answers->len; k++)
    {
      const AssayReportAnswer *answer = source->answers->pdata[k];
      const json_t *outputs = json_object_get (answer->meta, "outputs");
      gsize o;
      json_t *output;

      json_array_foreach (outputs, o, output)
        if (strcmp (answer->kind, "train") == 0 && json_integer_value (json_object_get (output, "sequence")) == (json_int_t) model->sequence)
          found = answer;
    }
  return found && found->document ? found : NULL;
}

/* Data that are others now, or cannot be derived, are a fact to be told and no error; damage is an error. */
static gboolean
load_dataset (AssayFacts *facts, GError **error)
{
  const json_t *described = json_object_get (facts->object->meta, "data");
  g_autoptr (GError) fault = NULL;

  if (described == NULL)
    {
      facts->no_dataset = g_strdup_printf ("model %s was not trained in this case, and says nothing of its data", facts->object->name);
      return TRUE;
    }
  facts->dataset = assay_described_load (facts->cas, described, facts->object->name, &facts->data, &facts->table, &fault);
  if (facts->dataset != NULL)
    {
      const char *split = json_string_value (json_object_get (described, "split"));

      facts->train_split = split ? split : "train";
      facts->train = assay_dataset_get_split (facts->dataset, facts->train_split, &facts->n_train, error);
      return facts->train != NULL;
    }
  if (assay_error_exit_status (fault) != 3)
    {
      g_propagate_error (error, g_steal_pointer (&fault));
      return FALSE;
    }
  facts->no_dataset = g_strdup (fault->message);
  return TRUE;
}

static gboolean
open_model (AssayFacts *facts, const char *name, GError **error)
{
  facts->object = name ? assay_case_lookup (facts->cas, "model", name, error) : find_newest (facts->cas, "model");
  if (facts->object == NULL)
    {
      facts->no_dataset = g_strdup ("no model of the case says which data it is made of");
      return name == NULL;
    }
  facts->model = assay_checkpoint_load_object (facts->cas, facts->object, error);
  if (facts->model == NULL || !load_dataset (facts, error))
    return FALSE;
  facts->training = assay_facts_find_training (facts->source, facts->object);
  return TRUE;
}

static gboolean
open_data (AssayFacts *facts, GError **error)
{
  if (facts->data == NULL)
    facts->data = assay_case_has (facts->cas, "data", "main") ? assay_case_lookup (facts->cas, "data", "main", error)
                                                              : find_newest (facts->cas, "data");
  if (facts->data != NULL && facts->table == NULL)
    facts->table = assay_table_load (facts->cas, facts->data->name, error);
  return facts->data == NULL || facts->table != NULL;
}

/* --- filling ----------------------------------------------------------------------------------------------------------- */

static gboolean
fill_field (const AssayFacts *facts, const AssayFact *fact, AssayField *field, GError **error)
{
  if (!fact->fill (facts, field, error))
    return FALSE;
  if (field->type != ASSAY_VALUE_NONE || field->state == ASSAY_FIELD_NOT_APPLICABLE)
    assay_field_set_author (field, PROGRAM);
  return TRUE;
}

gboolean
assay_facts_fill (AssayFieldSet *fields, const AssayReportSource *source, const char *model, AssayProgress *progress, GError **error)
{
  g_auto (AssayFacts) facts = { .source = source, .cas = source->cas, .progress = progress };

  if (!open_model (&facts, model, error) || !open_data (&facts, error))
    return FALSE;
  for (gsize t = 0; t < G_N_ELEMENTS (tables); t++)
    for (const AssayFact *fact = tables[t]; fact->field != NULL; fact++)
      {
        AssayField *field = assay_field_set_find (fields, fact->field);

        if (field != NULL && (assay_progress_is_cancelled (progress, error) || !fill_field (&facts, fact, field, error)))
          return FALSE;
      }
  return TRUE;
}

AssayFieldSet *
assay_facts_gather (const AssayRegimeSet *regimes, const AssayReportSource *source, const char *model, const char *fields_file, AssayAudience audience,
                    AssayProgress *progress, GError **error)
{
  g_autoptr (AssayFieldSet) fields = assay_regime_set_make_fields (regimes, error);

  if (fields == NULL || !assay_facts_fill (fields, source, model, progress, error)
      || (fields_file != NULL && !assay_fields_file_apply (fields, fields_file, error)))
    return NULL;
  assay_field_set_narrow (fields, audience);
  assay_field_set_spread (fields);
  return g_steal_pointer (&fields);
}

const char **
assay_facts_list (void)
{
  GPtrArray *list = g_ptr_array_new ();

  for (gsize t = 0; t < G_N_ELEMENTS (tables); t++)
    for (const AssayFact *fact = tables[t]; fact->field != NULL; fact++)
      g_ptr_array_add (list, (gpointer) fact->field);
  g_ptr_array_add (list, (gpointer) "compute.energy");
  g_ptr_array_add (list, (gpointer) "compute.emissions");
  g_ptr_array_add (list, NULL);
  return (const char **) g_ptr_array_free (list, FALSE);
}

/* --- what follows from others ------------------------------------------------------------------------------------------ */

/* The value of a field with a unit, or NaN. */
static double
get_number (const AssayField *field)
{
  if (field == NULL)
    return NAN;
  return field->type == ASSAY_VALUE_NUMBER ? field->number : field->type == ASSAY_VALUE_COUNT ? (double) field->count : NAN;
}

/* Seconds of all stages together: the column of that name. */
static double
sum_seconds (const AssayField *field)
{
  double sum = 0;

  for (guint column = 0; field != NULL && column < field->n_columns; column++)
    if (strcmp (field->columns[column].name, "seconds") == 0)
      for (gint64 row = 0; row < assay_field_get_n_rows (field); row++)
        sum += assay_field_get_cell (field, row, column)->number;
  return sum > 0 ? sum : NAN;
}

static void
derive_product (AssayFieldSet *fields, const char *id, double value, const char *method)
{
  AssayField *field = assay_field_set_find (fields, id);

  if (field == NULL || field->state != ASSAY_FIELD_NOT_COMPUTED || !isfinite (value))
    return;
  assay_field_set_number (field, ASSAY_FIELD_DERIVED, value);
  assay_field_set_method (field, method, 1);
  assay_field_set_author (field, PROGRAM);
}

void
assay_facts_derive (AssayFieldSet *fields)
{
  double watts = get_number (assay_field_set_find (fields, "compute.power"));
  double seconds = sum_seconds (assay_field_set_find (fields, "compute.duration"));

  derive_product (fields, "compute.energy", watts * seconds / 3.6e6, "compute.power, which a person stated, times the seconds of compute.duration");
  derive_product (fields, "compute.emissions", get_number (assay_field_set_find (fields, "compute.energy"))
                  * get_number (assay_field_set_find (fields, "compute.grid_intensity")),
                  "compute.energy times compute.grid_intensity, which a person stated");
}

/* --- for the tables ---------------------------------------------------------------------------------------------------- */

void
assay_facts_cite (AssayField *field, const AssayObject *object, const char *command)
{
  g_autofree char *name = g_strconcat (object->kind, "/", object->name, NULL);

  for (guint k = 0; k < object->n_parts; k++)
    assay_field_add_evidence (field, name, object->sequence, object->parts[k]->content_root, command);
}

void
assay_facts_cite_answer (AssayField *field, const AssayReportAnswer *answer)
{
  assay_field_add_evidence (field, answer->object, 0, answer->content_root, answer->command);
}

gboolean
assay_facts_need_model (const AssayFacts *facts, AssayField *field)
{
  if (facts->object == NULL)
    assay_field_set_not_computed (field, "the case holds no model; assay train makes one, assay import model brings one in");
  return facts->object != NULL;
}

gboolean
assay_facts_need_dataset (const AssayFacts *facts, AssayField *field)
{
  if (facts->dataset == NULL)
    assay_field_set_not_computed (field, "%s", facts->no_dataset);
  return facts->dataset != NULL;
}

gboolean
assay_facts_need_training (const AssayFacts *facts, AssayField *field)
{
  if (!assay_facts_need_model (facts, field))
    return FALSE;
  if (facts->training == NULL)
    assay_field_set_not_computed (field, "no stored job of this case trained model %s", facts->object->name);
  return facts->training != NULL;
}

GPtrArray *
assay_facts_list_stages (const AssayFacts *facts, GError **error)
{
  g_autoptr (GPtrArray) stages = g_ptr_array_new_with_free_func ((GDestroyNotify) assay_object_unref);
  g_autoptr (AssayObject) stage = assay_object_ref (facts->object);

  while (stage != NULL)
    {
      const json_t *before = json_object_get (json_object_get (stage->meta, "start"), "sequence");

      g_ptr_array_insert (stages, 0, assay_object_ref (stage));
      g_clear_pointer (&stage, assay_object_unref);
      if (!json_is_integer (before) || (guint64) json_integer_value (before) >= ((AssayObject *) stages->pdata[0])->sequence)
        break;
      stage = assay_case_lookup_sequence (facts->cas, (guint64) json_integer_value (before), error);
      if (stage == NULL)
        return NULL;
    }
  return g_steal_pointer (&stages);
}

/* "3, 128, 2", "true", "0.01". */
static void
add_value (GString *text, const json_t *value)
{
  gsize k;
  json_t *element;
  char *dumped;

  if (json_is_array (value))
    {
      if (json_array_size (value) == 0)
        g_string_append (text, "none");
      json_array_foreach (value, k, element)
        {
          g_string_append (text, k > 0 ? ", " : "");
          add_value (text, element);
        }
      return;
    }
  if (json_is_string (value))
    {
      g_string_append (text, json_string_value (value));
      return;
    }
  dumped = json_dumps (value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION (6));
  g_string_append (text, dumped);
  free (dumped);
}

static int
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char *
assay_facts_describe_members (const json_t *object)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  GString *text = g_string_new (NULL);
  const char *key;
  json_t *value;

  json_object_foreach ((json_t *) object, key, value)
    if (!json_is_null (value))
      g_ptr_array_add (names, (gpointer) key);
  g_ptr_array_sort (names, compare_names);
  for (guint k = 0; k < names->len; k++)
    {
      g_string_append_printf (text, "%s%s ", k > 0 ? "; " : "", (const char *) names->pdata[k]);
      add_value (text, json_object_get (object, names->pdata[k]));
    }
  return g_string_free (text, FALSE);
}

gboolean
assay_facts_is_generated (const AssayTable *table)
{
  for (guint k = 0; k < assay_table_get_n_files (table); k++)
    {
      const char *digest = assay_table_get_file_sha256 (table, k);

      if (digest != NULL && *digest != 0)
        return FALSE;
    }
  return TRUE;
}
