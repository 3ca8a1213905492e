/* SPDX-License-Identifier: GPL-3.0-or-later */
/* page_units.c: what single neurons respond to, what they write, and what the model loses without them. */
#include "gui/empty_state.h"
#include "gui/growing_list.h"
#include "gui/page.h"
#include "gui/proposal.h"
#include "gui/table_cell.h"
#include "gui/unit_detail.h"
#include "gui/units_answer.h"

#include "base/json.h"
#include "base/text.h"
#include "job/spec.h"
#include "job/view.h"

#include <glib/gi18n.h>
#include <math.h>
#include <string.h>

#define ASSAY_TYPE_UNITS_PAGE (assay_units_page_get_type ())
G_DECLARE_FINAL_TYPE (AssayUnitsPage, assay_units_page, ASSAY, UNITS_PAGE, AssayPage)

struct _AssayUnitsPage {
  AssayPage parent_instance;
  GtkStack *stack;
  AssayEmptyState *empty;
  AdwStatusPage *failed;
  GtkDropDown *taps;
  GtkLabel *count;
  GtkColumnView *table;
  AssayUnitDetail *detail;
  GtkStringList *rows;          /* numbers of units, as text: what the table shows */
  GtkSortListModel *sorted;
  GtkSliceListModel *shown;     /* what the table knows of it yet */
  GtkSingleSelection *selection;
  GPtrArray *objects;           /* strings: names of the objects behind the taps */
  AssayUnitsAnswer *answer;     /* of the tap in front, or NULL */
  char *wanted;                 /* unit that is to be selected when its tap is there: "12" */
  char *command;                /* of the page in front */
  GCancellable *listing, *reading;
  gboolean is_quiet;
};

G_DEFINE_FINAL_TYPE (AssayUnitsPage, assay_units_page, ASSAY_TYPE_PAGE)

/* --- the table ------------------------------------------------------------------------------------------------------- */

typedef enum { COLUMN_UNIT, COLUMN_DENSITY, COLUMN_MEAN, COLUMN_MOST, COLUMN_LOSS, COLUMN_CONTROL, N_COLUMNS } Column;

static const struct { const char *title, *why; } columns[N_COLUMNS] = {
  { N_("unit"), N_("Number of the unit in its tap") },
  { N_("density"), N_("Share of rows with an activation other than 0") },
  { N_("mean"), N_("Mean activation") },
  { N_("largest"), N_("Largest activation") },
  { N_("loss without"), N_("Change of the mean loss in nats when the unit is replaced by its mean; - where it was not ablated") },
  { N_("control"), N_("The same for random other units of the tap, in the mean") },
};

static double
value_of (const AssayUnitsAnswer *answer, gint64 unit, Column column)
{
  const AssayUnits *units = answer->tap->units;
  const AssayUnit *u = &units->unit[unit];
  const AssayUnitAblated *ablated = answer->tap->ablations ? assay_unit_ablations_find (answer->tap->ablations, unit) : NULL;

  switch (column)
    {
    case COLUMN_UNIT: return (double) unit;
    case COLUMN_DENSITY: return u->s.n > 0 ? (double) u->s.nonzero / (double) u->s.n : NAN;
    case COLUMN_MEAN: return u->s.mean;
    case COLUMN_MOST: return u->s.most;
    case COLUMN_LOSS: return ablated ? ablated->loss.value : NAN;
    case COLUMN_CONTROL: return ablated ? ablated->control_loss.value : NAN;
    default: return NAN;
    }
}

static gint64
unit_of (gpointer item)
{
  return g_ascii_strtoll (gtk_string_object_get_string (item), NULL, 10);
}

static void
setup_cell (GtkListItemFactory *factory, GtkListItem *item, gpointer unused)
{
  (void) factory;
  (void) unused;
  gtk_list_item_set_child (item, assay_table_cell_new (TRUE, TRUE));
}

static void
bind_cell (GtkListItemFactory *factory, GtkListItem *item, gpointer data)
{
  AssayUnitsPage *self = data;
  Column column = GPOINTER_TO_INT (g_object_get_data (G_OBJECT (factory), "column"));
  gint64 unit = unit_of (gtk_list_item_get_item (item));
  g_autofree char *text = NULL;

  if (self->answer == NULL || unit >= self->answer->tap->units->C)
    return;
  text = column == COLUMN_UNIT ? g_strdup_printf ("%" G_GINT64_FORMAT "%s", unit, assay_unit_is_dead (&self->answer->tap->units->unit[unit]) ? _(" dead") : "")
                               : assay_view_number (value_of (self->answer, unit, column), 3);
  assay_table_cell_set_text (gtk_list_item_get_child (item), text);
}

