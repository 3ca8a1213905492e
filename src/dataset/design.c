/* SPDX-License-Identifier: GPL-3.0-or-later */
/* design.c: rows, then target, then terms: each step leaves out rows and counts them by reason. */
#include "dataset/design.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/num.h"
#include "dataset/design_target.h"
#include "dataset/design_terms.h"
#include "dataset/expression.h"

#include <math.h>
#include <string.h>

typedef struct {
  AssayTable *table;
  const AssayDesignSpec *spec;
  AssayExpression *target;
  GArray *terms;                /* AssayTerm */
  GArray *rows;                 /* gint64: kept so far */
  AssayDesign *design;
} Job;

static AssayDesign *
new_design (void)
{
  AssayDesign *design = g_new0 (AssayDesign, 1);

  design->term_names = g_ptr_array_new_with_free_func (g_free);
  design->drops = assay_drops_new ();
  design->notes = g_ptr_array_new_with_free_func (g_free);
  return design;
}

void
assay_design_free (AssayDesign *design)
{
  if (design == NULL)
    return;
  assay_mem_free (design->x);
  assay_mem_free (design->label);
  assay_mem_free (design->real);
  assay_mem_free (design->row);
  assay_mem_free (design->mean);
  assay_mem_free (design->deviation);
  g_clear_pointer (&design->class_names, g_ptr_array_unref);
  g_clear_pointer (&design->term_names, g_ptr_array_unref);
  g_clear_pointer (&design->inputs, g_array_unref);
  g_clear_pointer (&design->drops, g_array_unref);
  g_clear_pointer (&design->notes, g_ptr_array_unref);
  g_free (design);
}

/* --- rows --------------------------------------------------------------------------------------------------------- */

/* The first term that is missing in a row, or the number of terms. */
static guint
first_missing (const GArray *terms, gint64 row)
{
  guint k = 0;

  while (k < terms->len && !assay_column_is_missing (g_array_index (terms, AssayTerm, k).column, row))
    k++;
  return k;
}

/* Leaves out rows with a missing value in a term, counted under the first such term. */
static gboolean
drop_missing_terms (Job *job, GError **error)
{
  g_autofree gint64 *count = g_new0 (gint64, job->terms->len);
  AssayMissingPolicy policy = assay_table_get_missing_policy (job->table);
  guint kept = 0;

  if (policy == ASSAY_MISSING_LEVEL)
    return TRUE;
  for (guint i = 0; i < job->rows->len; i++)
    {
      gint64 row = g_array_index (job->rows, gint64, i);
      guint k = first_missing (job->terms, row);

      if (k == job->terms->len)
        {
          g_array_index (job->rows, gint64, kept++) = row;
          continue;
        }
      if (policy == ASSAY_MISSING_REFUSE)
        {
          g_autofree char *where = assay_table_describe_row (job->table, row);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "%s: column \"%s\" is missing, and the policy for missing values is refuse", where,
                       g_array_index (job->terms, AssayTerm, k).column->name);
          return FALSE;
        }
      count[k]++;
    }
  for (guint k = 0; k < job->terms->len; k++)
    assay_drops_count (job->design->drops, count[k], "column \"%s\" is missing", g_array_index (job->terms, AssayTerm, k).column->name);
  g_array_set_size (job->rows, kept);
  return assay_rows_check (job->rows, job->design->drops, "name the terms to use, without columns that are often missing", error);
}

static gboolean
is_target (const AssayColumn *column, gpointer data)
{
  return assay_expression_uses (((Job *) data)->target, column);
}

/* --- terms -------------------------------------------------------------------------------------------------------- */

static gboolean
fill_terms (Job *job, GError **error)
{
  AssayDesign *design = job->design;
  guint64 n = job->rows->len, count;

  if (!assay_terms_layout (job->terms, (const gint64 *) (gconstpointer) job->rows->data, n, design->term_names, design->notes, error))
    return FALSE;
  design->n_examples = n;
  design->n_terms = design->term_names->len;
  design->inputs = g_array_new (FALSE, FALSE, sizeof (AssayDesignInput));
  for (guint k = 0; k < job->terms->len; k++)
    {
      const AssayTerm *term = &g_array_index (job->terms, AssayTerm, k);
      const AssayDesignInput input = { term->column, term->first, term->n_terms, term->by_level };

      g_array_append_val (design->inputs, input);
    }
  if (!assay_size_mul (n, design->n_terms, &count))
    count = G_MAXUINT64;                                          /* refused by the allocator in its words */
  design->x = assay_mem_new (double, count, error);
  if (design->x == NULL)
    return FALSE;
  design->row = assay_mem_new (gint64, n, error);
  if (design->row == NULL)
    return FALSE;
  for (guint64 i = 0; i < n; i++)
    {
      design->row[i] = g_array_index (job->rows, gint64, i);
      assay_terms_fill (job->terms, design->row[i], design->x + i * design->n_terms);
    }
  return TRUE;
}

