/* SPDX-License-Identifier: GPL-3.0-or-later */
/* writer_html.c: report.html: one page without script, fonts, pictures or links from outside; figures are drawn in it as SVG.
 *
 * The page's own policy (Content-Security-Policy) lets nothing run and nothing load but the one style sheet in it, by its digest.
 */
#include "report/escape_html.h"
#include "report/figure.h"
#include "report/html_style.h"
#include "report/writer.h"

#include <math.h>

#define FIGURE_WIDTH 720.0
#define FIGURE_SCALE (4.0 / 3.0)          /* pixels of a screen for points of paper */

static void
append_attribute (GString *out, const char *name, const char *value)
{
  g_string_append_printf (out, " %s=\"", name);
  assay_html_append (out, value);
  g_string_append_c (out, '"');
}

static void
append_number (GString *out, const AssayNumber *number)
{
  g_autofree char *id = assay_number_dup_id (number), *display = assay_number_dup_display (number);
  const gint64 *counts = assay_result_table_get_counts (number->table, number->column);
  const char *reason = assay_result_table_get_reason (number->table, number->column, number->row);
  char value[G_ASCII_DTOSTR_BUF_SIZE] = "";

  if (counts != NULL)
    g_snprintf (value, sizeof value, "%" G_GINT64_FORMAT, counts[number->row]);
  else if (assay_number_exists (number))
    g_ascii_dtostr (value, sizeof value, assay_number_get_value (number));
  g_string_append (out, "<data");
  append_attribute (out, "value", value);
  append_attribute (out, "title", id);
  g_string_append_c (out, '>');
  assay_html_append (out, display);
  if (reason != NULL && !assay_number_exists (number))
    {
      g_string_append (out, " (");
      assay_html_append (out, reason);
      g_string_append_c (out, ')');
    }
  g_string_append (out, "</data>");
}

static void
append_prose (GString *out, const AssayProse *prose)
{
  for (guint k = 0; prose != NULL && k < prose->spans->len; k++)
    {
      const AssaySpan *span = &g_array_index (prose->spans, AssaySpan, k);

      switch (span->type)
        {
        case ASSAY_SPAN_TEXT:
          assay_html_append (out, span->text);
          break;
        case ASSAY_SPAN_CODE:
          g_string_append (out, "<code>");
          assay_html_append (out, span->text);
          g_string_append (out, "</code>");
          break;
        case ASSAY_SPAN_NUMBER:
          append_number (out, &span->number);
          break;
        case ASSAY_SPAN_REFERENCE:
          g_string_append (out, "<a href=\"#");
          assay_html_append (out, span->target);
          g_string_append (out, "\">");
          assay_html_append (out, span->text);
          g_string_append (out, "</a>");
          break;
        }
    }
}

static void
append_element (GString *out, const char *tag, const char *text)
{
  g_string_append_printf (out, "<%s>", tag);
  assay_html_append (out, text);
  g_string_append_printf (out, "</%s>\n", tag);
}

/* --- blocks ---------------------------------------------------------------------------------------------------------- */

static void
append_table (GString *out, const AssayBlock *block)
{
  guint n = assay_block_get_n_columns (block);

  g_string_append (out, "<div class=\"scroll\"><table");
  append_attribute (out, "id", block->id);
  g_string_append (out, "><caption>");
  append_prose (out, block->text);
  g_string_append (out, "</caption><thead><tr>");
  for (guint k = 0; k < n; k++)
    {
      const AssayTableHead *head = &g_array_index (block->heads, AssayTableHead, k);

      g_string_append_printf (out, "<th scope=\"col\"%s>", head->is_right ? " class=\"right\"" : "");
      assay_html_append (out, head->heading);
      g_string_append (out, "</th>");
    }
  g_string_append (out, "</tr></thead>\n<tbody>");
  for (gint64 row = 0; row < assay_block_get_n_rows (block); row++)
    {
      g_string_append (out, "<tr>");
      for (guint k = 0; k < n; k++)
        {
          const char *tag = k == 0 ? "th" : "td";

          g_string_append_printf (out, "<%s%s%s>", tag, k == 0 ? " scope=\"row\"" : "",
                                  g_array_index (block->heads, AssayTableHead, k).is_right ? " class=\"right\"" : "");
          append_prose (out, assay_block_get_cell (block, row, k));
          g_string_append_printf (out, "</%s>", tag);
        }
      g_string_append (out, "</tr>\n");
    }
  g_string_append (out, "</tbody></table></div>\n");
}