static int
compare_rows (gconstpointer a, gconstpointer b, gpointer data)
{
  GtkColumnViewColumn *column = data;
  AssayUnitsPage *self = g_object_get_data (G_OBJECT (column), "page");
  Column which = GPOINTER_TO_INT (g_object_get_data (G_OBJECT (column), "column"));
  double x, y;

  if (self->answer == NULL)
    return 0;
  x = value_of (self->answer, unit_of ((gpointer) a), which);
  y = value_of (self->answer, unit_of ((gpointer) b), which);
  if (isnan (x) || isnan (y))                                     /* what is not known comes last */
    return (isnan (x) != 0) - (isnan (y) != 0);
  return x < y ? -1 : x > y;
}

static void
add_column (AssayUnitsPage *self, Column which)
{
  GtkListItemFactory *factory = gtk_signal_list_item_factory_new ();
  GtkColumnViewColumn *column = gtk_column_view_column_new (_(columns[which].title), factory);
  g_autoptr (GtkSorter) sorter = GTK_SORTER (gtk_custom_sorter_new (compare_rows, column, NULL));

  g_object_set_data (G_OBJECT (factory), "column", GINT_TO_POINTER (which));
  g_object_set_data (G_OBJECT (column), "column", GINT_TO_POINTER (which));
  g_object_set_data (G_OBJECT (column), "page", self);
  g_signal_connect (factory, "setup", G_CALLBACK (setup_cell), NULL);
  g_signal_connect (factory, "bind", G_CALLBACK (bind_cell), self);
  gtk_column_view_column_set_sorter (column, sorter);
  gtk_column_view_column_set_resizable (column, TRUE);
  gtk_column_view_column_set_expand (column, TRUE);
  g_object_set_data (G_OBJECT (column), ASSAY_TABLE_NUMBERS, column);
  gtk_column_view_append_column (self->table, column);
  g_object_unref (column);
}

/* --- one unit -------------------------------------------------------------------------------------------------------- */

static const char *
front_tap (AssayUnitsPage *self)
{
  return self->answer ? self->answer->tap->units->tap : NULL;
}

static void
page_read (GObject *reader, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayUnitsPage) self = data;
  g_autoptr (GError) error = NULL;
  json_t *answer = assay_case_reader_finish (ASSAY_CASE_READER (reader), result, &error);

  if (answer != NULL)
    {
      assay_unit_detail_show (self->detail, answer);
      g_free (self->command);
      self->command = g_strdup (assay_json_get_text (answer, "command"));
      json_decref (answer);
    }
  else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    assay_page_tell (ASSAY_PAGE (self), "%s", error->message);
}

static void
show_unit (AssayUnitsPage *self, gint64 unit)
{
  assay_case_reader_ask (assay_page_get_reader (ASSAY_PAGE (self)), assay_unit_page_read, assay_unit_question_new (front_tap (self), unit),
                         (GDestroyNotify) assay_unit_question_free, (GDestroyNotify) json_decref, assay_page_renew (&self->reading), page_read,
                         g_object_ref (self));
}

static void
selected (AssayUnitsPage *self)
{
  gpointer item = gtk_single_selection_get_selected_item (self->selection);
  g_autofree char *reference = NULL;

  if (item == NULL || self->answer == NULL || self->is_quiet)
    return;
  reference = g_strdup_printf ("%s/%s", front_tap (self), gtk_string_object_get_string (item));
  assay_session_select (assay_page_get_session (ASSAY_PAGE (self)), ASSAY_SELECTED_UNIT, reference);
  show_unit (self, unit_of (item));
}

/* Selects the unit in the table and shows it. */
static void
select_unit (AssayUnitsPage *self, const char *unit)
{
  guint n = g_list_model_get_n_items (G_LIST_MODEL (self->sorted)), position = 0;

  for (guint k = 0; unit != NULL && k < n; k++)
    {
      g_autoptr (GtkStringObject) item = g_list_model_get_item (G_LIST_MODEL (self->sorted), k);

      if (strcmp (gtk_string_object_get_string (item), unit) == 0)
        position = k;
    }
  self->is_quiet = TRUE;
  if (position >= g_list_model_get_n_items (G_LIST_MODEL (self->shown)))
    assay_growing_list_show_all (self->shown);
  gtk_single_selection_set_selected (self->selection, position);
  self->is_quiet = FALSE;
  if (n > 0)
    show_unit (self, unit_of (gtk_single_selection_get_selected_item (self->selection)));
}

/* --- the taps -------------------------------------------------------------------------------------------------------- */

