/* SPDX-License-Identifier: GPL-3.0-or-later */
/* prompts.c: see prompts.h. */
#include "dataset/prompts.h"

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "dataset/dataset_private.h"

#include <math.h>
#include <string.h>

/* --- texts to sequences --------------------------------------------------------------------------------------------------- */

/* token, target, weight (T), zero before. */
static gboolean
encode_prompt (AssayTokenizer *tokenizer, const json_t *prompt, gint64 T, gint64 n_classes, gint32 *token, gint32 *target, float *weight, GError **error)
{
  gint64 first, n;
  g_autoptr (GArray) ids = assay_tokenizer_encode_continuation (tokenizer, assay_json_get_text (prompt, "prompt"), assay_json_get_text (prompt, "completion"), &first, error);
  const gint32 *id = ids ? (const gint32 *) (void *) ids->data : NULL;

  if (ids == NULL)
    return FALSE;
  n = (gint64) ids->len;
  first = MAX (first, 1);                                         /* nothing predicts the first token */
  if (first >= n)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "completion: a token to predict expected, none found among %" G_GINT64_FORMAT " of prompt and completion", n);
      return FALSE;
    }
  if (n - 1 > T)
    {
      g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "prompt and completion: at most %" G_GINT64_FORMAT " tokens expected, as the data's sequences and their last targets have, %"
                   G_GINT64_FORMAT " found", T + 1, n);
      return FALSE;
    }
  for (gint64 t = 0; t < n; t++)
    if (id[t] >= n_classes)
      {
        g_set_error (error, ASSAY_ERROR, ASSAY_ERROR_INPUT, "token %" G_GINT64_FORMAT ": 0 to %" G_GINT64_FORMAT " expected, the data's vocabulary, %d found", t, n_classes - 1, id[t]);
        return FALSE;
      }
  for (gint64 t = 0; t + 1 < n; t++)
    {
      token[t] = id[t];
      target[t] = id[t + 1];
      weight[t] = t + 1 >= first;
    }
  return TRUE;
}

/* --- a longer table ------------------------------------------------------------------------------------------------------- */

/* N + n rows of `size` elements, those behind the first N given or zero. */
static gpointer
lengthen (const void *from, gint64 N, const void *more, gint64 n, gint64 size, gsize width, GError **error)
{
  guint8 *to = assay_mem_alloc_array ((N + n) * size, width, error);

  if (to == NULL)
    return NULL;
  memcpy (to, from, (gsize) (N * size) * width);
  if (more != NULL)
    memcpy (to + (gsize) (N * size) * width, more, (gsize) (n * size) * width);
  return to;
}

/* What is added to the column of tokens. */
typedef struct {
  gint64 n;
  gint32 *token, *target;       /* (n,T) */
  float *weight;                /* (n,T) */
} Sequences;

static gboolean
lengthen_tokens (const AssayColumn *from, AssayColumn *to, gint64 N, const Sequences *more, GError **error)
{
  const gint64 T = from->length;

  if ((to->token = lengthen (from->token, N, more->token, more->n, T, sizeof (gint32), error)) == NULL
      || (to->target = lengthen (from->target, N, more->target, more->n, T, sizeof (gint32), error)) == NULL)
    return FALSE;
  if (from->weight != NULL)
    return (to->weight = lengthen (from->weight, N, more->weight, more->n, T, sizeof (float), error)) != NULL;
  if ((to->weight = assay_mem_new (float, (N + more->n) * T, error)) == NULL)
    return FALSE;
  for (gint64 i = 0; i < N * T; i++)
    to->weight[i] = 1;
  memcpy (to->weight + N * T, more->weight, (gsize) (more->n * T) * sizeof (float));
  return TRUE;
}

static gboolean
lengthen_values (const AssayColumn *from, AssayColumn *to, gint64 N, gint64 n, GError **error)
{
  if (from->number != NULL && (to->number = lengthen (from->number, N, NULL, n, 1, sizeof (double), error)) == NULL)
    return FALSE;
  if (from->code != NULL && (to->code = lengthen (from->code, N, NULL, n, 1, sizeof (gint32), error)) == NULL)
    return FALSE;
  if (from->pixel != NULL && (to->pixel = lengthen (from->pixel, N, NULL, n, from->height * from->width, 1, error)) == NULL)
    return FALSE;
  for (gint64 i = N; i < N + n; i++)
    {
      if (to->number != NULL)
        to->number[i] = NAN;
      if (!assay_column_set_missing (to, i, N + n, error))
        return FALSE;
    }
  for (gint64 i = 0; from->missing != NULL && i < N; i++)
    if (from->missing[i] && !assay_column_set_missing (to, i, N + n, error))
      return FALSE;
  return TRUE;
}

static AssayColumn *
lengthen_column (const AssayColumn *from, gboolean is_text, gint64 N, const Sequences *more, GError **error)
{
  g_autoptr (AssayColumn) to = assay_column_new (from->name, from->type);

  to->levels = from->levels ? g_ptr_array_ref (from->levels) : NULL;
  to->n_classes = from->n_classes;
  to->height = from->height;
  to->width = from->width;
  to->length = from->length;
  if (is_text ? !lengthen_tokens (from, to, N, more, error) : !lengthen_values (from, to, N, more->n, error))
    return NULL;
  return g_steal_pointer (&to);
}

static void
copy_origins (const AssayTable *from, AssayTable *to, gint64 N, gint64 n)
{
  gint32 own;

  for (guint k = 0; k < assay_table_get_n_files (from); k++)
    assay_table_add_file (to, assay_table_get_file_name (from, k), assay_table_get_file_sha256 (from, k));
  own = assay_table_add_file (to, ASSAY_PROMPTS_SPLIT, NULL);
  for (gint64 i = 0; i < N; i++)
    assay_table_set_origin (to, i, assay_table_get_file_index (from, i), assay_table_get_source_row (from, i));
  for (gint64 i = 0; i < n; i++)
    assay_table_set_origin (to, N + i, own, i + 1);
}

