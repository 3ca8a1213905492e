/* SPDX-License-Identifier: GPL-3.0-or-later */
/* chart.c: a figure with its menu: table, files. */
#include "gui/chart.h"

#include "base/text.h"
#include "gui/chart_drawing.h"
#include "gui/chart_table.h"
#include "gui/table_export.h"

#include <glib/gi18n.h>
#include <string.h>

#define EXPORT_WIDTH 640.0      /* units of paper */
#define EXPORT_PIXELS 2.0

struct _AssayChart {
  AdwBin parent_instance;
  GtkLabel *title;
  AssayChartDrawing *drawing;
  AssayFigure *figure;
  char *command;
};

G_DEFINE_FINAL_TYPE (AssayChart, assay_chart, ADW_TYPE_BIN)

enum { SELECTED, N_SIGNALS };
static guint signals[N_SIGNALS];

AssayFigure *
assay_chart_get_figure (AssayChart *self)
{
  return self->figure;
}

void
assay_chart_set_figure (AssayChart *self, AssayFigure *figure)
{
  g_autofree char *title = figure ? assay_text_escape (assay_figure_get_title (figure), FALSE) : NULL;

  if (figure != NULL)
    assay_figure_ref (figure);
  g_clear_pointer (&self->figure, assay_figure_unref);
  self->figure = figure;
  gtk_label_set_text (self->title, title ? title : "");
  assay_chart_drawing_set_figure (self->drawing, figure);
  gtk_widget_set_visible (GTK_WIDGET (self), figure != NULL);
}

void
assay_chart_set_command (AssayChart *self, const char *command)
{
  g_free (self->command);
  self->command = g_strdup (command);
  gtk_widget_action_set_enabled (GTK_WIDGET (self), "chart.copy-command", command != NULL);
}

static void
act_copy_command (GtkWidget *widget, const char *action, GVariant *unused)
{
  (void) action;
  (void) unused;
  gtk_widget_activate_action (widget, "win.copy-text", "s", ASSAY_CHART (widget)->command);
}

/* --- files --------------------------------------------------------------------------------------------------------- */

static GBytes *
make_bytes (AssayChart *self, const char *name, GError **error)
{
  AssayFigureLook look = { .theme = ASSAY_THEME_LIGHT, .scale = 1, .titled = TRUE };
  double least, height;

  if (g_str_has_suffix (name, ".csv") || g_str_has_suffix (name, ".json"))
    {
      json_t *table = assay_chart_table_make (self->figure);
      char *text = g_str_has_suffix (name, ".json") ? assay_table_export_to_json (table) : assay_table_export_to_csv (table);

      json_decref (table);
      return g_bytes_new_take (text, strlen (text));
    }
  assay_figure_measure (self->figure, &look, EXPORT_WIDTH, &least, &height);
  if (g_str_has_suffix (name, ".png"))
    return assay_figure_write_png (self->figure, MAX (EXPORT_WIDTH, least), height, &look, EXPORT_PIXELS, error);
  return assay_figure_write_svg (self->figure, MAX (EXPORT_WIDTH, least), height, &look);
}

static void
on_written (GObject *source, GAsyncResult *result, gpointer data)
{
  g_autoptr (GtkWidget) chart = data;
  g_autoptr (GError) fault = NULL;
  g_autofree char *name = g_file_get_basename (G_FILE (source)), *text = NULL;

  text = g_file_replace_contents_finish (G_FILE (source), result, NULL, &fault) ? g_strdup_printf (_("Written: %s"), name) : g_strdup (fault->message);
  gtk_widget_activate_action (chart, "win.tell", "s", text);
}

static void
on_chosen (GtkNativeDialog *dialog, int response, AssayChart *self)
{
  g_autoptr (GFile) file = response == GTK_RESPONSE_ACCEPT ? gtk_file_chooser_get_file (GTK_FILE_CHOOSER (dialog)) : NULL;
  g_autofree char *name = file ? g_file_get_basename (file) : NULL;
  g_autoptr (GError) fault = NULL;
  g_autoptr (GBytes) bytes = name ? make_bytes (self, name, &fault) : NULL;

  if (bytes != NULL)
    g_file_replace_contents_bytes_async (file, bytes, NULL, FALSE, G_FILE_CREATE_NONE, NULL, on_written, g_object_ref (self));
  else if (fault != NULL)
    gtk_widget_activate_action (GTK_WIDGET (self), "win.tell", "s", fault->message);
  g_object_unref (self);
  g_object_unref (dialog);
}

/* Of the action chart.save: the extension says the format. */
static void
act_save (GtkWidget *widget, const char *action, GVariant *extension)
{
  AssayChart *self = ASSAY_CHART (widget);
  GtkWindow *window = GTK_WINDOW (gtk_widget_get_root (widget));
  GtkFileChooserNative *dialog = gtk_file_chooser_native_new (_("Save Figure"), window, GTK_FILE_CHOOSER_ACTION_SAVE, _("_Save"), NULL);
  g_autofree char *id = self->figure ? g_strdelimit (g_strdup (assay_figure_get_id (self->figure)), "/", '-') : NULL;
  g_autofree char *name = g_strconcat (id ? id : "figure", g_variant_get_string (extension, NULL), NULL);

  (void) action;
  gtk_file_chooser_set_current_name (GTK_FILE_CHOOSER (dialog), name);
  g_signal_connect (dialog, "response", G_CALLBACK (on_chosen), g_object_ref (self));
  gtk_native_dialog_set_modal (GTK_NATIVE_DIALOG (dialog), TRUE);
  gtk_native_dialog_show (GTK_NATIVE_DIALOG (dialog));
}

static void
act_table (GtkWidget *widget, const char *action, GVariant *unused)
{
  (void) action;
  (void) unused;
  assay_chart_table_show (GTK_WINDOW (gtk_widget_get_root (widget)), ASSAY_CHART (widget)->figure);
}

static void
on_selected (AssayChartDrawing *drawing, guint series, guint64 datum, AssayChart *self)
{
  (void) drawing;
  g_signal_emit (self, signals[SELECTED], 0, series, datum);
}

static void
assay_chart_finalize (GObject *object)
{
  g_clear_pointer (&ASSAY_CHART (object)->figure, assay_figure_unref);
  g_free (ASSAY_CHART (object)->command);
  G_OBJECT_CLASS (assay_chart_parent_class)->finalize (object);
}

static void
assay_chart_class_init (AssayChartClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = assay_chart_finalize;
  g_type_ensure (ASSAY_TYPE_CHART_DRAWING);
  signals[SELECTED] = g_signal_new ("selected", ASSAY_TYPE_CHART, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 2, G_TYPE_UINT, G_TYPE_UINT64);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/chart.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayChart, title);
  gtk_widget_class_bind_template_child (widget_class, AssayChart, drawing);
  gtk_widget_class_install_action (widget_class, "chart.save", "s", act_save);
  gtk_widget_class_install_action (widget_class, "chart.table", NULL, act_table);
  gtk_widget_class_install_action (widget_class, "chart.copy-command", NULL, act_copy_command);
}

static void
assay_chart_init (AssayChart *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (self->drawing, "selected", G_CALLBACK (on_selected), self);
  assay_chart_set_command (self, NULL);
}