/* What the figure shows, for who cannot see it. */
static void
append_figure_data (GString *out, AssayFigure *figure)
{
  guint n = assay_figure_get_n_columns (figure);

  g_string_append (out, "<details><summary>The figure's data</summary><div class=\"scroll\"><table><thead><tr>");
  for (guint k = 0; k < n; k++)
    {
      gboolean is_number;

      g_string_append (out, "<th scope=\"col\">");
      assay_html_append (out, assay_figure_get_column (figure, k, &is_number));
      g_string_append (out, "</th>");
    }
  g_string_append (out, "</tr></thead><tbody>");
  for (gsize row = 0; row < assay_figure_get_n_rows (figure); row++)
    {
      g_string_append (out, "<tr>");
      for (guint k = 0; k < n; k++)
        {
          g_autofree char *cell = assay_figure_dup_cell (figure, row, k);

          g_string_append (out, "<td>");
          assay_html_append (out, cell);
          g_string_append (out, "</td>");
        }
      g_string_append (out, "</tr>\n");
    }
  g_string_append (out, "</tbody></table></div></details>");
}

static void
append_figure (GString *out, const AssayBlock *block)
{
  AssayFigureLook look = { ASSAY_THEME_LIGHT, FIGURE_SCALE, FALSE };
  double least, height;
  g_autoptr (GBytes) svg = NULL;
  gconstpointer data;
  gsize n;

  assay_figure_measure (block->figure, &look, FIGURE_WIDTH, &least, &height);
  svg = assay_figure_write_svg (block->figure, fmax (FIGURE_WIDTH, least), height, &look);
  data = g_bytes_get_data (svg, &n);
  g_string_append (out, "<figure");
  append_attribute (out, "id", block->id);
  g_string_append (out, ">");
  g_string_append_len (out, data, (gssize) n);
  g_string_append (out, "<figcaption>");
  append_prose (out, block->text);
  g_string_append (out, ". ");
  assay_html_append (out, assay_figure_get_reading (block->figure));
  append_figure_data (out, block->figure);
  g_string_append (out, "</figcaption></figure>\n");
}

static void
begin_entry (GString *out, const char *what)
{
  g_string_append (out, "<dt>");
  assay_html_append (out, what);
  g_string_append (out, "</dt><dd>");
}

static void
append_entry (GString *out, const char *what, const char *text)
{
  if (text == NULL || text[0] == '\0')
    return;
  begin_entry (out, what);
  assay_html_append (out, text);
  g_string_append (out, "</dd>");
}

static void
append_check (GString *out, const char *what, const AssayClaimCheck *check)
{
  if (check->what == NULL)
    return;
  begin_entry (out, what);
  assay_html_append (out, check->what);
  if (check->value.table != NULL)
    {
      g_string_append (out, ": ");
      append_number (out, &check->value);
    }
  if (check->threshold != NULL)
    {
      g_string_append (out, check->passed ? ", passed: " : ", FAILED: ");
      assay_html_append (out, check->threshold);
    }
  g_string_append (out, "</dd>");
}

static void
append_value (GString *out, const AssayClaim *claim)
{
  if (claim->is_withheld || claim->value.table == NULL)
    return;
  begin_entry (out, "value");
  append_number (out, &claim->value);
  if (claim->unit != NULL)
    {
      g_string_append_c (out, ' ');
      assay_html_append (out, claim->unit);
    }
  g_string_append (out, "</dd>");
  if (!assay_number_exists (&claim->lo) || !assay_number_exists (&claim->hi))
    return;
  begin_entry (out, "interval");
  append_number (out, &claim->lo);
  g_string_append (out, " to ");
  append_number (out, &claim->hi);
  if (claim->interval != NULL)
    {
      g_string_append (out, " (");
      assay_html_append (out, claim->interval);
      g_string_append_c (out, ')');
    }
  g_string_append (out, "</dd>");
}

