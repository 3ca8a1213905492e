/* SPDX-License-Identifier: GPL-3.0-or-later */
/* derive.c: which options apply to which kind of table, and the dataset they give. */
#include "dataset/derive.h"

#include "base/error.h"
#include "dataset/dataset_private.h"

#include <string.h>

const char *const assay_derive_target_kinds[] = { "auto", "class", "real", NULL };

const AssayParam assay_derive_params[] = { ASSAY_DERIVE_PARAMS, { .name = NULL } };

static AssayTargetKind
choose_kind (const AssayValues *values, AssayTargetKind wanted)
{
  static const AssayTargetKind kinds[] = { ASSAY_TARGET_AUTO, ASSAY_TARGET_CLASS, ASSAY_TARGET_REAL };
  const char *name = assay_values_get_string (values, "target-kind");

  for (guint k = 1; k < G_N_ELEMENTS (kinds); k++)
    if (strcmp (name, assay_derive_target_kinds[k]) == 0)
      return kinds[k];
  return wanted;
}

/* FALSE when an option was given that says nothing about this kind of data. */
static gboolean
refuse_options (const AssayValues *values, const char *const *names, const char *kind, GError **error)
{
  for (; *names != NULL; names++)
    if (assay_values_is_set (values, *names))
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "%s: does not apply to data that are %s", *names, kind);
        return FALSE;
      }
  return TRUE;
}

static AssayDataset *
derive_design (AssayTable *table, const AssayValues *values, AssayTargetKind kind, GError **error)
{
  static const char *const others[] = { "pool", NULL };
  AssayDesignSpec spec = {
    .filter = assay_values_get_string (values, "filter"),
    .target = assay_values_get_string (values, "target"),
    .terms = assay_values_get_string (values, "terms"),
    .references = assay_values_get_list (values, "reference"),
    .target_kind = kind,
    .limit = assay_values_get_int (values, "limit"),
    .standardise = assay_values_get_bool (values, "standardise"),
  };
  AssayDesign *design;

  if (!refuse_options (values, others, "a table", error))
    return NULL;
  design = assay_design_new (table, &spec, error);
  return design ? assay_dataset_new_from_design (table, design, error) : NULL;
}

/* Rows by filter and limit; drops is filled. */
static GArray *
select_rows (AssayTable *table, const AssayValues *values, GArray *drops, GError **error)
{
  GArray *rows = assay_rows_select (table, assay_values_get_string (values, "filter"), drops, error);

  if (rows != NULL)
    assay_rows_limit (table, rows, assay_values_get_int (values, "limit"), drops);
  return rows;
}

static void
take_drops (AssayDataset *dataset, GArray *drops)
{
  g_array_unref (dataset->drops);
  dataset->drops = drops;
}

static AssayDataset *
derive_tokens (AssayTable *table, const AssayValues *values, GError **error)
{
  static const char *const others[] = { "target", "terms", "reference", "target-kind", "standardise", "pool", NULL };
  g_autoptr (GArray) drops = assay_drops_new (), rows = NULL;
  AssayDataset *dataset;

  if (!refuse_options (values, others, "token sequences", error))
    return NULL;
  rows = select_rows (table, values, drops, error);
  dataset = rows ? assay_dataset_new_from_tokens (table, rows, error) : NULL;
  if (dataset != NULL)
    take_drops (dataset, g_steal_pointer (&drops));
  return dataset;
}

/* The target of images: an expression, or else the label column, or else none. */
static gboolean
image_target (AssayTable *table, const char *text, AssayTargetKind kind, const GArray *rows, AssayTarget *target, gboolean *any, GError **error)
{
  const AssayColumn *label = assay_table_first_of (table, ASSAY_COLUMN_LABEL);
  g_autoptr (AssayExpression) expression = NULL;

  *any = text != NULL || label != NULL;
  if (!*any)
    return TRUE;
  expression = assay_expression_new (text ? text : label->name, table, error);
  if (expression == NULL)
    {
      g_prefix_error (error, "target: ");
      return FALSE;
    }
  return assay_target_fill (target, expression, kind, rows, error);
}

static AssayDataset *
derive_images (AssayTable *table, const AssayValues *values, AssayTargetKind kind, GError **error)
{
  static const char *const others[] = { "terms", "reference", "standardise", NULL };
  g_autoptr (GArray) drops = assay_drops_new (), rows = NULL;
  g_auto (AssayTarget) target = { 0 };
  AssayDataset *dataset;
  gboolean any;

  if (!refuse_options (values, others, "images", error))
    return NULL;
  rows = select_rows (table, values, drops, error);
  if (rows == NULL || !image_target (table, assay_values_get_string (values, "target"), kind, rows, &target, &any, error))
    return NULL;
  dataset = assay_dataset_new_from_images (table, rows, any ? &target : NULL, assay_values_get_int (values, "pool"), error);
  if (dataset != NULL)
    take_drops (dataset, g_steal_pointer (&drops));
  return dataset;
}

AssayDataset *
assay_dataset_derive (AssayTable *table, const AssayValues *values, AssayTargetKind wanted, GError **error)
{
  AssayTargetKind kind = choose_kind (values, wanted);

  if (assay_table_first_of (table, ASSAY_COLUMN_TOKENS) != NULL)
    return derive_tokens (table, values, error);
  if (assay_table_first_of (table, ASSAY_COLUMN_IMAGE) != NULL)
    return derive_images (table, values, kind, error);
  return derive_design (table, values, kind, error);
}
