/* SPDX-License-Identifier: GPL-3.0-or-later */
/* param_form.c: rows that follow what has been chosen. */
#include "gui/param_form.h"

#include "gui/gradually.h"

#include <glib/gi18n.h>
#include <string.h>

#define FEW 5                   /* a part of so many rows is open from the start where a choice brought it in */

struct _AssayParamForm {
  AdwBin parent_instance;
  AssayJobForm *form;
  AssayParamOffer offer;
  gpointer data;
  GtkBox *box;
  GtkWidget *own;               /* AdwPreferencesGroup of the kind's own parameters */
  GtkWidget *more;              /* AdwPreferencesGroup of the parts, or NULL */
  GPtrArray *rows;              /* AssayParamRow, borrowed; the first rows_of_own stay as long as the kind does; others: on_expanded */
  GPtrArray *expanders;         /* AdwExpanderRow, borrowed, by the part after the kind's own */
  guint rows_of_own;
  AssayParamRow *path;          /* the case, or NULL */
  char *signature;              /* of the parts shown */
  GQueue pending;               /* Pending: rows that are made in the frames that follow */
  guint making;                 /* the source that makes them */
  char *said;                   /* by the program, about one of the values; NULL: nothing */
};

G_DEFINE_FINAL_TYPE (AssayParamForm, assay_param_form, ADW_TYPE_BIN)

enum { CHANGED, N_SIGNALS };
static guint signals[N_SIGNALS];

/* The directory that comes before the parameters of most kinds. */
static const AssayParam case_param = { "case", ASSAY_PARAM_STRING, .metavar = "DIR", .flags = ASSAY_PARAM_FILE | ASSAY_PARAM_POSITIONAL,
                                       .help = "the directory of the case" };

/* A row that is to be made, and the AdwExpanderRow that it comes into; NULL: among the kind's own. */
typedef struct { const AssayParam *param; AdwExpanderRow *expander; } Pending;

static void rebuild_parts (AssayParamForm *self);
static void show_said (AssayParamForm *self);

/* A kind may have no parameter of its own. */
static gboolean
has_own (const GPtrArray *parts)
{
  return parts->len > 0 && ((const AssayJobFormPart *) parts->pdata[0])->title == NULL;
}

/* --- following what is typed --------------------------------------------------------------------------------------- */

static void
check_row (AssayParamForm *self, AssayParamRow *row)
{
  g_autofree char *fault = row == self->path ? NULL : assay_job_form_check (self->form, assay_param_row_get_param (row));

  assay_param_row_set_fault (row, fault);
}

static void
count_given (AssayParamForm *self)
{
  g_autoptr (GPtrArray) parts = assay_job_form_list_parts (self->form);
  guint first = has_own (parts) ? 1 : 0;

  for (guint k = 0; k < self->expanders->len; k++)
    {
      const AssayJobFormPart *part = parts->pdata[first + k];
      g_autofree char *words = NULL;
      guint n = 0;

      for (guint i = 0; i < part->params->len; i++)
        n += assay_job_form_get_texts (self->form, ((const AssayParam *) part->params->pdata[i])->name) != NULL;
      words = n > 0 ? g_strdup_printf (g_dngettext (NULL, "%u changed", "%u changed", n), n) : NULL;
      adw_expander_row_set_subtitle (self->expanders->pdata[k], words ? words : "");
    }
}

static void
on_row_changed (AssayParamRow *row, AssayParamForm *self)
{
  g_auto (GStrv) texts = assay_param_row_dup_texts (row);

  if (row == self->path)
    assay_job_form_set_case (self->form, texts ? texts[0] : NULL);
  else
    assay_job_form_set_texts (self->form, assay_param_row_get_param (row)->name, (const char *const *) texts);
  check_row (self, row);
  rebuild_parts (self);
  count_given (self);
  g_signal_emit (self, signals[CHANGED], 0);
}

/* --- rows ---------------------------------------------------------------------------------------------------------- */

/* Only what can be chosen from has a menu. */
static gboolean
has_offer (AssayParamForm *self, const AssayParam *p)
{
  const AssayJobSection *s = assay_job_form_get_kind (self->form)->get_sections ? assay_job_form_get_kind (self->form)->get_sections () : NULL;

  for (; s != NULL && s->params != NULL; s++)
    if (g_strcmp0 (s->chooser, p->name) == 0)
      return TRUE;
  return p->names != NULL;
}

static AssayParamRow *
make_row (AssayParamForm *self, const AssayParam *p)
{
  AssayParamRow *row = ASSAY_PARAM_ROW (assay_param_row_new (p, has_offer (self, p) ? self->offer : NULL, self->data));

  g_signal_connect (row, "changed", G_CALLBACK (on_row_changed), self);
  return row;
}

static AssayParamRow *
add_param (AssayParamForm *self, const AssayParam *p)
{
  AssayParamRow *row = make_row (self, p);

  assay_param_row_set_texts (row, assay_job_form_get_texts (self->form, p->name));
  check_row (self, row);
  return row;
}