static void
copy_ids (const AssayTable *from, AssayTable *to, gint64 N, gint64 n)
{
  const char *column = assay_table_get_id_column (from);
  GPtrArray *ids;

  if (column == NULL)
    return;
  ids = g_ptr_array_new_with_free_func (g_free);
  for (gint64 i = 0; i < N; i++)
    g_ptr_array_add (ids, g_strdup (assay_table_get_id (from, i)));
  for (gint64 i = 0; i < n; i++)
    g_ptr_array_add (ids, g_strdup_printf (ASSAY_PROMPTS_SPLIT ":%" G_GINT64_FORMAT, i));
  assay_table_take_ids (to, column, ids);
}

static gboolean
copy_splits (const AssayTable *from, AssayTable *to, gint64 N, gint64 n, GError **error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  gint32 *split = assay_mem_new (gint32, N + n, error);

  if (split == NULL)
    return FALSE;
  for (guint k = 0; k < assay_table_get_n_splits (from); k++)
    g_ptr_array_add (names, g_strdup (assay_table_get_split_name (from, k)));
  for (gint64 i = 0; i < N + n; i++)
    split[i] = i < N ? (gint32) assay_table_get_split (from, i) : (gint32) names->len;
  g_ptr_array_add (names, g_strdup (ASSAY_PROMPTS_SPLIT));
  assay_table_take_splits (to, g_steal_pointer (&names), split);
  return TRUE;
}

/* The table with the sequences behind its rows. */
static AssayTable *
lengthen_table (const AssayTable *from, const Sequences *more, GError **error)
{
  const gint64 N = assay_table_get_n_rows (from);
  const AssayColumn *text = assay_table_first_of (from, ASSAY_COLUMN_TOKENS);
  g_autoptr (AssayTable) to = assay_table_new (N + more->n, assay_table_get_origin_unit (from), error);

  if (to == NULL)
    return NULL;
  for (guint k = 0; k < assay_table_get_n_columns (from); k++)
    {
      const AssayColumn *column = assay_table_get_column (from, k);
      AssayColumn *longer = lengthen_column (column, column == text, N, more, error);

      if (longer == NULL || !assay_table_take_column (to, longer, error))
        return NULL;
    }
  copy_origins (from, to, N, more->n);
  copy_ids (from, to, N, more->n);
  if (!copy_splits (from, to, N, more->n, error))
    return NULL;
  assay_table_set_missing_policy (to, assay_table_get_missing_policy (from));
  if (assay_table_get_options (from) != NULL)
    assay_table_take_options (to, json_deep_copy (assay_table_get_options (from)));
  return g_steal_pointer (&to);
}

/* --- the whole ------------------------------------------------------------------------------------------------------------ */

static void
sequences_clear (Sequences *self)
{
  assay_mem_free (self->token);
  assay_mem_free (self->target);
  assay_mem_free (self->weight);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Sequences, sequences_clear)

static gboolean
encode_all (Sequences *out, const AssayDataset *dataset, AssayTokenizer *tokenizer, const json_t *prompts, GError **error)
{
  const gint64 T = dataset->size;
  const json_t *prompt;
  size_t k;

  out->n = (gint64) json_array_size (prompts);
  if ((out->token = assay_mem_new (gint32, out->n * T, error)) == NULL || (out->target = assay_mem_new (gint32, out->n * T, error)) == NULL
      || (out->weight = assay_mem_new (float, out->n * T, error)) == NULL)
    return FALSE;
  json_array_foreach (prompts, k, prompt)
    {
      const gint64 at = (gint64) k * T;

      if (!encode_prompt (tokenizer, prompt, T, dataset->n_classes, out->token + at, out->target + at, out->weight + at, error))
        {
          g_prefix_error (error, ASSAY_PROMPTS_SPLIT ":%" G_GSIZE_FORMAT ": ", k);
          return FALSE;
        }
    }
  return TRUE;
}

AssayDataset *
assay_dataset_add_prompts (AssayDataset *dataset, AssayTokenizer *tokenizer, const json_t *prompts, GError **error)
{
  g_autoptr (GArray) rows = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr (AssayTable) table = NULL;
  g_auto (Sequences) sequences = { 0 };
  AssayDataset *longer;
  gint64 N;

  if (dataset->kind != ASSAY_DATASET_TOKENS || dataset->table == NULL)
    {
      g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "prompt: data of token sequences expected; examples of other data are asked about by --query SPLIT:INDEX");
      return NULL;
    }
  for (guint k = 0; k < assay_table_get_n_splits (dataset->table); k++)
    if (strcmp (assay_table_get_split_name (dataset->table, k), ASSAY_PROMPTS_SPLIT) == 0)
      {
        g_set_error_literal (error, ASSAY_ERROR, ASSAY_ERROR_USAGE, "prompt: the data have a split of that name already");
        return NULL;
      }
  if (!encode_all (&sequences, dataset, tokenizer, prompts, error) || (table = lengthen_table (dataset->table, &sequences, error)) == NULL)
    return NULL;
  N = assay_table_get_n_rows (dataset->table);
  g_array_append_vals (rows, dataset->row, (guint) dataset->n);
  for (gint64 i = 0; i < sequences.n; i++)
    {
      const gint64 row = N + i;

      g_array_append_val (rows, row);
    }
  longer = assay_dataset_new_from_tokens (table, rows, error);
  if (longer == NULL)
    return NULL;
  g_array_unref (longer->drops);
  longer->drops = g_array_ref (dataset->drops);
  return longer;
}
