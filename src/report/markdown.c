/* SPDX-License-Identifier: GPL-3.0-or-later */
/* markdown.c: blocks as CommonMark with pipe tables. */
#include "report/markdown.h"

#include "base/text.h"
#include "report/figure.h"

#include <string.h>

/* Every character that CommonMark or its table extension could take for markup stands behind a backslash. */
void
assay_markdown_append (GString *out, const char *text)
{
  g_autofree char *visible = assay_text_escape (text, FALSE);

  for (const char *c = visible; *c != '\0'; c++)
    {
      if (strchr ("\\`*_{}[]()<>#+-.!|~&$:@/^=\"'", *c) != NULL)
        g_string_append_c (out, '\\');
      g_string_append_c (out, *c);
    }
}

/* In a run of backquotes longer than any inside. */
static void
append_code (GString *out, const char *code)
{
  g_autofree char *visible = assay_text_escape (code, FALSE), *fence = NULL;
  gsize longest = 0, run = 0;

  for (const char *c = visible; *c != '\0'; c++)
    {
      run = *c == '`' ? run + 1 : 0;
      longest = MAX (longest, run);
    }
  fence = g_strnfill (longest + 1, '`');
  g_string_append_printf (out, "%s%s%s%s%s", fence, longest > 0 ? " " : "", visible, longest > 0 ? " " : "", fence);
}

static void
append_prose (GString *out, const AssayProse *prose)
{
  for (guint k = 0; prose != NULL && k < prose->spans->len; k++)
    {
      const AssaySpan *span = &g_array_index (prose->spans, AssaySpan, k);

      if (span->type == ASSAY_SPAN_NUMBER)
        {
          g_autofree char *display = assay_number_dup_display (&span->number);

          assay_markdown_append (out, display);
        }
      else if (span->type == ASSAY_SPAN_CODE)
        append_code (out, span->text);
      else
        assay_markdown_append (out, span->text);
    }
}

static void
append_table (GString *out, const AssayBlock *block)
{
  guint n = assay_block_get_n_columns (block);

  append_prose (out, block->text);
  g_string_append (out, "\n\n|");
  for (guint k = 0; k < n; k++)
    {
      g_string_append_c (out, ' ');
      assay_markdown_append (out, g_array_index (block->heads, AssayTableHead, k).heading);
      g_string_append (out, " |");
    }
  g_string_append (out, "\n|");
  for (guint k = 0; k < n; k++)
    g_string_append (out, g_array_index (block->heads, AssayTableHead, k).is_right ? " ---: |" : " --- |");
  for (gint64 row = 0; row < assay_block_get_n_rows (block); row++)
    {
      g_string_append (out, "\n|");
      for (guint k = 0; k < n; k++)
        {
          g_string_append_c (out, ' ');
          append_prose (out, assay_block_get_cell (block, row, k));
          g_string_append (out, " |");
        }
    }
  g_string_append (out, "\n\n");
}

static void
append_figure (GString *out, const AssayBlock *block)
{
  guint n = assay_figure_get_n_columns (block->figure);

  g_string_append (out, "Figure: ");
  append_prose (out, block->text);
  g_string_append (out, ". ");
  assay_markdown_append (out, assay_figure_get_reading (block->figure));
  g_string_append (out, "\n\n|");
  for (guint k = 0; k < n; k++)
    {
      gboolean is_number;

      g_string_append_c (out, ' ');
      assay_markdown_append (out, assay_figure_get_column (block->figure, k, &is_number));
      g_string_append (out, " |");
    }
  g_string_append (out, "\n|");
  for (guint k = 0; k < n; k++)
    g_string_append (out, " --- |");
  for (gsize row = 0; row < assay_figure_get_n_rows (block->figure); row++)
    {
      g_string_append (out, "\n|");
      for (guint k = 0; k < n; k++)
        {
          g_autofree char *cell = assay_figure_dup_cell (block->figure, row, k);

          g_string_append_c (out, ' ');
          assay_markdown_append (out, cell);
          g_string_append (out, " |");
        }
    }
  g_string_append (out, "\n\n");
}

static void
append_check (GString *out, const char *what, const AssayClaimCheck *check)
{
  if (check->what == NULL)
    return;
  g_string_append_printf (out, "\n> %s: ", what);
  assay_markdown_append (out, check->what);
  if (check->value.table != NULL)
    {
      g_autofree char *display = assay_number_dup_display (&check->value);

      g_string_append (out, " ");
      assay_markdown_append (out, display);
    }
  if (check->threshold != NULL)
    g_string_append_printf (out, " %s", check->passed ? "passed" : "FAILED");
}

static void
append_claim (GString *out, const AssayClaim *claim)
{
  g_string_append (out, "> **");
  append_prose (out, claim->sentence);
  g_string_append (out, "**\n>");
  if (!claim->is_withheld && assay_number_exists (&claim->lo) && assay_number_exists (&claim->hi))
    {
      g_autofree char *lo = assay_number_dup_display (&claim->lo), *hi = assay_number_dup_display (&claim->hi);

      g_string_append (out, "\n> interval: ");
      assay_markdown_append (out, lo);
      g_string_append (out, " to ");
      assay_markdown_append (out, hi);
    }
  if (claim->reason != NULL)
    {
      g_string_append (out, claim->is_withheld ? "\n> withheld: " : "\n> remark: ");
      assay_markdown_append (out, claim->reason);
    }
  append_check (out, "check", &claim->check);
  append_check (out, "validity", &claim->validity);
  g_string_append (out, "\n> claim: ");
  append_code (out, claim->id);
  g_string_append (out, "\n\n");
}

/* Lines behind four blanks are literal, whatever they hold. */
static void
append_lines (GString *out, const char *code)
{
  g_autofree char *visible = assay_text_escape (code, TRUE);
  g_auto (GStrv) lines = g_strsplit (visible, "\n", -1);

  for (char **line = lines; *line != NULL; line++)
    g_string_append_printf (out, "    %s\n", *line);
  g_string_append_c (out, '\n');
}

void
assay_markdown_append_block (GString *out, const AssayBlock *block)
{
  switch (block->type)
    {
    case ASSAY_BLOCK_TABLE:
      append_table (out, block);
      break;
    case ASSAY_BLOCK_FIGURE:
      append_figure (out, block);
      break;
    case ASSAY_BLOCK_CLAIM:
      append_claim (out, block->claim);
      break;
    case ASSAY_BLOCK_CODE:
      if (block->text != NULL)
        {
          append_prose (out, block->text);
          g_string_append (out, ":\n\n");
        }
      append_lines (out, block->code);
      break;
    case ASSAY_BLOCK_LIST:
      for (guint k = 0; k < block->items->len; k++)
        {
          g_string_append (out, "* ");
          append_prose (out, block->items->pdata[k]);
          g_string_append_c (out, '\n');
        }
      g_string_append_c (out, '\n');
      break;
    default:
      if (block->type == ASSAY_BLOCK_HEADING)
        g_string_append (out, "### ");
      if (block->type == ASSAY_BLOCK_CALLOUT)
        g_string_append (out, block->level == ASSAY_CALLOUT_WARNING ? "> **Warning.** " : "> **Note.** ");
      append_prose (out, block->text);
      g_string_append (out, "\n\n");
    }
}