/* Number of the split whose rows set the scale: "train" when some kept row is in it, else -1 for all. */
static gint64
scale_split (const Job *job)
{
  for (guint i = 0; i < job->rows->len; i++)
    {
      guint split = assay_table_get_split (job->table, g_array_index (job->rows, gint64, i));

      if (strcmp (assay_table_get_split_name (job->table, split), "train") == 0)
        return split;
    }
  return -1;
}

/* x <- (x - mean) / deviation, both over the rows that count. */
static void
standardise_term (AssayDesign *design, const guint8 *counts, gint64 d)
{
  gint64 D = design->n_terms, m = 0;
  double sum = 0, squares = 0, mean, deviation;

  for (gint64 i = 0; i < design->n_examples; i++)
    if (counts[i])
      {
        sum += design->x[i * D + d];
        m++;
      }
  mean = sum / m;
  for (gint64 i = 0; i < design->n_examples; i++)
    if (counts[i])
      squares += (design->x[i * D + d] - mean) * (design->x[i * D + d] - mean);
  deviation = sqrt (squares / m);
  if (!(deviation > 0))
    {
      g_ptr_array_add (design->notes, g_strdup_printf ("term \"%s\" is constant over the training split: it is centred, not scaled",
                                                       (const char *) design->term_names->pdata[d]));
      deviation = 1;
    }
  design->mean[d] = mean;
  design->deviation[d] = deviation;
  for (gint64 i = 0; i < design->n_examples; i++)
    design->x[i * D + d] = (design->x[i * D + d] - mean) / deviation;
}

static gboolean
standardise (Job *job, GError **error)
{
  AssayDesign *design = job->design;
  gint64 split = scale_split (job);
  g_autofree guint8 *counts = g_new0 (guint8, design->n_examples);

  design->mean = assay_mem_new (double, design->n_terms, error);
  if (design->mean == NULL)
    return FALSE;
  design->deviation = assay_mem_new (double, design->n_terms, error);
  if (design->deviation == NULL)
    return FALSE;
  for (gint64 i = 0; i < design->n_examples; i++)
    counts[i] = split < 0 || assay_table_get_split (job->table, design->row[i]) == (guint) split;
  for (gint64 d = 0; d < design->n_terms; d++)
    standardise_term (design, counts, d);
  return TRUE;
}

/* Sums over extreme numbers can leave the range of a double. */
static gboolean
check_finite (const Job *job, GError **error)
{
  const AssayDesign *design = job->design;

  for (gint64 i = 0; i < design->n_examples; i++)
    for (gint64 d = 0; d < design->n_terms; d++)
      if (!isfinite (design->x[i * design->n_terms + d]))
        {
          g_autofree char *where = assay_table_describe_row (job->table, design->row[i]);

          g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_NAN, "%s: term \"%s\" is not finite after standardising; its numbers are too far apart",
                       where, (const char *) design->term_names->pdata[d]);
          return FALSE;
        }
  return TRUE;
}

/* --- all together ------------------------------------------------------------------------------------------------- */

static gboolean
fill_target (Job *job, GError **error)
{
  AssayTarget target;

  if (!assay_target_fill (&target, job->target, job->spec->target_kind, job->rows, error))
    return FALSE;
  job->design->target_kind = target.kind;
  job->design->label = target.label;
  job->design->real = target.real;
  job->design->class_names = target.class_names;
  return TRUE;
}

static gboolean
run (Job *job, GError **error)
{
  AssayDesign *design = job->design;

  if (job->spec->target == NULL)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "target: needed for a table; name a column or an expression with --target");
      return FALSE;
    }
  job->target = assay_expression_new (job->spec->target, job->table, error);
  if (job->target == NULL)
    {
      g_prefix_error (error, "target: ");
      return FALSE;
    }
  job->terms = assay_terms_parse (job->table, job->spec, is_target, job, design->notes, error);
  if (job->terms == NULL)
    return FALSE;
  job->rows = assay_rows_select (job->table, job->spec->filter, design->drops, error);
  if (job->rows == NULL || !assay_target_drop_missing (job->table, job->target, job->rows, design->drops, error)
      || !drop_missing_terms (job, error))
    return FALSE;
  assay_rows_limit (job->table, job->rows, job->spec->limit, design->drops);
  return fill_target (job, error) && fill_terms (job, error)
         && (!job->spec->standardise || (standardise (job, error) && check_finite (job, error)));
}

AssayDesign *
assay_design_new (AssayTable *table, const AssayDesignSpec *spec, GError **error)
{
  Job job = { .table = table, .spec = spec, .design = new_design () };
  gboolean ok = run (&job, error);

  assay_expression_free (job.target);
  g_clear_pointer (&job.terms, g_array_unref);
  g_clear_pointer (&job.rows, g_array_unref);
  if (ok)
    return job.design;
  assay_design_free (job.design);
  return NULL;
}
