/* SPDX-License-Identifier: GPL-3.0-or-later */
/* writer_json.c: report.json, which holds everything that a document says; the other formats are renderings of the same. Schema: report.schema.json. */
#include "base/json.h"
#include "base/text.h"
#include "report/figure.h"
#include "report/writer.h"

#include <stdlib.h>

static json_t *
text_or_null (const char *text)
{
  return text ? json_string (text) : json_null ();
}

/* {"number": id, "display", "format", "digits", "value", "reason"}: value is null where there is none. */
static json_t *
number_to_json (const AssayNumber *number)
{
  g_autofree char *id = NULL, *display = NULL;
  const gint64 *counts;
  json_t *value;

  if (number->table == NULL)
    return json_null ();
  id = assay_number_dup_id (number);
  display = assay_number_dup_display (number);
  counts = assay_result_table_get_counts (number->table, number->column);
  value = counts ? json_integer (counts[number->row]) : assay_json_number (assay_number_get_value (number));
  return json_pack ("{s:s, s:s, s:s, s:i, s:o, s:s?}", "number", id, "display", display, "format", assay_number_format_word (number->format), "digits",
                    (int) number->digits, "value", value, "reason", assay_result_table_get_reason (number->table, number->column, number->row));
}

/* A list of spans: strings, and objects for what is more than a string. */
static json_t *
text_to_json (const AssayProse *text)
{
  json_t *spans = json_array ();

  for (guint k = 0; text != NULL && k < text->spans->len; k++)
    {
      const AssaySpan *span = &g_array_index (text->spans, AssaySpan, k);

      switch (span->type)
        {
        case ASSAY_SPAN_TEXT:
          json_array_append_new (spans, json_string (span->text));
          break;
        case ASSAY_SPAN_CODE:
          json_array_append_new (spans, json_pack ("{s:s}", "code", span->text));
          break;
        case ASSAY_SPAN_NUMBER:
          json_array_append_new (spans, number_to_json (&span->number));
          break;
        case ASSAY_SPAN_REFERENCE:
          json_array_append_new (spans, json_pack ("{s:s, s:s}", "reference", span->target, "reads", span->text));
          break;
        }
    }
  return spans;
}

static json_t *
check_to_json (const AssayClaimCheck *check)
{
  if (check->what == NULL)
    return json_null ();
  return json_pack ("{s:s, s:o, s:s?, s:b}", "what", check->what, "value", number_to_json (&check->value), "threshold", check->threshold, "passed",
                    check->passed);
}

static json_t *
count_or_null (gint64 count)
{
  return count < 0 ? json_null () : json_integer (count);
}

static json_t *
claim_to_json (const AssayClaim *claim)
{
  static const char *const kinds[] = { "plain", "influence", "unit", "reasoning", "decision" };
  static const char *const strengths[] = { "measured", "derived", "declared" };
  const AssayNumber none = ASSAY_NO_NUMBER;
  json_t *out = json_object ();

  json_object_set_new (out, "id", json_string (claim->id));
  json_object_set_new (out, "kind", json_string (kinds[claim->kind]));
  json_object_set_new (out, "strength", json_string (strengths[claim->strength]));
  json_object_set_new (out, "sentence", text_to_json (claim->sentence));
  json_object_set_new (out, "state", json_string (claim->is_withheld ? "withheld" : claim->is_description ? "description" : strengths[claim->strength]));
  json_object_set_new (out, "reason", text_or_null (claim->reason));
  json_object_set_new (out, "value", number_to_json (claim->is_withheld ? &none : &claim->value));
  json_object_set_new (out, "lo", number_to_json (claim->is_withheld ? &none : &claim->lo));
  json_object_set_new (out, "hi", number_to_json (claim->is_withheld ? &none : &claim->hi));
  json_object_set_new (out, "unit", text_or_null (claim->unit));
  json_object_set_new (out, "interval", text_or_null (claim->interval));
  json_object_set_new (out, "n", count_or_null (claim->n));
  json_object_set_new (out, "seeds", count_or_null (claim->seeds));
  json_object_set_new (out, "check", check_to_json (&claim->check));
  json_object_set_new (out, "validity", check_to_json (&claim->validity));
  json_object_set_new (out, "stability", text_or_null (claim->stability));
  json_object_set_new (out, "method", text_or_null (claim->method));
  json_object_set_new (out, "command", text_or_null (claim->command));
  json_object_set_new (out, "object", text_or_null (claim->object));
  json_object_set_new (out, "author", text_or_null (claim->author));
  return out;
}

static void
add_table (json_t *out, const AssayBlock *block)
{
  json_t *heads = json_array (), *rows = json_array ();
  guint n = assay_block_get_n_columns (block);

  for (guint k = 0; k < n; k++)
    json_array_append_new (heads, json_string (g_array_index (block->heads, AssayTableHead, k).heading));
  for (gint64 row = 0; row < assay_block_get_n_rows (block); row++)
    {
      json_t *cells = json_array ();

      for (guint k = 0; k < n; k++)
        json_array_append_new (cells, text_to_json (assay_block_get_cell (block, row, k)));
      json_array_append_new (rows, cells);
    }
  json_object_set_new (out, "columns", heads);
  json_object_set_new (out, "rows", rows);
}

