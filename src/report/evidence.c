/* SPDX-License-Identifier: GPL-3.0-or-later */
/* evidence.c: result tables as a file of Assay's layout, and the proofs of single elements. */
#include "report/evidence.h"

#include <jansson.h>
#include <stdlib.h>

#include "report/number_proof.h"
#include "store/shard.h"

#define ROW_AXIS "row-index"    /* no column is called so */

struct _AssayEvidence {
  GBytes      *file;
  AssayProver *prover;
  AssayDigest  root;
  char        *root_hex;
};

/* --- the file -------------------------------------------------------------------------------------------------------- */

static gboolean
put_axis (AssayShardWriter *writer, const char *group, gint64 n_rows, GError **error)
{
  g_autofree char *path = g_strconcat (group, "/" ROW_AXIS, NULL);
  g_autofree gint64 *rows = g_new (gint64, MAX (n_rows, 1));

  for (gint64 i = 0; i < n_rows; i++)
    rows[i] = i;
  /* Put here, and not shared between groups: an array's axis lies beside it, under one name. */
  return assay_shard_writer_put_axis (writer, &(AssayArraySpec) { .path = path, .type = ASSAY_STORE_I64, .rank = 1, .dims = { n_rows },
                                      .long_name = "row", .description = "index along the rows of the table" }, ASSAY_STORE_I64, rows, error);
}

/* {"3": "nobody in the group"} */
static gboolean
put_reasons (AssayShardWriter *writer, const AssayResultTable *table, guint column, const char *path, GError **error)
{
  json_t *reasons = json_object ();
  char *text;
  gboolean ok = TRUE;

  for (gint64 row = 0; row < assay_result_table_get_n_rows (table); row++)
    {
      const char *reason = assay_result_table_get_reason (table, column, row);
      g_autofree char *key = g_strdup_printf ("%" G_GINT64_FORMAT, row);

      if (reason != NULL)
        json_object_set_new (reasons, key, json_string (reason));
    }
  text = json_dumps (reasons, JSON_SORT_KEYS | JSON_COMPACT);
  if (json_object_size (reasons) > 0)
    ok = assay_shard_writer_set_text (writer, path, "not_computed", text, error);
  free (text);
  json_decref (reasons);
  return ok;
}

static gboolean
put_column (AssayShardWriter *writer, const AssayResultTable *table, guint k, const char *group, GError **error)
{
  const AssayResultColumn *column = assay_result_table_get_column (table, k);
  g_autofree char *path = g_strconcat (group, "/", column->name, NULL);
  AssayArraySpec spec = { .path = path, .rank = 1, .dims = { assay_result_table_get_n_rows (table) }, .axes = { ROW_AXIS },
                          .long_name = column->long_name, .units = column->unit, .description = column->description };

  switch (assay_result_table_get_type (table, k))
    {
    case ASSAY_RESULT_NUMBERS:
      spec.type = ASSAY_STORE_F64;
      return assay_shard_writer_put (writer, &spec, ASSAY_STORE_F64, assay_result_table_get_numbers (table, k), error)
             && put_reasons (writer, table, k, path, error);
    case ASSAY_RESULT_COUNTS:
      spec.type = ASSAY_STORE_I64;
      return assay_shard_writer_put (writer, &spec, ASSAY_STORE_I64, assay_result_table_get_counts (table, k), error);
    default:
      spec.type = ASSAY_STORE_TEXT;
      return assay_shard_writer_put_text (writer, &spec, assay_result_table_get_texts (table, k), error);
    }
}

