/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table.c: draws headings, fields and aligned tables. */
#include "cli/table.h"

#include "cli/text.h"

#define GAP 2

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
render_table (GString *out, const AssayViewBlock *block)
{
  guint columns = block->n_columns, rows = (block->cells->len + columns - 1) / columns;
  g_autofree gsize *width = g_new0 (gsize, columns);
  g_autoptr (GPtrArray) safe = g_ptr_array_new_with_free_func (g_free);

  for (guint k = 0; k < block->cells->len; k++)
    {
      char *text = assay_text_escape (block->cells->pdata[k], FALSE);

      width[k % columns] = MAX (width[k % columns], assay_text_width (text));
      g_ptr_array_add (safe, text);
    }
  for (guint row = 0; row < rows; row++)
    {
      for (guint k = 0; k < columns && row * columns + k < safe->len; k++)
        {
          g_string_append_printf (out, "%*s", k > 0 ? GAP : 0, "");
          append_padded (out, safe->pdata[row * columns + k], width[k], block->align[k], k + 1 == columns);
        }
      while (out->len > 0 && out->str[out->len - 1] == ' ')
        g_string_truncate (out, out->len - 1);
      g_string_append_c (out, '\n');
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

      switch (block->type)
        {
        case ASSAY_VIEW_HEADING:
          g_string_append_printf (out, "%s%s\n", k > 0 ? "\n" : "", text);
          break;
        case ASSAY_VIEW_TEXT:
          g_string_append_printf (out, "%s\n", text);
          break;
        case ASSAY_VIEW_FIELD:
          if (!follows_field)
            width = field_width (view, k);
          append_padded (out, name, width, ASSAY_VIEW_LEFT, FALSE);
          g_string_append_printf (out, "  %s\n", text);
          break;
        case ASSAY_VIEW_TABLE:
          render_table (out, block);
          break;
        }
    }
  return g_string_free (out, FALSE);
}
