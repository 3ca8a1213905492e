/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_examples.c: the data of the case: filtered, sorted, and one example in full. */
#include "gui/data_table.h"
#include "gui/empty_state.h"
#include "gui/example_detail.h"
#include "gui/page.h"

#include "base/text.h"
#include "dataset/cell_value.h"
#include "job/example_answers.h"
#include "job/spec.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <string.h>

#define ASSAY_TYPE_EXAMPLES_PAGE (assay_examples_page_get_type ())
G_DECLARE_FINAL_TYPE (AssayExamplesPage, assay_examples_page, ASSAY, EXAMPLES_PAGE, AssayPage)

#define MAX_EXPORTED 100000
#define WRONG "model_right < 1"

struct _AssayExamplesPage {
  AssayPage parent_instance;
  GtkStack *stack;
  AssayEmptyState *empty;
  GtkLabel *failure, *count, *fault, *range;
  GtkEntry *filter;
  GtkListBox *columns;
  GtkWidget *pager;
  GtkToggleButton *wrong;
  GtkDropDown *data;
  AssayDataTable *table;
  AssayExampleDetail *detail;
  AssayExampleIndex *index;
  GCancellable *loading, *ordering;
  gboolean is_quiet;
};

G_DEFINE_FINAL_TYPE (AssayExamplesPage, assay_examples_page, ASSAY_TYPE_PAGE)

/* --- what is shown ------------------------------------------------------------------------------------------------- */

static void
show_count (AssayExamplesPage *self, const AssayRowOrder *order)
{
  gint64 all = assay_table_get_n_rows (self->index->table), kept = order->n;
  g_autofree char *of = assay_view_count (all), *some = assay_view_count (kept), *unknown = assay_view_count (order->n_unknown);
  g_autofree char *text = kept == all ? g_strdup_printf (_("%s rows"), of)
                          : order->n_unknown > 0 ? g_strdup_printf (_("%s of %s rows; for %s the filter is unknown"), some, of, unknown)
                          : g_strdup_printf (_("%s of %s rows"), some, of);

  gtk_label_set_text (self->count, text);
}

static void
show_range (AssayExamplesPage *self)
{
  AssayLazyModel *model = assay_data_table_get_model (self->table);
  gint64 total = assay_lazy_model_get_total (model), first = assay_lazy_model_get_first (model), limit = assay_lazy_model_get_limit (model);
  g_autofree char *from = assay_view_count (first + 1), *to = assay_view_count (MIN (first + limit, total)), *of = assay_view_count (total);
  g_autofree char *text = g_strdup_printf (_("rows %s to %s of %s"), from, to, of);

  gtk_widget_set_visible (self->pager, total > limit);
  gtk_label_set_text (self->range, text);
}

static void
show_selected (AssayExamplesPage *self)
{
  const char *reference = assay_session_get (assay_page_get_session (ASSAY_PAGE (self)), ASSAY_SELECTED_EXAMPLE);
  gint64 row = self->index && reference ? assay_example_index_find (self->index, reference) : -1;

  if (self->index == NULL)
    return;
  if (row != assay_data_table_get_selected (self->table))
    assay_data_table_select (self->table, row);
  assay_example_detail_show (self->detail, self->index, row);
}

/* --- what the model makes of them ---------------------------------------------------------------------------------- */

static gboolean
has_answers (AssayExamplesPage *self)
{
  return assay_table_peek_column (self->index->table, "model_loss") != NULL;
}

static void
show_wrong (AssayExamplesPage *self)
{
  self->is_quiet = TRUE;
  gtk_toggle_button_set_active (self->wrong, strcmp (gtk_editable_get_text (GTK_EDITABLE (self->filter)), WRONG) == 0);
  self->is_quiet = FALSE;
  gtk_widget_set_visible (GTK_WIDGET (self->wrong), assay_table_peek_column (self->index->table, "model_right") != NULL);
}

static void
on_wrong (AssayExamplesPage *self)
{
  if (!self->is_quiet)
    gtk_editable_set_text (GTK_EDITABLE (self->filter), gtk_toggle_button_get_active (self->wrong) ? WRONG : "");
}