/* A command that the document numbers is named by its number; it stands in full where the link goes. */
static void
append_command (GString *out, const AssayDocument *document, const char *command)
{
  guint number = assay_document_find_command (document, command);

  if (number == 0)
    {
      append_entry (out, "command", command);
      return;
    }
  begin_entry (out, "command");
  g_string_append_printf (out, "<a href=\"#command/%u\">command %u</a></dd>", number, number);
}

static void
append_claim (GString *out, const AssayDocument *document, const AssayClaim *claim)
{
  static const char *const strengths[] = { "measured", "derived", "declared by a person" };

  g_string_append_printf (out, "<article class=\"claim%s\"", claim->is_withheld ? " withheld" : "");
  append_attribute (out, "id", claim->id);
  g_string_append (out, "><p>");
  append_prose (out, claim->sentence);
  g_string_append (out, "</p><dl>");
  append_value (out, claim);
  append_entry (out, claim->is_withheld ? "withheld" : "remark", claim->reason);
  append_check (out, "check", &claim->check);
  append_check (out, "validity", &claim->validity);
  if (claim->kind == ASSAY_CLAIM_INFLUENCE && claim->validity.what == NULL)
    append_entry (out, "validity", "not validated");
  append_entry (out, "stability", claim->stability);
  append_entry (out, "strength", claim->is_description ? "a description: nothing was intervened on" : strengths[claim->strength]);
  append_entry (out, "method", claim->method);
  append_entry (out, "author", claim->author);
  append_entry (out, "evidence", claim->object);
  append_command (out, document, claim->command);
  append_entry (out, "claim", claim->id);
  g_string_append (out, "</dl></article>\n");
}

static void
append_code (GString *out, const AssayBlock *block)
{
  if (block->text != NULL)
    {
      g_string_append (out, "<div class=\"command\"");
      append_attribute (out, "id", block->id);
      g_string_append (out, "><span>");
      append_prose (out, block->text);
      g_string_append (out, "</span>");
    }
  append_element (out, "pre", block->code);
  if (block->text != NULL)
    g_string_append (out, "</div>\n");
}

static void
append_block (GString *out, const AssayDocument *document, const AssayBlock *block)
{
  switch (block->type)
    {
    case ASSAY_BLOCK_HEADING:
      g_string_append (out, "<h3");
      append_attribute (out, "id", block->id);
      g_string_append (out, ">");
      append_prose (out, block->text);
      g_string_append (out, "</h3>\n");
      break;
    case ASSAY_BLOCK_PARAGRAPH:
      g_string_append (out, "<p>");
      append_prose (out, block->text);
      g_string_append (out, "</p>\n");
      break;
    case ASSAY_BLOCK_LIST:
      g_string_append (out, "<ul>");
      for (guint k = 0; k < block->items->len; k++)
        {
          g_string_append (out, "<li>");
          append_prose (out, block->items->pdata[k]);
          g_string_append (out, "</li>\n");
        }
      g_string_append (out, "</ul>\n");
      break;
    case ASSAY_BLOCK_TABLE:
      append_table (out, block);
      break;
    case ASSAY_BLOCK_FIGURE:
      append_figure (out, block);
      break;
    case ASSAY_BLOCK_CLAIM:
      append_claim (out, document, block->claim);
      break;
    case ASSAY_BLOCK_CODE:
      append_code (out, block);
      break;
    case ASSAY_BLOCK_CALLOUT:
      g_string_append_printf (out, "<aside class=\"%s\"><strong>%s</strong> ", block->level == ASSAY_CALLOUT_WARNING ? "warning" : "note",
                              block->level == ASSAY_CALLOUT_WARNING ? "Warning." : "Note.");
      append_prose (out, block->text);
      g_string_append (out, "</aside>\n");
      break;
    }
}

/* --- the page -------------------------------------------------------------------------------------------------------- */

