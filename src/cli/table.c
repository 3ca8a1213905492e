/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.c: draws headings, fields and aligned tables. */
#include "cli/table.h"

#include "base/text.h"
#include "cli/text.h"

#define GAP 2
#define LINE 100

static void
append_padded (GString *out, const char *text, gsize width, AssayViewAlign align, gboolean is_last)
{
  gsize have = assay_text_width (text), pad = width > have ? width - have : 0;

  if (align == ASSAY_VIEW_RIGHT)
    g_string_append_printf (out, "%*s", (int) pad, "");
  g_string_append (out, text);
  if (align == ASSAY_VIEW_LEFT && !is_last)
    g_string_append_printf (out, "%*s", (int) pad, "");
}

static void
trim (GString *out)
{
  while (out->len > 0 && out->str[out->len - 1] == ' ')
    g_string_truncate (out, out->len - 1);
}

/* What parts a table's header from its rows. */
static void
append_rule (GString *out, const gsize *width, guint columns)
{
  for (guint k = 0; k < columns; k++)
    {
      g_string_append_printf (out, "%*s", k > 0 ? GAP : 0, "");
      for (gsize i = 0; i < width[k]; i++)
        g_string_append_c (out, '-');
    }
  trim (out);
  g_string_append_c (out, '\n');
}

/* A longer text than a line is whole in its own row, and no other row is filled up to it. */
static void
render_table (GString *out, const AssayViewBlock *block)
{
  guint columns = block->n_columns, rows = (block->cells->len + columns - 1) / columns;
  g_autofree gsize *width = g_new0 (gsize, columns);
  g_autoptr (GPtrArray) safe = g_ptr_array_new_with_free_func (g_free);

  for (guint k = 0; k < block->cells->len; k++)
    {
      char *text = assay_text_escape (block->cells->pdata[k], FALSE);

      width[k % columns] = MAX (width[k % columns], MIN (assay_text_width (text), LINE));
      g_ptr_array_add (safe, text);
    }
  for (guint row = 0; row < rows; row++)
    {
      for (guint k = 0; k < columns && row * columns + k < safe->len; k++)
        {
          g_string_append_printf (out, "%*s", k > 0 ? GAP : 0, "");
          append_padded (out, safe->pdata[row * columns + k], width[k], block->align[k], k + 1 == columns);
        }
      trim (out);
      g_string_append_c (out, '\n');
      if (row == 0)
        append_rule (out, width, columns);
    }
}

/* Consecutive fields share the width of their names. */
static gsize
field_width (const AssayView *view, guint first)
{
  gsize width = 0;

  for (guint k = first; k < assay_view_get_n_blocks (view); k++)
    {
      const AssayViewBlock *block = assay_view_get_block (view, k);

      if (block->type != ASSAY_VIEW_FIELD)
        break;
      width = MAX (width, assay_text_width (block->name));
    }
  return width;
}

/* An empty line before headings, and between blocks of different sorts. */
static gboolean
needs_space (const AssayView *view, guint k)
{
  AssayViewBlockType before = k > 0 ? assay_view_get_block (view, k - 1)->type : ASSAY_VIEW_HEADING;
  AssayViewBlockType type = assay_view_get_block (view, k)->type;

  if (type == before)
    return k > 0 && (type == ASSAY_VIEW_HEADING || type == ASSAY_VIEW_TABLE);
  return type == ASSAY_VIEW_HEADING || before != ASSAY_VIEW_HEADING;
}

/* Lines of a text, each wrapped; all but the first are indented. */
static void
append_wrapped (GString *out, const char *text, guint indent)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint k = 0; lines[k] != NULL; k++)
    {
      g_string_append_printf (out, "%*s", k > 0 ? (int) indent : 0, "");
      assay_text_wrap (out, lines[k], indent, LINE);
      g_string_append_c (out, '\n');
    }
}

char *
assay_table_render_view (const AssayView *view)
{
  GString *out = g_string_new (NULL);
  gsize width = 0;

  for (guint k = 0; k < assay_view_get_n_blocks (view); k++)
    {
      const AssayViewBlock *block = assay_view_get_block (view, k);
      gboolean follows_field = k > 0 && assay_view_get_block (view, k - 1)->type == ASSAY_VIEW_FIELD;
      g_autofree char *name = block->name ? assay_text_escape (block->name, FALSE) : NULL;
      g_autofree char *text = block->text ? assay_text_escape (block->text, TRUE) : NULL;

      if (needs_space (view, k))
        g_string_append_c (out, '\n');
      switch (block->type)
        {
        case ASSAY_VIEW_HEADING:
        case ASSAY_VIEW_TEXT:
          append_wrapped (out, text, 0);
          break;
        case ASSAY_VIEW_FIELD:
          if (!follows_field)
            width = field_width (view, k);
          append_padded (out, name, width, ASSAY_VIEW_LEFT, FALSE);
          g_string_append_printf (out, "%*s", GAP, "");
          append_wrapped (out, text, (guint) width + GAP);
          break;
        case ASSAY_VIEW_TABLE:
          render_table (out, block);
          break;
        }
    }
  return g_string_free (out, FALSE);
}