/* --- filter and sort ----------------------------------------------------------------------------------------------- */

typedef struct {
  AssayExampleIndex *index;
  char *filter;                 /* NULL: all rows */
  const AssayColumn *column;
  gboolean descending;
} Ordering;

static void
ordering_free (gpointer data)
{
  Ordering *ordering = data;

  assay_example_index_unref (ordering->index);
  g_free (ordering->filter);
  g_free (ordering);
}

static void
make_order (GTask *task, gpointer source, gpointer data, GCancellable *cancellable)
{
  const Ordering *ordering = data;
  GError *fault = NULL;
  AssayRowOrder *order = assay_row_order_new (ordering->index->table, ordering->filter, ordering->column, ordering->descending, cancellable, &fault);

  (void) source;
  if (order != NULL)
    g_task_return_pointer (task, order, (GDestroyNotify) assay_row_order_free);
  else
    g_task_return_error (task, fault);
}

static void
show_filter_fault (AssayExamplesPage *self, const char *text)
{
  g_autofree char *visible = assay_text_escape (text ? text : "", FALSE);

  gtk_label_set_text (self->fault, visible);
  gtk_widget_set_visible (GTK_WIDGET (self->fault), text != NULL);
  if (text != NULL)
    gtk_widget_add_css_class (GTK_WIDGET (self->filter), "error");
  else
    gtk_widget_remove_css_class (GTK_WIDGET (self->filter), "error");
}

static void
on_ordered (GObject *source, GAsyncResult *result, gpointer data)
{
  AssayExamplesPage *self = ASSAY_EXAMPLES_PAGE (source);
  g_autoptr (GError) fault = NULL;
  AssayRowOrder *order = g_task_propagate_pointer (G_TASK (result), &fault);

  (void) data;
  if (g_error_matches (fault, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;
  show_filter_fault (self, fault ? fault->message : NULL);
  if (order == NULL)
    return;
  show_count (self, order);
  assay_data_table_take_order (self->table, order);
  show_range (self);
}

/* An expression that cannot be read leaves the rows as they are, and says why. */
static void
order_rows (AssayExamplesPage *self)
{
  g_autoptr (GTask) task = NULL;
  const char *text = gtk_editable_get_text (GTK_EDITABLE (self->filter));
  Ordering *ordering;

  if (self->index == NULL || self->is_quiet)
    return;
  show_wrong (self);
  ordering = g_new0 (Ordering, 1);
  ordering->index = assay_example_index_ref (self->index);
  ordering->filter = strspn (text, " \t") < strlen (text) ? g_strdup (text) : NULL;
  ordering->column = assay_data_table_get_sort (self->table, &ordering->descending);
  task = g_task_new (self, assay_page_renew (&self->ordering), on_ordered, NULL);
  g_task_set_task_data (task, ordering, ordering_free);
  g_task_run_in_thread (task, make_order);
}

/* --- columns ------------------------------------------------------------------------------------------------------- */

static void
on_column_toggled (GtkCheckButton *button, AssayExamplesPage *self)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  (void) button;
  if (self->is_quiet)
    return;
  for (int k = 0; gtk_list_box_get_row_at_index (self->columns, k) != NULL; k++)
    {
      GtkWidget *check = gtk_list_box_row_get_child (gtk_list_box_get_row_at_index (self->columns, k));

      if (gtk_check_button_get_active (GTK_CHECK_BUTTON (check)))
        g_ptr_array_add (names, assay_table_get_column (self->index->table, (guint) k)->name);
    }
  g_ptr_array_add (names, NULL);
  assay_data_table_set_columns (self->table, (const char *const *) names->pdata);
  order_rows (self);
}

static void
fill_columns (AssayExamplesPage *self)
{
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (self->columns, 0)) != NULL)
    gtk_list_box_remove (self->columns, GTK_WIDGET (row));
  for (guint k = 0; k < assay_table_get_n_columns (self->index->table); k++)
    {
      const AssayColumn *column = assay_table_get_column (self->index->table, k);
      g_autofree char *name = assay_text_escape (column->name, FALSE);
      GtkWidget *check = gtk_check_button_new_with_label (name), *line = gtk_list_box_row_new ();

      gtk_check_button_set_active (GTK_CHECK_BUTTON (check), assay_data_table_shows_column (self->table, column->name));
      g_signal_connect (check, "toggled", G_CALLBACK (on_column_toggled), self);
      gtk_list_box_row_set_child (GTK_LIST_BOX_ROW (line), check);
      gtk_list_box_row_set_activatable (GTK_LIST_BOX_ROW (line), FALSE);
      gtk_list_box_append (self->columns, line);
    }
}