static void
append_head (GString *out, const AssayDocument *document)
{
  g_autofree char *style = assay_html_dup_style (), *digest = NULL;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  guint8 bytes[32];
  gsize n = sizeof bytes;

  g_checksum_update (checksum, (const guchar *) style, -1);
  g_checksum_get_digest (checksum, bytes, &n);
  digest = g_base64_encode (bytes, n);
  g_string_append (out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
  g_string_append_printf (out, "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-%s'; img-src data:; base-uri 'none'; "
                          "form-action 'none'\">\n", digest);
  g_string_append (out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" content=\"no-referrer\">\n");
  append_element (out, "title", document->title);
  g_string_append_printf (out, "<style>%s</style>\n</head>\n<body>\n", style);
}

static void
append_front (GString *out, const AssayDocument *document)
{
  g_string_append (out, "<header>\n");
  append_element (out, "h1", document->title);
  if (document->subtitle != NULL)
    {
      g_string_append (out, "<p class=\"subtitle\">");
      assay_html_append (out, document->subtitle);
      g_string_append (out, "</p>\n");
    }
  if (document->fingerprint == NULL)
    g_string_append (out, "<p><span class=\"stamp\">UNSIGNED</span></p>\n");
  g_string_append (out, "<dl class=\"facts\">");
  append_entry (out, "status", document->status);
  append_entry (out, "report", document->report_id);
  append_entry (out, "for", document->profile);
  append_entry (out, "state of the case (UTC)", document->created_utc);
  append_entry (out, "made by", document->program);
  append_entry (out, "evidence root", document->evidence_root);
  append_entry (out, "key that is to sign", document->fingerprint ? document->fingerprint : "none");
  g_string_append (out, "</dl>\n");
  for (guint k = 0; k < document->warnings->len; k++)
    {
      g_string_append (out, "<aside class=\"warning\"><strong>Warning.</strong> ");
      assay_html_append (out, document->warnings->pdata[k]);
      g_string_append (out, "</aside>\n");
    }
  g_string_append (out, "<p>This page cannot vouch for itself. To check it, in the directory that it came in:</p>\n"
                   "<pre>assay verify .\nsha256sum --check SHA256SUMS\nless VERIFY.md</pre>\n</header>\n");
}

static void
append_contents (GString *out, const AssayDocument *document)
{
  g_string_append (out, "<nav aria-label=\"Contents\"><h2>Contents</h2><ol>\n");
  for (guint k = 0; k < document->sections->len; k++)
    {
      const AssaySection *section = document->sections->pdata[k];

      g_string_append (out, "<li><a href=\"#");
      assay_html_append (out, section->id);
      g_string_append (out, "\">");
      assay_html_append (out, section->title);
      g_string_append (out, "</a></li>\n");
    }
  g_string_append (out, "</ol></nav>\n<main>\n");
}

static void
append_section (GString *out, const AssaySection *section)
{
  g_string_append (out, "<section");
  append_attribute (out, "id", section->id);
  g_string_append_printf (out, "><h2>%u. ", section->number);
  assay_html_append (out, section->title);
  g_string_append (out, "</h2>\n");
  for (guint k = 0; k < section->blocks->len; k++)
    append_block (out, section->document, section->blocks->pdata[k]);
  g_string_append (out, "</section>\n");
}

static gboolean
write_document (const AssayDocument *document, GPtrArray *files, GError **error)
{
  GString *out = g_string_new (NULL);

  (void) error;
  append_head (out, document);
  append_front (out, document);
  append_contents (out, document);
  for (guint k = 0; k < document->sections->len; k++)
    append_section (out, document->sections->pdata[k]);
  g_string_append (out, "</main>\n<footer>");
  assay_html_append (out, document->title);
  g_string_append (out, ". Report ");
  assay_html_append (out, document->report_id ? document->report_id : "");
  g_string_append (out, document->fingerprint ? ". Key: " : ". UNSIGNED");
  assay_html_append (out, document->fingerprint ? document->fingerprint : "");
  g_string_append (out, ". Engineering evidence, not legal advice.</footer>\n</body>\n</html>\n");
  assay_written_files_add_text (files, "report.html", out);
  return TRUE;
}

ASSAY_WRITER_DEFINE (html) = { .name = "html", .help = "report.html: one self-contained page for any browser", .write = write_document };