/* A long form takes longer than a frame may. */
static gboolean
make_next (gpointer data)
{
  AssayParamForm *self = data;
  g_autofree Pending *next = g_queue_pop_head (&self->pending);
  AssayParamRow *row;

  if (next == NULL)
    {
      show_said (self);
      return !g_queue_is_empty (&self->pending);        /* where it opened a part */
    }
  row = add_param (self, next->param);
  if (next->expander != NULL)
    {
      adw_expander_row_add_row (next->expander, GTK_WIDGET (row));
      g_ptr_array_add (self->rows, row);
      return TRUE;
    }
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self->own), GTK_WIDGET (row));
  g_ptr_array_insert (self->rows, (int) self->rows_of_own++, row);
  return TRUE;
}

static void
make_later (AssayParamForm *self, const AssayParam *p, AdwExpanderRow *expander)
{
  Pending *pending = g_new (Pending, 1);

  *pending = (Pending) { p, expander };
  g_queue_push_tail (&self->pending, pending);
  if (self->making == 0)
    assay_gradually_begin (&self->making, TRUE, make_next, self);
}

/* Of the parts, which are made anew: not of the kind's own. */
static void
forget_pending_parts (AssayParamForm *self)
{
  for (GList *link = self->pending.head, *next; link != NULL; link = next)
    {
      next = link->next;
      if (((Pending *) link->data)->expander == NULL)
        continue;
      g_free (link->data);
      g_queue_delete_link (&self->pending, link);
    }
}

static void
build_own (AssayParamForm *self, const AssayJobFormPart *part)
{
  self->own = adw_preferences_group_new ();
  if (assay_job_form_takes_case (self->form))
    {
      const char *texts[] = { assay_job_form_get_case (self->form), NULL };

      self->path = make_row (self, &case_param);
      assay_param_row_set_texts (self->path, texts);
      adw_preferences_group_add (ADW_PREFERENCES_GROUP (self->own), GTK_WIDGET (self->path));
    }
  for (guint k = 0; part != NULL && k < part->params->len; k++)
    make_later (self, part->params->pdata[k], NULL);
  gtk_box_append (self->box, self->own);
}

static GPtrArray *
part_params (gpointer expander)
{
  return g_object_get_data (expander, "params");
}

/* Makes the rows of a part when it is opened first: a long form is there at once. */
static void
on_expanded (AdwExpanderRow *expander, GParamSpec *unused, AssayParamForm *self)
{
  (void) unused;
  if (!adw_expander_row_get_expanded (expander) || g_object_get_data (G_OBJECT (expander), "is-filled") != NULL)
    return;
  g_object_set_data (G_OBJECT (expander), "is-filled", self);
  for (guint k = 0; k < part_params (expander)->len; k++)
    make_later (self, part_params (expander)->pdata[k], expander);
}

static void
add_part (AssayParamForm *self, const AssayJobFormPart *part)
{
  GtkWidget *expander = adw_expander_row_new ();
  g_autofree char *title = assay_job_form_sentence (part->title);
  gboolean is_open = part->chooser != NULL && part->params->len <= FEW;

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (expander), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (expander), title);
  for (guint k = 0; k < part->params->len; k++)
    is_open |= assay_job_form_get_texts (self->form, ((const AssayParam *) part->params->pdata[k])->name) != NULL
               || ((const AssayParam *) part->params->pdata[k])->flags & ASSAY_PARAM_REQUIRED;
  g_object_set_data_full (G_OBJECT (expander), "params", g_ptr_array_ref (part->params), (GDestroyNotify) g_ptr_array_unref);
  g_signal_connect (expander, "notify::expanded", G_CALLBACK (on_expanded), self);
  adw_expander_row_set_expanded (ADW_EXPANDER_ROW (expander), is_open);
  adw_preferences_group_add (ADW_PREFERENCES_GROUP (self->more), expander);
  g_ptr_array_add (self->expanders, expander);
}

/* Names the parts by their tables: which are shown hangs on the values of some parameters. */
static char *
sign_parts (const GPtrArray *parts)
{
  GString *signature = g_string_new (NULL);

  for (guint k = 0; k < parts->len; k++)
    g_string_append_printf (signature, "%p %p\n", ((const AssayJobFormPart *) parts->pdata[k])->params->pdata[0], ((const AssayJobFormPart *) parts->pdata[k])->title);
  return g_string_free (signature, FALSE);
}

static void
rebuild_parts (AssayParamForm *self)
{
  g_autoptr (GPtrArray) parts = assay_job_form_list_parts (self->form);
  g_autofree char *signature = sign_parts (parts);

  if (g_strcmp0 (signature, self->signature) == 0)
    return;
  g_free (self->signature);
  self->signature = g_steal_pointer (&signature);
  forget_pending_parts (self);
  g_ptr_array_set_size (self->rows, (int) self->rows_of_own);
  g_ptr_array_set_size (self->expanders, 0);
  if (self->more != NULL)
    gtk_box_remove (self->box, self->more);
  self->more = adw_preferences_group_new ();
  for (guint k = has_own (parts) ? 1 : 0; k < parts->len; k++)
    add_part (self, parts->pdata[k]);
  gtk_box_append (self->box, self->more);
}