static void
tap_read (GObject *reader, GAsyncResult *result, gpointer data)
{
  g_autoptr (AssayUnitsPage) self = data;
  g_autoptr (GError) error = NULL;
  AssayUnitsAnswer *answer = assay_case_reader_finish (ASSAY_CASE_READER (reader), result, &error);
  g_autoptr (GPtrArray) numbers = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *count = NULL, *words = NULL;

  if (answer == NULL)
    {
      if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        return;
      words = assay_text_escape (error->message, FALSE);
      adw_status_page_set_description (self->failed, words);
      gtk_stack_set_visible_child_name (self->stack, "failed");
      return;
    }
  self->is_quiet = TRUE;
  assay_growing_list_restart (self->shown);
  gtk_string_list_splice (self->rows, 0, g_list_model_get_n_items (G_LIST_MODEL (self->rows)), NULL);
  assay_units_answer_free (self->answer);
  self->answer = answer;
  for (guint k = 0; k < answer->order->len; k++)
    g_ptr_array_add (numbers, g_strdup_printf ("%" G_GINT64_FORMAT, g_array_index (answer->order, gint64, k)));
  g_ptr_array_add (numbers, NULL);
  gtk_string_list_splice (self->rows, 0, 0, (const char *const *) numbers->pdata);
  self->is_quiet = FALSE;
  count = assay_view_count (answer->tap->units->C);
  words = g_strdup_printf (_("%s units"), count);
  gtk_label_set_text (self->count, words);
  gtk_stack_set_visible_child_name (self->stack, "units");
  select_unit (self, self->wanted);
  g_clear_pointer (&self->wanted, g_free);
}

static void
read_tap (AssayUnitsPage *self)
{
  guint k = gtk_drop_down_get_selected (self->taps);

  if (k < self->objects->len)
    assay_case_reader_ask (assay_page_get_reader (ASSAY_PAGE (self)), assay_units_answer_read, g_strdup (self->objects->pdata[k]), g_free,
                           (GDestroyNotify) assay_units_answer_free, assay_page_renew (&self->listing), tap_read, g_object_ref (self));
}

static void
tap_chosen (AssayUnitsPage *self)
{
  if (!self->is_quiet)
    read_tap (self);
}

/* "h.0.mlp.act" of "dose/edited/h.0.mlp.act". */
static const char *
tap_of (const char *object)
{
  const char *slash = strrchr (object, '/');

  return slash ? slash + 1 : object;
}

static void
show_case (AssayPage *page)
{
  AssayUnitsPage *self = ASSAY_UNITS_PAGE (page);
  const AssayCaseContents *contents = assay_page_get_contents (page);
  g_autoptr (GtkStringList) names = gtk_string_list_new (NULL);
  guint before = gtk_drop_down_get_selected (self->taps);
  g_autofree char *command = NULL;

  g_ptr_array_set_size (self->objects, 0);
  for (guint k = 0; k < contents->objects->len; k++)
    {
      const AssayObject *object = contents->objects->pdata[k];
      g_autofree char *visible = NULL;

      if (strcmp (object->kind, "units") != 0)
        continue;
      visible = assay_text_escape (tap_of (object->name), FALSE);
      g_ptr_array_add (self->objects, g_strdup (object->name));
      gtk_string_list_append (names, visible);
    }
  if (self->objects->len == 0)
    {
      command = assay_proposal_for ("units", contents);
      assay_empty_state_set_command (self->empty, command);
      gtk_stack_set_visible_child_name (self->stack, "empty");
      return;
    }
  self->is_quiet = TRUE;
  gtk_drop_down_set_model (self->taps, G_LIST_MODEL (names));
  gtk_drop_down_set_selected (self->taps, before < self->objects->len ? before : 0);
  self->is_quiet = FALSE;
  read_tap (self);
}

/* "h.0.mlp.act/12" */
static void
follow (AssayPage *page)
{
  AssayUnitsPage *self = ASSAY_UNITS_PAGE (page);
  const char *reference = assay_session_get (assay_page_get_session (page), ASSAY_SELECTED_UNIT), *slash = reference ? strrchr (reference, '/') : NULL;
  g_autofree char *tap = slash ? g_strndup (reference, (gsize) (slash - reference)) : NULL;

  for (guint k = 0; tap != NULL && k < self->objects->len; k++)
    {
      if (strcmp (tap_of (self->objects->pdata[k]), tap) != 0)
        continue;
      if (g_strcmp0 (front_tap (self), tap) == 0)
        {
          select_unit (self, slash + 1);
          return;
        }
      g_free (self->wanted);
      self->wanted = g_strdup (slash + 1);
      if (gtk_drop_down_get_selected (self->taps) == k)
        read_tap (self);
      else
        gtk_drop_down_set_selected (self->taps, k);
      return;
    }
}