static gboolean
put_table (AssayShardWriter *writer, const AssayResultTable *table, GError **error)
{
  g_autofree char *group = g_strconcat ("/", assay_result_table_get_path (table), NULL);
  const AssayResultSource *source = assay_result_table_get_source (table);
  const struct { const char *name, *value; } about[] = { { "title", assay_result_table_get_title (table) }, { "source_object", source->object },
                                                         { "source_content_root", source->content_root }, { "source_command", source->command },
                                                         { "source_method", source->method } };

  if (!put_axis (writer, group, assay_result_table_get_n_rows (table), error))
    return FALSE;
  for (guint k = 0; k < assay_result_table_get_n_columns (table); k++)
    if (!put_column (writer, table, k, group, error))
      return FALSE;
  for (gsize k = 0; k < G_N_ELEMENTS (about); k++)
    if (about[k].value != NULL && !assay_shard_writer_set_text (writer, group, about[k].name, about[k].value, error))
      return FALSE;
  return TRUE;
}

static GBytes *
write_results (const AssayResults *results, const char *utc, GError **error)
{
  json_t *meta = json_pack ("{s:s, s:s, s:s}", "created_utc", utc, "run_uuid", "00000000-0000-0000-0000-000000000000", "format", "assay-results-1");
  g_autoptr (AssayShardWriter) writer = assay_shard_writer_new_file (ASSAY_EVIDENCE_KIND, ASSAY_EVIDENCE_NAME, meta, error);

  json_decref (meta);
  if (writer == NULL)
    return NULL;
  for (guint k = 0; k < assay_results_get_n_tables (results); k++)
    if (!put_table (writer, assay_results_get_table (results, k), error))
      return NULL;
  assay_shard_writer_set_rows (writer, assay_results_get_n_tables (results));
  return assay_shard_writer_write_bytes (writer, error);
}

AssayEvidence *
assay_evidence_new (const AssayResults *results, const char *utc, GError **error)
{
  g_autoptr (AssayEvidence) self = g_new0 (AssayEvidence, 1);

  self->file = write_results (results, utc, error);
  if (self->file == NULL)
    return NULL;
  self->prover = assay_prover_new_for_bytes (self->file, ASSAY_EVIDENCE_FILE, NULL, error);
  if (self->prover == NULL)
    return NULL;
  self->root = assay_prover_get_tree (self->prover)->digest;
  self->root_hex = assay_digest_to_hex (&self->root);
  return g_steal_pointer (&self);
}

void
assay_evidence_free (AssayEvidence *self)
{
  if (self == NULL)
    return;
  assay_prover_free (self->prover);
  g_clear_pointer (&self->file, g_bytes_unref);
  g_free (self->root_hex);
  g_free (self);
}

const char *
assay_evidence_get_root (const AssayEvidence *self)
{
  return self->root_hex;
}

const AssayDigest *
assay_evidence_get_root_digest (const AssayEvidence *self)
{
  return &self->root;
}

GBytes *
assay_evidence_get_file (const AssayEvidence *self)
{
  return self->file;
}

char *
assay_evidence_dup_tree (const AssayEvidence *self)
{
  return assay_content_tree_to_text (assay_prover_get_tree (self->prover));
}

/* --- proofs ---------------------------------------------------------------------------------------------------------- */

char *
assay_evidence_prove (AssayEvidence *self, const AssayNumber *number, GError **error)
{
  const AssayResultColumn *column = assay_result_table_get_column (number->table, number->column);
  g_autofree char *path = g_strdup_printf ("/%s/%s", assay_result_table_get_path (number->table), column->name);
  g_autoptr (AssayNumberProof) row = g_new0 (AssayNumberProof, 1);

  row->proof = assay_prover_prove (self->prover, path, (guint64) number->row, error);
  if (row->proof == NULL || !assay_proof_get_bits (row->proof, &row->bits, error))
    return NULL;
  row->number_id = assay_number_dup_id (number);
  row->display = assay_number_dup_display (number);
  row->rounding = number->format;
  row->digits = number->format == ASSAY_NUMBER_COUNT ? 0 : number->digits;
  row->root = self->root;
  /* What would not verify is not written. */
  return assay_number_proof_check (row, &self->root, error) ? assay_number_proof_to_line (row) : NULL;
}