/* By a column that these data have. */
static void
suggest_filter (AssayExamplesPage *self)
{
  for (guint k = 0; k < assay_table_get_n_columns (self->index->table); k++)
    {
      const AssayColumn *column = assay_table_get_column (self->index->table, k);
      g_autofree char *name = assay_text_escape (column->name, FALSE), *text = g_strdup_printf (_("Filter, as in  %s > 0.5"), name);

      if (column->type == ASSAY_COLUMN_NUMBER)
        {
          gtk_entry_set_placeholder_text (self->filter, text);
          return;
        }
    }
  gtk_entry_set_placeholder_text (self->filter, _("Filter the rows"));
}

/* --- the case ------------------------------------------------------------------------------------------------------ */

static void
on_loaded (GObject *source, GAsyncResult *result, gpointer data)
{
  AssayExamplesPage *self = data;
  g_autoptr (GError) fault = NULL;
  g_autoptr (AssayExampleIndex) index = assay_case_examples_finish (ASSAY_CASE_EXAMPLES (source), result, &fault);

  if (g_error_matches (fault, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      g_object_unref (self);
      return;
    }
  if (index == NULL)
    {
      g_autofree char *visible = assay_text_escape (fault->message, FALSE);

      gtk_label_set_text (self->failure, visible);
      gtk_stack_set_visible_child_name (self->stack, "failed");
    }
  else if (index != self->index)
    {
      g_clear_pointer (&self->index, assay_example_index_unref);
      self->index = g_steal_pointer (&index);
      self->is_quiet = TRUE;
      assay_data_table_set_index (self->table, self->index);
      fill_columns (self);
      suggest_filter (self);
      self->is_quiet = FALSE;
      gtk_stack_set_visible_child_name (self->stack, "table");
      order_rows (self);
      show_selected (self);
    }
  g_object_unref (self);
}

/* Name of the data that is to be shown; NULL: those of the model, or the newest. */
static const char *
chosen_data (AssayExamplesPage *self)
{
  GObject *item = gtk_drop_down_get_selected_item (self->data);

  return item && gtk_drop_down_get_selected (self->data) > 0 ? gtk_string_object_get_string (GTK_STRING_OBJECT (item)) : NULL;
}

static void
load (AssayExamplesPage *self)
{
  AssayCaseExamples *examples = assay_page_get_examples (ASSAY_PAGE (self));

  if (examples != NULL && !self->is_quiet)
    assay_case_examples_ask (examples, chosen_data (self), "", assay_page_renew (&self->loading), on_loaded, g_object_ref (self));
}

/* The first entry is "what the model was trained on"; it is left out where there is one table only. */
static void
fill_data (AssayExamplesPage *self, AssayCaseContents *contents)
{
  g_autoptr (GtkStringList) names = gtk_string_list_new ((const char *[]) { _("Data of the model"), NULL });
  g_autofree char *before = g_strdup (chosen_data (self));
  guint selected = 0;

  for (guint k = 0; k < contents->objects->len; k++)
    {
      const AssayObject *object = contents->objects->pdata[k];

      if (strcmp (object->kind, "data") != 0)
        continue;
      gtk_string_list_append (names, object->name);
      if (g_strcmp0 (object->name, before) == 0)
        selected = g_list_model_get_n_items (G_LIST_MODEL (names)) - 1;
    }
  self->is_quiet = TRUE;
  gtk_drop_down_set_model (self->data, G_LIST_MODEL (names));
  gtk_drop_down_set_selected (self->data, selected);
  self->is_quiet = FALSE;
  gtk_widget_set_visible (GTK_WIDGET (self->data), g_list_model_get_n_items (G_LIST_MODEL (names)) > 2);
}

static void
show_case (AssayPage *page)
{
  AssayExamplesPage *self = ASSAY_EXAMPLES_PAGE (page);
  AssayCaseContents *contents = assay_page_get_contents (page);
  g_autofree char *quoted = assay_job_quote_word (contents->path), *command = g_strdup_printf ("assay import %s data FILE.csv", quoted);

  if (assay_case_contents_count (contents, "data") == 0)
    {
      assay_empty_state_set_command (self->empty, command);
      gtk_stack_set_visible_child_name (self->stack, "empty");
      return;
    }
  fill_data (self, contents);
  if (self->index == NULL)
    gtk_stack_set_visible_child_name (self->stack, "loading");
  load (self);
}

static void
follow (AssayPage *page)
{
  show_selected (ASSAY_EXAMPLES_PAGE (page));
}

static void
on_selected (AssayDataTable *table, gint64 row, AssayExamplesPage *self)
{
  g_autofree char *reference = assay_example_index_dup_reference (self->index, row);

  (void) table;
  if (reference != NULL)
    assay_session_select (assay_page_get_session (ASSAY_PAGE (self)), ASSAY_SELECTED_EXAMPLE, reference);
  else
    assay_example_detail_show (self->detail, self->index, row);
}

static void
turn_page (AssayExamplesPage *self, int pages)
{
  AssayLazyModel *model = assay_data_table_get_model (self->table);
  gint64 place = assay_lazy_model_get_first (model) + pages * (gint64) assay_lazy_model_get_limit (model);

  if (place >= 0 && place < assay_lazy_model_get_total (model))
    assay_data_table_show_place (self->table, place);
  show_range (self);
}

static void
on_page_back (AssayExamplesPage *self)
{
  turn_page (self, -1);
}

static void
on_page_forward (AssayExamplesPage *self)
{
  turn_page (self, 1);
}

static void
search (GtkWidget *widget, const char *name, GVariant *unused)
{
  (void) name;
  (void) unused;
  gtk_widget_grab_focus (GTK_WIDGET (ASSAY_EXAMPLES_PAGE (widget)->filter));
}

/* --- the same elsewhere -------------------------------------------------------------------------------------------- */

static char *
dup_command (AssayPage *page)
{
  AssayExamplesPage *self = ASSAY_EXAMPLES_PAGE (page);
  gboolean descending = FALSE;
  const AssayColumn *column = self->index ? assay_data_table_get_sort (self->table, &descending) : NULL;
  const char *filter = gtk_editable_get_text (GTK_EDITABLE (self->filter));
  g_autofree char *quoted = assay_job_quote_word (assay_page_get_contents (page)->path);
  GString *command = g_string_new ("assay examples ");

  g_string_append (command, quoted);
  if (chosen_data (self) != NULL)
    {
      g_autofree char *name = assay_job_quote_word (chosen_data (self));

      g_string_append_printf (command, " --data %s", name);
    }
  if (self->index != NULL && has_answers (self))
    g_string_append (command, " --answers");
  if (filter[0] != '\0')
    {
      g_autofree char *text = assay_job_quote_word (filter);

      g_string_append_printf (command, " --filter %s", text);
    }
  if (column != NULL)
    {
      g_autofree char *name = assay_job_quote_word (column->name);

      g_string_append_printf (command, " --sort %s%s", name, descending ? " --descending" : "");
    }
  return g_string_free (command, FALSE);
}

static char *
dup_object (AssayPage *page)
{
  const AssayExampleIndex *index = ASSAY_EXAMPLES_PAGE (page)->index;

  return index ? g_strconcat ("data/", index->data->name, NULL) : NULL;
}

static json_t *
make_table (AssayPage *page)
{
  AssayExamplesPage *self = ASSAY_EXAMPLES_PAGE (page);
  AssayLazyModel *model = assay_data_table_get_model (self->table);
  json_t *columns, *rows;
  guint n;

  if (self->index == NULL)
    return NULL;
  assay_lazy_model_show_all (model);
  n = MIN (g_list_model_get_n_items (G_LIST_MODEL (model)), MAX_EXPORTED);
  columns = json_pack ("[s]", "example");
  rows = json_array ();
  for (guint c = 0; c < assay_table_get_n_columns (self->index->table); c++)
    json_array_append_new (columns, json_string (assay_table_get_column (self->index->table, c)->name));
  for (guint k = 0; k < n; k++)
    {
      gint64 row = assay_lazy_model_get_row (model, k);
      g_autofree char *reference = assay_example_index_dup_reference (self->index, row);
      json_t *cells = json_pack ("[s?]", reference);

      for (guint c = 0; c < assay_table_get_n_columns (self->index->table); c++)
        json_array_append_new (cells, assay_cell_to_json (assay_table_get_column (self->index->table, c), row));
      json_array_append_new (rows, cells);
    }
  return json_pack ("{s:o, s:o}", "columns", columns, "rows", rows);
}

/* --- the object ---------------------------------------------------------------------------------------------------- */

static void
assay_examples_page_dispose (GObject *object)
{
  AssayExamplesPage *self = ASSAY_EXAMPLES_PAGE (object);

  if (self->loading != NULL)
    g_cancellable_cancel (self->loading);
  if (self->ordering != NULL)
    g_cancellable_cancel (self->ordering);
  g_clear_object (&self->loading);
  g_clear_object (&self->ordering);
  g_clear_pointer (&self->index, assay_example_index_unref);
  G_OBJECT_CLASS (assay_examples_page_parent_class)->dispose (object);
}

static void
assay_examples_page_class_init (AssayExamplesPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  AssayPageClass *page_class = ASSAY_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_examples_page_dispose;
  page_class->show_case = show_case;
  page_class->follow = follow;
  page_class->dup_command = dup_command;
  page_class->dup_object = dup_object;
  page_class->make_table = make_table;
  g_type_ensure (ASSAY_TYPE_DATA_TABLE);
  g_type_ensure (ASSAY_TYPE_EMPTY_STATE);
  g_type_ensure (ASSAY_TYPE_EXAMPLE_DETAIL);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/page_examples.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayExamplesPage, stack);
  gtk_widget_class_bind_template_child (widget_class, AssayExamplesPage, empty);
  gtk_widget_class_bind_template_child (widget_class, AssayExamplesPage, failure);
  gtk_widget_class_bind_template_child (widget_class, AssayExamplesPage, count);
  gtk_widget_class_bind_template_child (widget_class, AssayExamplesPage, fault);
  gtk_widget_class_bind_template_child (widget_class, AssayExamplesPage, range);
  gtk_widget_class_bind_template_child (widget_class, AssayExamplesPage, filter);
  gtk_widget_class_bind_template_child (widget_class, AssayExamplesPage, columns);
  gtk_widget_class_bind_template_child (widget_class, AssayExamplesPage, pager);
  gtk_widget_class_bind_template_child (widget_class, AssayExamplesPage, wrong);
  gtk_widget_class_bind_template_child (widget_class, AssayExamplesPage, data);
  gtk_widget_class_bind_template_child (widget_class, AssayExamplesPage, table);
  gtk_widget_class_bind_template_child (widget_class, AssayExamplesPage, detail);
  gtk_widget_class_bind_template_callback (widget_class, order_rows);
  gtk_widget_class_bind_template_callback (widget_class, on_wrong);
  gtk_widget_class_bind_template_callback (widget_class, load);
  gtk_widget_class_bind_template_callback (widget_class, on_page_back);
  gtk_widget_class_bind_template_callback (widget_class, on_page_forward);
  gtk_widget_class_install_action (widget_class, "page.search", NULL, search);
}

static void
assay_examples_page_init (AssayExamplesPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  g_signal_connect (self->table, "selected", G_CALLBACK (on_selected), self);
  g_signal_connect_swapped (self->table, "sort-changed", G_CALLBACK (order_rows), self);
}

ASSAY_PAGE_DEFINE (examples) = {
  .name = "examples", .title = N_("Examples"), .icon = "assay-examples-symbolic",
  .purpose = N_("The data: filter, sort, and look at one example in full"),
  .get_type = assay_examples_page_get_type,
  .results_of = (const char *const []) { "examples", NULL },
};