static void
add_figure (json_t *out, AssayFigure *figure)
{
  json_t *columns = json_array (), *rows = json_array ();

  for (guint k = 0; k < assay_figure_get_n_columns (figure); k++)
    {
      gboolean is_number;

      json_array_append_new (columns, json_string (assay_figure_get_column (figure, k, &is_number)));
    }
  for (gsize row = 0; row < assay_figure_get_n_rows (figure); row++)
    {
      json_t *cells = json_array ();

      for (guint k = 0; k < assay_figure_get_n_columns (figure); k++)
        {
          g_autofree char *cell = assay_figure_dup_cell (figure, row, k);

          json_array_append_new (cells, json_string (cell));
        }
      json_array_append_new (rows, cells);
    }
  json_object_set_new (out, "title", json_string (assay_figure_get_title (figure)));
  json_object_set_new (out, "reading", json_string (assay_figure_get_reading (figure)));
  json_object_set_new (out, "data", json_pack ("{s:o, s:o}", "columns", columns, "rows", rows));
}

static json_t *
block_to_json (const AssayBlock *block)
{
  static const char *const types[] = { "heading", "paragraph", "list", "table", "figure", "claim", "code", "callout" };
  json_t *out = json_pack ("{s:s, s:s}", "type", types[block->type], "id", block->id);

  if (block->text != NULL)
    json_object_set_new (out, block->type == ASSAY_BLOCK_TABLE || block->type == ASSAY_BLOCK_FIGURE ? "caption" : "text", text_to_json (block->text));
  if (block->table != NULL)
    json_object_set_new (out, "results", json_string (assay_result_table_get_path (block->table)));
  switch (block->type)
    {
    case ASSAY_BLOCK_LIST:
      json_object_set_new (out, "items", json_array ());
      for (guint k = 0; k < block->items->len; k++)
        json_array_append_new (json_object_get (out, "items"), text_to_json (block->items->pdata[k]));
      break;
    case ASSAY_BLOCK_TABLE:
      add_table (out, block);
      break;
    case ASSAY_BLOCK_FIGURE:
      add_figure (out, block->figure);
      break;
    case ASSAY_BLOCK_CLAIM:
      json_object_set_new (out, "claim", claim_to_json (block->claim));
      break;
    case ASSAY_BLOCK_CODE:
      json_object_set_new (out, "code", json_string (block->code));
      break;
    case ASSAY_BLOCK_CALLOUT:
      json_object_set_new (out, "level", json_string (block->level == ASSAY_CALLOUT_WARNING ? "warning" : "note"));
      break;
    default:
      break;
    }
  return out;
}

static json_t *
section_to_json (const AssaySection *section)
{
  json_t *blocks = json_array ();

  for (guint k = 0; k < section->blocks->len; k++)
    json_array_append_new (blocks, block_to_json (section->blocks->pdata[k]));
  return json_pack ("{s:s, s:i, s:s, s:o}", "id", section->id, "number", (int) section->number, "title", section->title, "blocks", blocks);
}

static json_t *
document_to_json (const AssayDocument *document)
{
  json_t *sections = json_array (), *warnings = json_array (), *out = json_object ();

  for (guint k = 0; k < document->sections->len; k++)
    json_array_append_new (sections, section_to_json (document->sections->pdata[k]));
  for (guint k = 0; k < document->warnings->len; k++)
    json_array_append_new (warnings, json_string (document->warnings->pdata[k]));
  json_object_set_new (out, "schema", json_string ("assay.report-document"));
  json_object_set_new (out, "version", json_integer (1));
  json_object_set_new (out, "title", json_string (document->title));
  json_object_set_new (out, "subtitle", text_or_null (document->subtitle));
  json_object_set_new (out, "profile", json_string (document->profile));
  json_object_set_new (out, "status", text_or_null (document->status));
  json_object_set_new (out, "report_id", text_or_null (document->report_id));
  json_object_set_new (out, "created_utc", text_or_null (document->created_utc));
  json_object_set_new (out, "program", text_or_null (document->program));
  json_object_set_new (out, "evidence_root", text_or_null (document->evidence_root));
  json_object_set_new (out, "signer_fingerprint", text_or_null (document->fingerprint));
  json_object_set_new (out, "warnings", warnings);
  json_object_set_new (out, "sections", sections);
  json_object_set (out, "fields", document->fields ? document->fields : json_null ());
  json_object_set (out, "regimes", document->regimes ? document->regimes : json_null ());
  return out;
}

static gboolean
write_document (const AssayDocument *document, GPtrArray *files, GError **error)
{
  json_t *out = document_to_json (document);
  char *text = json_dumps (out, JSON_INDENT (1) | JSON_SORT_KEYS | JSON_REAL_PRECISION (17));
  g_autofree char *safe = assay_text_escape_json (text);
  GString *line = g_string_new (safe);

  (void) error;
  g_string_append_c (line, '\n');
  assay_written_files_add_text (files, "report.json", line);
  free (text);
  json_decref (out);
  return TRUE;
}

ASSAY_WRITER_DEFINE (json) = { .name = "json", .help = "report.json: everything the report says, for machines", .write = write_document };
