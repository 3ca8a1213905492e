/* SPDX-License-Identifier: GPL-3.0-or-later */
/* view.c: a growing list of blocks, and numbers as people read them. */
#include "job/view.h"

#include <math.h>
#include <string.h>

struct _AssayView {
  GPtrArray *blocks;
};

static void
block_free (gpointer data)
{
  AssayViewBlock *block = data;

  g_free (block->name);
  g_free (block->text);
  g_free (block->align);
  g_clear_pointer (&block->cells, g_ptr_array_unref);
  g_free (block);
}

AssayView *
assay_view_new (void)
{
  AssayView *view = g_new0 (AssayView, 1);

  view->blocks = g_ptr_array_new_with_free_func (block_free);
  return view;
}

void
assay_view_free (AssayView *view)
{
  if (view == NULL)
    return;
  g_ptr_array_unref (view->blocks);
  g_free (view);
}

static AssayViewBlock *
add_block (AssayView *view, AssayViewBlockType type)
{
  AssayViewBlock *block = g_new0 (AssayViewBlock, 1);

  block->type = type;
  g_ptr_array_add (view->blocks, block);
  return block;
}

void
assay_view_add_heading (AssayView *view, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  add_block (view, ASSAY_VIEW_HEADING)->text = g_strdup_vprintf (format, args);
  va_end (args);
}

void
assay_view_add_text (AssayView *view, const char *format, ...)
{
  va_list args;

  va_start (args, format);
  add_block (view, ASSAY_VIEW_TEXT)->text = g_strdup_vprintf (format, args);
  va_end (args);
}

void
assay_view_add_field (AssayView *view, const char *name, const char *format, ...)
{
  AssayViewBlock *block = add_block (view, ASSAY_VIEW_FIELD);
  va_list args;

  block->name = g_strdup (name);
  va_start (args, format);
  block->text = g_strdup_vprintf (format, args);
  va_end (args);
}

void
assay_view_begin_table (AssayView *view, const char *columns)
{
  AssayViewBlock *block = add_block (view, ASSAY_VIEW_TABLE);
  g_auto (GStrv) headers = g_strsplit (columns, "|", -1);

  block->n_columns = g_strv_length (headers);
  block->align = g_new0 (AssayViewAlign, block->n_columns);
  block->cells = g_ptr_array_new_with_free_func (g_free);
  for (guint k = 0; k < block->n_columns; k++)
    {
      gboolean right = headers[k][0] == '>';

      block->align[k] = right ? ASSAY_VIEW_RIGHT : ASSAY_VIEW_LEFT;
      g_ptr_array_add (block->cells, g_strdup (headers[k] + right));
    }
}

void
assay_view_add_cell (AssayView *view, const char *text)
{
  AssayViewBlock *block = view->blocks->pdata[view->blocks->len - 1];

  g_assert (block->type == ASSAY_VIEW_TABLE);
  g_ptr_array_add (block->cells, g_strdup (text ? text : ""));
}

void
assay_view_add_cell_number (AssayView *view, double value, guint digits)
{
  g_autofree char *text = assay_view_number (value, digits);

  assay_view_add_cell (view, text);
}

guint
assay_view_get_n_blocks (const AssayView *view)
{
  return view->blocks->len;
}

const AssayViewBlock *
assay_view_get_block (const AssayView *view, guint k)
{
  return view->blocks->pdata[k];
}

char *
assay_view_number (double value, guint digits)
{
  char format[16], text[G_ASCII_DTOSTR_BUF_SIZE];

  if (isnan (value))
    return g_strdup ("-");
  g_snprintf (format, sizeof format, "%%.%ug", digits);
  return g_strdup (g_ascii_formatd (text, sizeof text, format, value + 0.0));                /* -0 + 0 is 0 */
}

char *
assay_view_bytes (double bytes)
{
  static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
  guint k = 0;

  while (bytes >= 999.5 && k + 1 < G_N_ELEMENTS (units))
    {
      bytes /= 1000;
      k++;
    }
  return g_strdup_printf (k > 0 && bytes < 99.95 ? "%.1f %s" : "%.0f %s", bytes, units[k]);
}

char *
assay_view_count (gint64 count)
{
  g_autofree char *digits = g_strdup_printf ("%" G_GINT64_FORMAT, count);
  const char *digit = digits + (*digits == '-');
  GString *text = g_string_new (count < 0 ? "-" : NULL);

  for (gsize left = strlen (digit); left > 0; left--)
    {
      g_string_append_c (text, *digit++);
      if (left > 1 && left % 3 == 1)
        g_string_append_c (text, ',');
    }
  return g_string_free (text, FALSE);
}

char *
assay_view_seconds (double seconds)
{
  gint64 whole;

  if (!isfinite (seconds))
    return g_strdup ("-");
  if (seconds < 9.95)
    return g_strdup_printf (seconds < 0.995 ? "%.2f s" : "%.1f s", seconds);
  whole = (gint64) (seconds + 0.5);
  if (whole < 60)
    return g_strdup_printf ("%d s", (int) whole);
  if (whole < 3600)
    return g_strdup_printf ("%d min %02d s", (int) (whole / 60), (int) (whole % 60));
  return g_strdup_printf ("%" G_GINT64_FORMAT " h %02d min", whole / 3600, (int) (whole % 3600 / 60));
}