static char *
dup_command (AssayPage *page)
{
  return g_strdup (ASSAY_UNITS_PAGE (page)->command);
}

static char *
dup_object (AssayPage *page)
{
  AssayUnitsPage *self = ASSAY_UNITS_PAGE (page);
  guint tap = gtk_drop_down_get_selected (self->taps);

  return tap < self->objects->len ? g_strconcat ("units/", self->objects->pdata[tap], NULL) : NULL;
}

static json_t *
make_table (AssayPage *page)
{
  AssayUnitsPage *self = ASSAY_UNITS_PAGE (page);
  json_t *heads = json_array (), *rows = json_array ();

  for (guint c = 0; c < N_COLUMNS; c++)
    json_array_append_new (heads, json_string (columns[c].title));
  for (gint64 u = 0; self->answer != NULL && u < self->answer->tap->units->C; u++)
    {
      json_t *row = json_pack ("[I]", (json_int_t) u);

      for (guint c = COLUMN_DENSITY; c < N_COLUMNS; c++)
        json_array_append_new (row, assay_json_number (value_of (self->answer, u, c)));
      json_array_append_new (rows, row);
    }
  return json_pack ("{s:o, s:o}", "columns", heads, "rows", rows);
}

/* --- the page -------------------------------------------------------------------------------------------------------- */

static void
assay_units_page_dispose (GObject *object)
{
  AssayUnitsPage *self = ASSAY_UNITS_PAGE (object);

  g_cancellable_cancel (self->listing);
  g_cancellable_cancel (self->reading);
  g_clear_object (&self->listing);
  g_clear_object (&self->reading);
  G_OBJECT_CLASS (assay_units_page_parent_class)->dispose (object);
}

static void
assay_units_page_finalize (GObject *object)
{
  AssayUnitsPage *self = ASSAY_UNITS_PAGE (object);

  assay_units_answer_free (self->answer);
  g_ptr_array_unref (self->objects);
  g_free (self->wanted);
  g_free (self->command);
  G_OBJECT_CLASS (assay_units_page_parent_class)->finalize (object);
}

static void
assay_units_page_class_init (AssayUnitsPageClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  AssayPageClass *page_class = ASSAY_PAGE_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = assay_units_page_dispose;
  G_OBJECT_CLASS (klass)->finalize = assay_units_page_finalize;
  page_class->show_case = show_case;
  page_class->follow = follow;
  page_class->dup_command = dup_command;
  page_class->dup_object = dup_object;
  page_class->make_table = make_table;
  g_type_ensure (ASSAY_TYPE_EMPTY_STATE);
  g_type_ensure (ASSAY_TYPE_UNIT_DETAIL);
  gtk_widget_class_set_template_from_resource (widget_class, "/org/assay/Workbench/page_units.ui");
  gtk_widget_class_bind_template_child (widget_class, AssayUnitsPage, stack);
  gtk_widget_class_bind_template_child (widget_class, AssayUnitsPage, empty);
  gtk_widget_class_bind_template_child (widget_class, AssayUnitsPage, failed);
  gtk_widget_class_bind_template_child (widget_class, AssayUnitsPage, taps);
  gtk_widget_class_bind_template_child (widget_class, AssayUnitsPage, count);
  gtk_widget_class_bind_template_child (widget_class, AssayUnitsPage, table);
  gtk_widget_class_bind_template_child (widget_class, AssayUnitsPage, detail);
}

static void
assay_units_page_init (AssayUnitsPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->objects = g_ptr_array_new_with_free_func (g_free);
  self->rows = gtk_string_list_new (NULL);
  for (guint c = 0; c < N_COLUMNS; c++)
    add_column (self, c);
  assay_table_align_titles (self->table);
  self->sorted = gtk_sort_list_model_new (G_LIST_MODEL (self->rows), g_object_ref (gtk_column_view_get_sorter (self->table)));
  self->shown = assay_growing_list_new (G_LIST_MODEL (self->sorted));
  self->selection = gtk_single_selection_new (G_LIST_MODEL (self->shown));
  gtk_single_selection_set_autoselect (self->selection, FALSE);
  gtk_column_view_set_model (self->table, GTK_SELECTION_MODEL (self->selection));
  g_object_unref (self->selection);
  g_signal_connect_object (self->selection, "notify::selected", G_CALLBACK (selected), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->taps, "notify::selected", G_CALLBACK (tap_chosen), self, G_CONNECT_SWAPPED);
}

ASSAY_PAGE_DEFINE (units) = {
  .name = "units", .title = N_("Units"), .icon = "assay-units-symbolic",
  .purpose = N_("What single neurons respond to, and what they write"),
  .get_type = assay_units_page_get_type,
  .results_of = (const char *const []) { "record", "units", NULL },
};