/* --- the object ---------------------------------------------------------------------------------------------------- */

static void
forget_rows (AssayParamForm *self)
{
  if (self->own != NULL)
    gtk_box_remove (self->box, self->own);
  if (self->more != NULL)
    gtk_box_remove (self->box, self->more);
  self->own = self->more = NULL;
  self->path = NULL;
  self->rows_of_own = 0;
  assay_gradually_stop (&self->making);
  g_queue_clear_full (&self->pending, g_free);
  g_clear_pointer (&self->said, g_free);
  g_ptr_array_set_size (self->rows, 0);
  g_ptr_array_set_size (self->expanders, 0);
  g_clear_pointer (&self->signature, g_free);
}

void
assay_param_form_take (AssayParamForm *self, AssayJobForm *form)
{
  gboolean is_same_kind = self->form != NULL && assay_job_form_get_kind (self->form) == assay_job_form_get_kind (form);
  const char *path[] = { assay_job_form_get_case (form), NULL };

  assay_job_form_free (self->form);
  self->form = form;
  if (!is_same_kind)
    {
      g_autoptr (GPtrArray) parts = assay_job_form_list_parts (form);

      forget_rows (self);
      build_own (self, has_own (parts) ? parts->pdata[0] : NULL);
    }
  rebuild_parts (self);
  if (self->path != NULL)
    assay_param_row_set_texts (self->path, path[0] ? path : NULL);
  for (guint k = 0; k < self->rows->len; k++)
    {
      assay_param_row_set_texts (self->rows->pdata[k], assay_job_form_get_texts (form, assay_param_row_get_param (self->rows->pdata[k])->name));
      check_row (self, self->rows->pdata[k]);
    }
  count_given (self);
}

AssayJobForm *
assay_param_form_get (AssayParamForm *self)
{
  return self->form;
}

void
assay_param_form_set_offer (AssayParamForm *self, AssayParamOffer offer, gpointer data)
{
  self->offer = offer;
  self->data = data;
}

static AssayParamRow *
find_row (AssayParamForm *self, const char *name)
{
  for (guint k = 0; k < self->rows->len; k++)
    if (strcmp (assay_param_row_get_param (self->rows->pdata[k])->name, name) == 0)
      return self->rows->pdata[k];
  return NULL;
}

/* Opens the part that has the parameter. */
static void
open_part (AssayParamForm *self, const char *name)
{
  for (guint k = 0; k < self->expanders->len; k++)
    for (guint i = 0; i < part_params (self->expanders->pdata[k])->len; i++)
      if (strcmp (((const AssayParam *) part_params (self->expanders->pdata[k])->pdata[i])->name, name) == 0)
        adw_expander_row_set_expanded (self->expanders->pdata[k], TRUE);
}

/* The row may be one of those that are still being made: then it is shown after the last. */
static void
show_said (AssayParamForm *self)
{
  const char *said = NULL, *subject = self->said && self->form ? assay_job_form_find_subject (self->form, self->said, &said) : NULL;
  AssayParamRow *row;

  if (subject == NULL)
    return;
  open_part (self, subject);
  row = subject[0] == '\0' ? self->path : find_row (self, subject);
  if (row != NULL)
    assay_param_row_set_fault (row, said);
}

void
assay_param_form_say (AssayParamForm *self, const char *message)
{
  g_free (self->said);
  self->said = g_strdup (message);
  for (guint k = 0; k < self->rows->len; k++)
    check_row (self, self->rows->pdata[k]);
  if (self->path != NULL)
    check_row (self, self->path);
  show_said (self);
}

static void
assay_param_form_dispose (GObject *object)
{
  assay_gradually_stop (&ASSAY_PARAM_FORM (object)->making);
  G_OBJECT_CLASS (assay_param_form_parent_class)->dispose (object);
}

static void
assay_param_form_finalize (GObject *object)
{
  AssayParamForm *self = ASSAY_PARAM_FORM (object);

  assay_job_form_free (self->form);
  g_queue_clear_full (&self->pending, g_free);
  g_free (self->said);
  g_ptr_array_unref (self->rows);
  g_ptr_array_unref (self->expanders);
  g_free (self->signature);
  G_OBJECT_CLASS (assay_param_form_parent_class)->finalize (object);
}

static void
assay_param_form_class_init (AssayParamFormClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = assay_param_form_dispose;
  G_OBJECT_CLASS (klass)->finalize = assay_param_form_finalize;
  signals[CHANGED] = g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
assay_param_form_init (AssayParamForm *self)
{
  self->rows = g_ptr_array_new ();
  self->expanders = g_ptr_array_new ();
  self->box = GTK_BOX (gtk_box_new (GTK_ORIENTATION_VERTICAL, 18));
  adw_bin_set_child (ADW_BIN (self), GTK_WIDGET (self->box));
}
