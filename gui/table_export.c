/* SPDX-License-Identifier: GPL-3.0-or-later */
/* table_export.c: from a table to the bytes of a file. */
#include "gui/table_export.h"

#include <glib/gi18n.h>
#include <string.h>

/* What a spreadsheet takes for the beginning of a formula. */
static gboolean
looks_like_formula (const char *text)
{
  return text[0] != '\0' && strchr ("=+-@\t\r", text[0]) != NULL;
}

static void
append_text (GString *out, const char *text)
{
  gboolean quoted = strpbrk (text, ",\"\r\n") != NULL || looks_like_formula (text);

  g_string_append (out, quoted ? "\"" : "");
  g_string_append (out, looks_like_formula (text) ? "'" : "");
  for (; *text != '\0'; text++)
    {
      if (*text == '"')
        g_string_append_c (out, '"');
      g_string_append_c (out, *text);
    }
  g_string_append (out, quoted ? "\"" : "");
}

static void
append_cell (GString *out, const json_t *cell)
{
  char *dumped;

  if (cell == NULL || json_is_null (cell))
    return;
  if (json_is_string (cell))
    {
      append_text (out, json_string_value (cell));
      return;
    }
  dumped = json_dumps (cell, JSON_ENCODE_ANY | JSON_REAL_PRECISION (17));
  g_string_append (out, dumped);
  free (dumped);
}

static void
append_row (GString *out, const json_t *row)
{
  for (gsize k = 0; k < json_array_size (row); k++)
    {
      g_string_append (out, k > 0 ? "," : "");
      append_cell (out, json_array_get (row, k));
    }
  g_string_append (out, "\r\n");
}

char *
assay_table_export_to_csv (const json_t *table)
{
  GString *out = g_string_new (NULL);
  gsize k;
  json_t *row;

  append_row (out, json_object_get (table, "columns"));
  json_array_foreach (json_object_get (table, "rows"), k, row)
    append_row (out, row);
  return g_string_free (out, FALSE);
}

char *
assay_table_export_to_json (const json_t *table)
{
  const json_t *columns = json_object_get (table, "columns");
  json_t *rows = json_array (), *row;
  gsize k;
  char *dumped, *text;

  json_array_foreach (json_object_get (table, "rows"), k, row)
    {
      json_t *object = json_object ();

      for (gsize c = 0; c < json_array_size (columns); c++)
        {
          json_t *cell = json_array_get (row, c);

          json_object_set (object, json_string_value (json_array_get (columns, c)), cell ? cell : json_null ());
        }
      json_array_append_new (rows, object);
    }
  dumped = json_dumps (rows, JSON_INDENT (2) | JSON_REAL_PRECISION (17));
  text = g_strconcat (dumped, "\n", NULL);
  free (dumped);
  json_decref (rows);
  return text;
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GtkWindow) window = data;
  g_autoptr (GError) fault = NULL;
  g_autofree char *name = g_file_get_basename (G_FILE (source)), *text = NULL;

  if (g_file_replace_contents_finish (G_FILE (source), result, NULL, &fault))
    text = g_strdup_printf (_("Written: %s"), name);
  else
    text = g_strdup (fault->message);
  gtk_widget_activate_action (GTK_WIDGET (window), "win.tell", "s", text);
}

static void
on_chosen (GtkNativeDialog *dialog, int response, json_t *table)
{
  g_autoptr (GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  GtkWindow *window = gtk_native_dialog_get_transient_for (dialog);

  if (file != NULL)
    {
      g_autofree char *name = g_file_get_basename (file);
      char *text = g_str_has_suffix (name, ".json") ? assay_table_export_to_json (table) : assay_table_export_to_csv (table);
      g_autoptr (GBytes) bytes = g_bytes_new_take (text, strlen (text));

      g_file_replace_contents_bytes_async (file, bytes, NULL, FALSE, G_FILE_CREATE_NONE, NULL, on_written, g_object_ref (window));
    }
  json_decref (table);
  g_object_unref (dialog);
}

void
assay_table_export_ask (GtkWindow *window, json_t *table)
{
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (_("Export Table"), window, GTK_FILE_CHOOSER_ACTION_SAVE, _("_Export"), NULL);

  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), "table.csv");
  g_signal_connect (dialog, "response", G_CALLBACK (on_chosen), table);
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}
